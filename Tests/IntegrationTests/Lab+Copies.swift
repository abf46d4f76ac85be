import Foundation
import SyncModel

/// What makes a server forget, or hide: for tests of exactly that.
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

    /// Takes the sync account's sight of a part of the LDAP side away, or gives it back.
    func hide(_ dn: String, _ isHidden: Bool) async throws {
        let socket = "\(self["LAB_DIR"])/ldap/ldapi".replacingOccurrences(of: "/", with: "%2F")
        let rule = "{0}to dn.children=\"\(dn)\" by dn.exact=\"\(self["LDAP_SYNC_DN"])\" none by * break"
        let change = isHidden ? "add: olcAccess\nolcAccess: \(rule)" : "delete: olcAccess\nolcAccess: {0}"
        try await Program.succeed(
            ["/usr/bin/env", "ldapmodify", "-Q", "-Y", "EXTERNAL", "-H", "ldapi://\(socket)"],
            input: "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\n\(change)\n"
        )
    }
}
