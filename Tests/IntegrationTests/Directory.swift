import Foundation
import SyncModel
import Testing

/// One of the two servers as other people's programs see it: with OpenLDAP's own tools, over TLS.
struct Directory: Sendable {
    let side: Side
    let uri: String
    let account: String
    let passwordFile: String
    let caFile: String
    /// Where a test's people are.
    let base: String

    private func words(_ tool: String) -> [String] {
        ["/usr/bin/env", "LDAPTLS_CACERT=\(caFile)", tool, "-x", "-H", uri, "-D", account, "-y", passwordFile]
    }

    /// Every entry below the base that the filter takes; the base itself not.
    func search(
        _ filter: String = "(objectClass=*)",
        base: String? = nil,
        scope: String = "sub",
        attributes: [String] = ["*", "+"]
    ) async throws -> [Entry] {
        let paged = ["-E", "pr=500/noprompt"]
        let request = ["-LLL", "-o", "ldif-wrap=no", "-s", scope, "-b", base ?? self.base, filter] + attributes
        let answer = try await Program.run(words("ldapsearch") + paged + request)
        if answer.status == 32 { return [] }
        guard answer.status == 0 else { throw ProgramFailure(words: "ldapsearch: \(answer.status) \(answer.errors)") }
        let own = (base ?? self.base).lowercased()
        return LDIF.entries(answer.output).filter { scope == "base" || $0.dn.lowercased() != own }
    }

    func entry(_ dn: String) async throws -> Entry? { try await search(base: dn, scope: "base").first }

    /// The person with this account name; more than one is a failure.
    func person(_ name: String) async throws -> Entry? {
        let attribute = side == .ad ? "sAMAccountName" : "uid"
        let found = try await search("(\(attribute)=\(Self.filterValue(name)))")
        #expect(found.count < 2, "\(name) stands twice on \(side.name)")
        return found.first
    }

    func people() async throws -> [Entry] {
        try await search(side == .ad ? "(&(objectClass=user)(!(objectClass=computer)))" : "(objectClass=inetOrgPerson)")
    }

    /// Carries out all changes on one connection, in order; the first that is refused is thrown.
    ///
    /// - Parameter managesReferrals: referral entries are changed themselves (RFC 3296 section 3).
    func apply(_ changes: [DirectoryChange], managesReferrals: Bool = false) async throws {
        let options = managesReferrals ? ["-M"] : []
        try await Program.succeed(words("ldapmodify") + options, input: changes.map(\.ldif).joined())
    }

    func apply(_ changes: DirectoryChange...) async throws { try await apply(changes) }

    /// As `apply`, but goes on after a refusal.
    func applyWhatIsTaken(_ changes: [DirectoryChange]) async throws {
        _ = try await Program.run(words("ldapmodify") + ["-c"], input: changes.map(\.ldif).joined())
    }

    func set(_ dn: String, _ name: String, _ values: Octets...) async throws {
        try await apply(.replace(dn, name, values))
    }

    /// What a simple bind says: nothing where it succeeds, else the server's words.
    func signIn(_ name: String, _ password: String) async throws -> String {
        let words = ["/usr/bin/env", "LDAPTLS_CACERT=\(caFile)", "ldapsearch", "-x", "-H", uri, "-D", name, "-y"]
        let file = FileManager.default.temporaryDirectory.appending(path: "password-\(UUID().uuidString)").path
        try password.write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let answer = try await Program.run(words + [file, "-s", "base", "-b", "", "1.1"])
        return answer.status == 0 ? "" : answer.errors
    }

    func addContainer(_ name: String, under parent: String? = nil) async throws {
        try await apply(
            .add(
                "ou=\(escaped(name)),\(parent ?? base)",
                [("objectClass", ["organizationalUnit"]), ("ou", [Octets(name)])]
            )
        )
    }

    /// An add of a person as this side's admins do it.
    func newPerson(
        _ name: String,
        cn: String? = nil,
        under parent: String? = nil,
        _ attributes: [(String, [Octets])] = []
    ) -> DirectoryChange {
        let place = parent ?? base
        let common = cn ?? name
        switch side {
        case .ad:
            return .add(
                "CN=\(escaped(common)),\(place)",
                [("objectClass", ["user"]), ("sAMAccountName", [Octets(name)]), ("userAccountControl", ["514"])]
                    + attributes
            )
        case .miniorange:
            let surname: [(String, [Octets])] = attributes.contains { $0.0 == "sn" } ? [] : [("sn", [Octets(common)])]
            return .add(
                "uid=\(escaped(name)),\(place)",
                [("objectClass", ["inetOrgPerson"]), ("uid", [Octets(name)]), ("cn", [Octets(common)])] + surname
                    + attributes
            )
        }
    }

    /// An add of a group as this side's admins do it.
    func newGroup(
        _ name: String,
        members: [String] = [],
        classes: [Octets] = ["groupOfNames"],
        attribute: String = "member",
        _ attributes: [(String, [Octets])] = []
    ) -> DirectoryChange {
        let held: [(String, [Octets])] = members.isEmpty ? [] : [(attribute, members.map { Octets($0) })]
        let own: [(String, [Octets])] =
            side == .ad
            ? [("objectClass", ["group"]), ("sAMAccountName", [Octets(name)])]
            : [("objectClass", classes), ("cn", [Octets(name)])]
        return .add(group(name), own + held + attributes)
    }

    /// The DN of a group directly below the base.
    func group(_ name: String) -> String { "\(side == .ad ? "CN" : "cn")=\(escaped(name)),\(base)" }

    /// The DN of a person directly below the base, as `newPerson` names them.
    func dn(_ name: String) -> String { "\(side == .ad ? "CN" : "uid")=\(escaped(name)),\(base)" }

    /// The values of the RDNs that a group's members have, in lower case; nil where there is no such group.
    func members(_ name: String, attribute: String = "member") async throws -> Set<String>? {
        guard let entry = try await entry(group(name)) else { return nil }
        return Set(entry[attribute].map { Self.leaf($0.lossyText).lowercased() })
    }

    /// The value of a DN's first RDN; of other text, that itself.
    static func leaf(_ text: String) -> String {
        (try? DistinguishedName(parsing: text))?.leaf?.value.lossyText ?? text
    }

    /// RFC 4515 §3.
    private static func filterValue(_ text: String) -> String {
        text.utf8.map { byte in
            byte < 0x80 && !"*()\\".utf8.contains(byte) && byte != 0
                ? String(UnicodeScalar(byte)) : "\\" + String(format: "%02x", byte)
        }.joined()
    }
}

extension Octets {
    /// A password as AD's unicodePwd takes it: quoted, in UTF-16 ([MS-ADTS] 3.1.1.3.1.5).
    static func unicodePassword(_ text: String) -> Octets {
        Octets("\"\(text)\"".utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
    }
}
