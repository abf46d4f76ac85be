import Foundation
import SyncModel

/// What makes a server forget: for tests of exactly that.
extension Lab {
    private func folders(_ side: Side) -> [String] {
        side == .ad ? ["\(self["LAB_DIR"])/ad"] : ["\(self["LAB_DIR"])/ldap/data", "\(self["LAB_DIR"])/ldap/log"]
    }

    /// Keeps a copy of a server's databases as they are now; the server is away meanwhile.
    func keepCopy(_ side: Side) async throws { try await copy(side, from: "", to: ".kept") }

    /// Restores the copy.
    func restoreCopy(_ side: Side) async throws { try await copy(side, from: ".kept", to: "") }

    private func copy(_ side: Side, from: String, to: String) async throws {
        try await server(.stop, side)
        for folder in folders(side) {
            let script = "rm -rf '\(folder)\(to)' && cp -a '\(folder)\(from)' '\(folder)\(to)'"
            try await Program.succeed(["/bin/bash", "-c", script])
        }
        try await server(.start, side)
    }
}
