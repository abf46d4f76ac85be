import Configuration
import Foundation
import SyncModel
import Testing

@testable import SyncService

/// Initial passwords on their way to whoever hands them on.
struct PasswordHandOverTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "handover-\(UUID().uuidString)").path

    private func make() throws -> (handOver: PasswordHandOver, file: String, key: String) {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(folder)/key", "-out", "\(folder)/crt",
            "-days", "9",
            "-subj", "/CN=provisioning",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let settings = AccountSettings.HandOver(certificateFile: "\(folder)/crt", file: "\(folder)/passwords")
        return (try PasswordHandOver(settings), "\(folder)/passwords", "\(folder)/key")
    }

    private func password(_ number: Int) throws -> InitialPassword {
        InitialPassword(
            side: .ad,
            name: try DistinguishedName(parsing: "CN=Person \(number),DC=test"),
            account: "person\(number)",
            password: Array("secret-\(number)".utf8)
        )
    }

    @Test func `Each is sealed in a file of its owner alone, in the order of their making`() async throws {
        let (handOver, file, key) = try make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for number in 0..<3 { try handOver.keep(password(number)) }
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(!text.contains("secret") && !text.contains("person"))
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let opened = try InitialPasswordsCommand.messages(text).map { try self.opened($0, key) }
        #expect(opened.map(\.account) == ["person0", "person1", "person2"])
        #expect(opened.map(\.password) == ["secret-0", "secret-1", "secret-2"])
        #expect(opened.allSatisfy { $0.side == "ad" && $0.entry.hasPrefix("CN=Person ") && $0.time.hasSuffix("Z") })
    }

    /// With the tool that everyone has.
    private func opened(_ message: String, _ key: String) throws -> HandedPassword {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = ["cms", "-decrypt", "-inform", "pem", "-inkey", key]
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        input.fileHandleForWriting.write(Data(message.utf8))
        try input.fileHandleForWriting.close()
        let data = try #require(try output.fileHandleForReading.readToEnd())
        process.waitUntilExit()
        return try JSONDecoder().decode(HandedPassword.self, from: data)
    }

    @Test func `Many at once never mix`() async throws {
        let (handOver, file, _) = try make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 { group.addTask { try handOver.keep(password(number)) } }
            try await group.waitForAll()
        }
        #expect(InitialPasswordsCommand.messages(try String(contentsOfFile: file, encoding: .utf8)).count == 40)
    }

    @Test func `A file that others may read, and a place that can't be written, are refused with what to do`() throws {
        let (handOver, file, _) = try make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = FileManager.default.createFile(atPath: file, contents: nil, attributes: [.posixPermissions: 0o644])
        let error = #expect(throws: PasswordHandOverError.self) { try handOver.keep(password(1)) }
        #expect(error?.description.contains("chmod 600") == true)
        let settings = AccountSettings.HandOver(certificateFile: "\(folder)/crt", file: "\(folder)/nowhere/passwords")
        let nowhere = try PasswordHandOver(settings)
        #expect(throws: PasswordHandOverError.self) { try nowhere.keep(password(1)) }
        #expect(throws: PasswordHandOverError.self) {
            try PasswordHandOver(AccountSettings.HandOver(certificateFile: "\(folder)/key", file: file))
        }
    }

    @Test func `The command says what it opened, and what not`() throws {
        let (handOver, file, key) = try make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func run(_ file: String, _ key: String) -> Int32 {
            InitialPasswordsCommand(configurationPath: "/nowhere", file: file, keyFile: key, json: true).run()
        }
        #expect(run(file, key) == 0)
        try handOver.keep(password(1))
        #expect(run(file, key) == 0)
        #expect(run(file, "\(folder)/crt") == 2)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try (text + "-----BEGIN CMS-----\nMIIB\n-----END CMS-----\n").write(
            toFile: file,
            atomically: true,
            encoding: .utf8
        )
        #expect(run(file, key) == 1)
    }
}
