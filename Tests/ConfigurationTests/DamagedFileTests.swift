import Configuration
import Foundation
import Testing

/// Whatever a file holds, it is read or refused, and the process goes on.
@Suite struct DamagedFileTests {
    /// The same numbers on every run (Knuth's MMIX generator).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
    }

    private func read(_ bytes: [UInt8], in workspace: Workspace) throws {
        let file = try workspace.write("syncline.yaml", Data(bytes))
        do throws(ConfigurationErrors) {
            _ = try Configuration.load(path: file, credentialsDirectory: nil)
        } catch {
            #expect(!error.errors.isEmpty)
        }
    }

    @Test func aFileCutAnywhereIsReadOrRefused() throws {
        let workspace = try Workspace()
        let bytes = Array(Workspace.sound.utf8)
        for count in stride(from: 0, through: bytes.count, by: 3) {
            try read(Array(bytes.prefix(count)), in: workspace)
        }
    }

    @Test("Changed octets are read or refused", arguments: 0..<8)
    func changedOctets(_ seed: UInt64) throws {
        let workspace = try Workspace()
        let sound = Array(Workspace.sound.utf8)
        let signs = Array("{}[]:,&*!|>'\"%@`#-? \n\t\\\0=()".utf8) + [0x80, 0xC3, 0xFF]
        var numbers = Numbers(state: seed &* 0x9E37_79B9_7F4A_7C15)
        for _ in 0..<100 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...6, using: &numbers) {
                let place = Int.random(in: bytes.indices, using: &numbers)
                switch Int.random(in: 0..<3, using: &numbers) {
                case 0: bytes[place] = signs.randomElement(using: &numbers) ?? 0
                case 1: bytes.insert(signs.randomElement(using: &numbers) ?? 0, at: place)
                default: bytes.removeSubrange(place..<min(place + 5, bytes.count))
                }
            }
            try read(bytes, in: workspace)
        }
    }

    @Test("Deep nesting is refused", arguments: ["[", "{a: ", "- ", "? "])
    func deepNesting(_ opening: String) throws {
        try read(Array(String(repeating: opening, count: 20_000).utf8), in: Workspace())
    }
}
