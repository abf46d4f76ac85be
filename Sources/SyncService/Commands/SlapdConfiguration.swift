import Configuration
import LDAPClient
import Mapping
import SyncModel

/// What an OpenLDAP server shows of its cn=config.
struct SlapdConfiguration: Sendable {
    struct Database: Sendable {
        var name: DistinguishedName
        var suffixes: [DistinguishedName]
        /// Lower-cased attribute names with the kinds of index that are kept.
        var indexes: [String: Set<String>]
        var overlays: [(type: String, entry: LDAPEntry)]
    }

    var databases: [Database]

    /// Nil where the account may not see it, or the server has none.
    static func read(over server: ServerFacts) async throws(LDAPError) -> SlapdConfiguration? {
        guard let context = server.configContext else { return nil }
        let request = SearchRequest(
            base: context,
            scope: .subtree,
            filter: "(|(objectClass=olcDatabaseConfig)(objectClass=olcOverlayConfig))",
            attributes: [
                "olcDatabase", "olcSuffix", "olcDbIndex", "olcOverlay", "olcPPolicyDefault",
                "olcAccessLogDB",
                "olcAccessLogOps", "olcAccessLogOld", "olcRefintAttribute", "olcMemberOfMemberAD",
                "olcMemberOfMemberOfAD",
            ]
        )
        do throws(LDAPError) {
            let configuration = SlapdConfiguration(
                entries: try await server.connection.search(request).entries
            )
            return configuration.databases.contains { !$0.suffixes.isEmpty } ? configuration : nil
        } catch {
            guard error.serverResult != nil else { throw error }
            return nil
        }
    }

    init(entries: [LDAPEntry]) {
        databases = []
        for entry in entries where entry["olcDatabase"] != nil {
            guard let name = try? DistinguishedName(parsing: entry.dn) else { continue }
            let overlays = entries.compactMap { overlay -> (String, LDAPEntry)? in
                guard let type = overlay.text("olcOverlay"),
                    let own = try? DistinguishedName(parsing: overlay.dn),
                    own.parent?.normalized == name.normalized
                else { return nil }
                return (Self.withoutNumber(type).lowercased(), overlay)
            }
            databases.append(
                Database(
                    name: name,
                    suffixes: (entry["olcSuffix"] ?? []).compactMap { try? DistinguishedName(parsing: $0) },
                    indexes: Self.indexes((entry["olcDbIndex"] ?? []).compactMap(\.text)),
                    overlays: overlays
                )
            )
        }
    }

    /// The database that holds a name.
    func database(of name: DistinguishedName) -> Database? {
        func length(_ database: Database) -> Int {
            database.suffixes.filter { name.isEqualOrDescendant(of: $0) }.map(\.rdns.count).max() ?? -1
        }
        return databases.filter { length($0) >= 0 }.max { length($0) < length($1) }
    }

    func overlay(_ type: String, of name: DistinguishedName) -> LDAPEntry? {
        database(of: name)?.overlays.first { $0.type == type }?.entry
    }

    /// `{3}syncprov` → `syncprov`.
    private static func withoutNumber(_ text: String) -> String {
        guard text.hasPrefix("{"), let end = text.firstIndex(of: "}") else { return text }
        return String(text[text.index(after: end)...])
    }

    /// Values such as `uid,cn eq,sub`; the kinds may be left to a `default`.
    static func indexes(_ values: [String]) -> [String: Set<String>] {
        var indexes: [String: Set<String>] = [:]
        var usual: Set<String> = ["eq"]
        for value in values {
            let words = withoutNumber(value).split(separator: " ").map(String.init)
            guard let names = words.first else { continue }
            let kinds = words.count > 1 ? Set(words[1].split(separator: ",").map(String.init)) : usual
            for name in names.split(separator: ",") {
                if name == "default" {
                    usual = kinds
                } else {
                    indexes[name.lowercased(), default: []].formUnion(kinds)
                }
            }
        }
        return indexes
    }
}

/// What cn=config means for Syncline.
struct SlapdJudgement {
    let wiring: Wiring
    let server: ServerFacts
    let schema: DirectorySchema?

