import Foundation
import SyncModel
import Testing

/// Whoever hands first passwords on: a key, its certificate, and the file to which Syncline seals them.
struct HandOver {
    struct Password: Decodable { var side, entry, account, password: String }

    private let folder: String

    static func make() async throws -> HandOver {
        let folder = NSTemporaryDirectory() + "handover-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await Program.succeed([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=provisioning",
            "-keyout", "\(folder)/provisioning.key", "-out", "\(folder)/provisioning.crt",
        ])
        return HandOver(folder: folder)
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    var file: String { "\(folder)/passwords" }

    /// A key of `accounts`.
    var settings: String { "handOver: {certificateFile: \"\(folder)/provisioning.crt\", file: \"\(file)\"}" }

    /// All that were sealed, in that order.
    func passwords(_ daemon: Daemon) async throws -> [Password] {
        let answer = try await daemon.tool("initial-passwords", "--key", "\(folder)/provisioning.key", "--json")
        #expect(answer.status == 0, "\(answer.errors)")
        return try JSONDecoder().decode([Password].self, from: Data(answer.output.utf8))
    }
}
