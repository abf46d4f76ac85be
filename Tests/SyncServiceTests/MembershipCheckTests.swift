import LDAPClient
import Mapping
import SyncModel
import Testing

@testable import SyncService

struct MembershipCheckTests {
    private static let schema = DirectorySchema(
        attributeTypes: [
            "( 2.5.4.31 NAME 'member' )",
            "( 1.2.840.113556.1.2.102 NAME 'memberOf' NO-USER-MODIFICATION USAGE dSAOperation )",
            "( 9.1 NAME 'roles' )", "( 9.2 NAME 'role' SINGLE-VALUE )", "( 9.3 NAME 'alien' )",
        ],
        objectClasses: [
            "( 2.5.6.9 NAME 'groupOfNames' MUST member )", "( 2.5.6.7 NAME 'inetOrgPerson' MAY ( roles $ role ) )",
        ]
    )

    private func check(_ form: MembershipForm, direction: Direction = .both) throws -> MembershipCheck {
        func object(_ name: String, _ kind: ObjectKind, _ objectClass: String) throws -> ObjectSpecification {
            let scope = ScopeSpecification(
                base: try DistinguishedName(parsing: "ou=\(name),dc=syncline,dc=test"),
                filter: .present("cn"),
                objectClasses: [objectClass],
                rdn: "cn"
            )
            return ObjectSpecification(name: name, kind: kind, scopes: PerSide(both: scope), match: [], attributes: [])
        }
        return MembershipCheck(
            object: try object("teams", .group, "groupOfNames"),
            membership: MembershipSpecification(form: form, direction: direction),
            users: [try object("people", .user, "inetOrgPerson")]
        )
    }

    private static func user(_ attribute: String) -> MembershipForm {
        MembershipForm(holder: .member, attribute: attribute, value: .name)
    }

    @Test(
        arguments: [
            (.member, .both, nil), (.memberUid, .both, "memberuid (members of teams) is not an attribute"),
            (user("memberof"), .both, "kept by the server"), (user("memberof"), .toAD, nil),
            (user("roles"), .both, nil),
            (user("role"), .both, "holds one value"),
            (user("alien"), .both, "entries of inetOrgPerson may not hold it"),
        ] as [(MembershipForm, Direction, String?)]
    )
    func anAttributeThatCantHoldMembersIsNamed(_ row: (form: MembershipForm, direction: Direction, words: String?))
        throws
    {
        var findings = Findings(.miniorange)
        try check(row.form, direction: row.direction).judge(Self.schema, &findings)
        #expect(findings.all.count == (row.words == nil ? 0 : 1), "\(findings.all)")
        if let words = row.words {
            #expect(findings.all.first?.seen.contains(words) == true, "\(findings.all)")
            #expect(findings.all.first?.level == .error && findings.all.first?.remedy != nil)
        }
    }

    private func database(_ overlays: [(String, [LDAPAttribute])]) throws -> SlapdConfiguration.Database {
        SlapdConfiguration.Database(
            name: try DistinguishedName(parsing: "olcDatabase={1}mdb,cn=config"),
            suffixes: [try DistinguishedName(parsing: "dc=syncline,dc=test")],
            indexes: [:],
            overlays: overlays.map { ($0.0, LDAPEntry(dn: "olcOverlay=\($0.0)", attributes: $0.1)) }
        )
    }

    @Test func refintThatDoesNotCoverMembersIsNamed() throws {
        for (covered, count) in [("owner", 1), ("Member", 0)] {
            var findings = Findings(.miniorange)
            let overlay = LDAPAttribute("olcRefintAttribute", [Octets(covered)])
            try check(.member).judge(try database([("refint", [overlay])]), &findings)
            #expect(findings.all.count == count, "\(covered): \(findings.all)")
            #expect(
                findings.all.allSatisfy { $0.level == .warning && $0.seen.contains("refint does not cover member") }
            )
        }
    }

    @Test func anOverlayThatKeepsTheUsersAttributeIsNamed() throws {
        let other = LDAPAttribute("olcMemberOfMemberOfAD", ["isIn"])
        for (attributes, form, count) in [([], "memberof", 1), ([other], "memberof", 0), ([other], "isin", 1)] {
            var findings = Findings(.miniorange)
            try check(Self.user(form)).judge(try database([("memberof", attributes)]), &findings)
            #expect(findings.all.filter { $0.level == .error }.count == count, "\(form): \(findings.all)")
        }
    }
}
