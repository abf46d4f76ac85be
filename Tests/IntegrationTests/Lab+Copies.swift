import Foundation
import SyncModel

/// What makes a server forget: for tests of exactly that.
extension Lab {
    private func folders(_ side: Side, withLog: Bool) -> [String] {
        guard side == .miniorange else { return ["\(self["LAB_DIR"])/ad"] }
        return (["data"] + (withLog ? ["log"] : [])).map { "\(self["LAB_DIR"])/ldap/\($0)" }
    }

    /// Keeps a copy of a server's databases as they are now; the server is away meanwhile.
    func keepCopy(_ side: Side) async throws {
        try await copy(folders(side, withLog: true), side, from: "", to: ".kept")
    }

    /// Restores the copy. `withLog`: of OpenLDAP's access log, too, which has a database of its own.
    func restoreCopy(_ side: Side, withLog: Bool = true) async throws {
        try await copy(folders(side, withLog: withLog), side, from: ".kept", to: "")
    }

    private func copy(_ folders: [String], _ side: Side, from: String, to: String) async throws {
        try await server(.stop, side)
        for folder in folders {
            let script = "rm -rf '\(folder)\(to)' && cp -a '\(folder)\(from)' '\(folder)\(to)'"
            try await Program.succeed(["/bin/bash", "-c", script])
        }
        try await server(.start, side)
    }
}