    func judge(_ configuration: SlapdConfiguration?) -> [Finding] {
        var findings = Findings(.miniorange)
        let base = wiring.configuration.miniorange.base
        guard let configuration, let database = configuration.database(of: base) else {
            if wiring.configuration.miniorange.kind == .openldap {
                findings.warning(
                    "cn=config",
                    "the account may not read it: overlays and indexes could not be looked at",
                    remedy: "conf/openldap/grant --config-read, or ask the server's admin for them"
                )
            }
            return findings.all
        }
        judgeOverlays(Set(database.overlays.map(\.type)), database, &findings)
        for check in MembershipCheck.all(wiring.mappings)
        // What nobody may write was said by the schema already.
        where schema?.attribute(check.membership.form.attribute)?.isReadOnly != true {
            check.judge(database, &findings)
        }
        judgeIndexes(database, &findings)
        return findings.all
    }

    private func judgeOverlays(
        _ overlays: Set<String>,
        _ database: SlapdConfiguration.Database,
        _ findings: inout Findings
    ) {
        func missing(_ overlay: String, _ consequence: String) {
            findings.warning(
                "overlays",
                "\(overlay) is not loaded: \(consequence)",
                remedy: "add olcOverlay=\(overlay) to \(database.name)"
            )
        }
        if !overlays.contains("syncprov") {
            missing("syncprov", "changes are found by comparing the whole directory only")
        }
        if !overlays.contains("accesslog") {
            findings.ok(
                "overlays",
                "no accesslog: who changed what, and the values before, are not known"
            )
        }
        let rules = wiring.mappings.flatMap(\.specification.attributes)
        let references = rules.filter { $0.type == .reference }.map { $0.miniorange.lowercased() }
        if !references.isEmpty, !overlays.contains("refint") {
            missing("refint", "references keep naming entries that were renamed or deleted")
        }
        let refint = database.overlays.first { $0.type == "refint" }?.entry["olcRefintAttribute"] ?? []
        let covered = Set(refint.map { $0.lossyText.lowercased() })
        let uncovered = Set(references).subtracting(covered).sorted()
        if !covered.isEmpty, !uncovered.isEmpty {
            findings.warning(
                "overlays",
                "refint does not cover \(uncovered.joined(separator: ", ")): they keep naming entries that were renamed or deleted",
                remedy: uncovered.map { "olcRefintAttribute: \($0)" }.joined(separator: ", ")
            )
        }
        let isLocking = rules.contains {
            ["pwdaccountlockedtime", "pwdreset"].contains(CaseFolding.lowercaseName($0.miniorange))
        }
        if isLocking, !overlays.contains("ppolicy") {
            missing("ppolicy", "pwdAccountLockedTime bars nobody")
        }
        if wiring.mappings.contains(where: { $0.specification.kind == .group }),
            !overlays.contains("memberof")
        {
            missing("memberof", "entries do not show their groups")
        }
        findings.ok(
            "overlays",
            "loaded: \(overlays.isEmpty ? "none" : overlays.sorted().joined(separator: ", "))"
        )
    }

    private func judgeIndexes(_ database: SlapdConfiguration.Database, _ findings: inout Findings) {
        var wanted = ["objectClass", "entryUUID", "entryCSN"]
        // The groups of an entry that comes into scope are searched for by its name.
        let members = MembershipCheck.all(wiring.mappings).map(\.membership.form).filter(\.isMaintainedByServer)
            .map(\.attribute)
        for name in members where !wanted.contains(name) { wanted.append(name) }
        for mapping in wiring.mappings where mapping.specification.hasEntries(on: .miniorange) {
            let object = mapping.specification
            let references = object.attributes.filter { $0.type == .reference }.map(\.miniorange)
            for name in object.match.map(\.miniorange) + [object.scopes.miniorange.rdn] + references
            where !wanted.contains(where: { $0.lowercased() == name.lowercased() }) {
                wanted.append(name)
            }
        }
        let needed = wanted.filter { database.indexes[$0.lowercased()]?.contains("eq") != true }
        let essential = needed.filter {
            (["objectclass", "entryuuid", "entrycsn"] + members).contains($0.lowercased())
        }
        if needed.isEmpty {
            findings.ok("indexes", "\(wanted.joined(separator: ", ")) are indexed")
        } else {
            let remedy = "add olcDbIndex: \(needed.joined(separator: ",")) eq to \(database.name)"
            if essential.isEmpty {
                findings.ok(
                    "indexes",
                    "\(needed.joined(separator: ", ")): no index; matters for the server's own refint only"
                )
            } else {
                findings.warning(
                    "indexes",
                    "\(needed.joined(separator: ", ")): no index, so that looking one up reads everything",
                    remedy: remedy
                )
            }
        }
    }
}
