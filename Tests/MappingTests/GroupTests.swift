import Mapping
import SyncModel
import Testing

/// Groups and containers as entries.
struct GroupTests {
    /// Of classes that have a place for every row.
    static func wholeGroups() throws -> ObjectMapping {
        let classes = ["top", "posixGroup", "groupOfNames", "extensibleObject"]
        return try ObjectMapping(
            specification(
                AttributePreset.group(objectClasses: classes),
                kind: .group,
                miniorangeName: "cn",
                objectClasses: classes
            )
        )
    }

    static func containers(adName: String = "ou", miniorangeName: String = "ou") throws -> ObjectMapping {
        try ObjectMapping(
            specification(
                AttributePreset.container(adName: adName, miniorangeName: miniorangeName),
                kind: .container,
                adName: adName,
                miniorangeName: miniorangeName,
                objectClasses: ["top", "organizationalUnit"]
            )
        )
    }

    static let groupRows: [PresetTests.Row] = [
        PresetTests.Row("samaccountname", "cn"), PresetTests.Row("cn", "cn"),
        PresetTests.Row("description", "description"), PresetTests.Row("mail", "mail"),
        PresetTests.Row("managedby", "owner", reference(.ad, 7), reference(.miniorange, 7), pair(7)),
        PresetTests.Row("gidnumber", "gidnumber"),
    ]

    static let containerRows: [PresetTests.Row] = [
        PresetTests.Row("ou", "ou"), PresetTests.Row("description", "description"),
    ]

    @Test func theTablesHoldEveryRowOfThePresets() {
        func names(_ rules: [AttributeSpecification]) -> [[String]] {
            rules.map { [CaseFolding.lowercaseName($0.ad), CaseFolding.lowercaseName($0.miniorange)] }
        }
        let whole = AttributePreset.group(objectClasses: ["PosixGroup", "ownGroup"])
        #expect(Self.groupRows.map { [$0.ad, $0.miniorange] } == names(whole))
        #expect(Self.groupRows.dropLast().map { [$0.ad, $0.miniorange] } == names(AttributePreset.group))
        #expect(Self.containerRows.map { [$0.ad, $0.miniorange] } == names(AttributePreset.container))
        #expect(names(AttributePreset.virtualGroup) == [["samaccountname", "cn"], ["cn", "cn"]])
    }

    @Test(
        "A class has the rows that its entries may hold",
        arguments: [
            (["top", "groupOfNames"], ["cn", "cn", "description", "owner"]),
            (["GroupOfUniqueNames"], ["cn", "cn", "description", "owner"]),
            (["top", "groupOfMembers"], ["cn", "cn", "description", "owner"]),
            (["top", "posixGroup"], ["cn", "cn", "description", "gidNumber"]),
            (["posixGroup", "groupOfNames"], ["cn", "cn", "description", "owner", "gidNumber"]),
            (["groupOfNames", "extensibleObject"], ["cn", "cn", "description", "mail", "owner"]),
            (["ownGroup"], ["cn", "cn", "description", "mail", "owner"]),
        ]
    )
    func rowsOfClasses(_ classes: [String], _ expected: [String]) {
        #expect(AttributePreset.group(objectClasses: classes).map(\.miniorange) == expected)
    }

    @Test(arguments: groupRows)
    func aRowOfGroupsLiftsAndProjectsBothWays(_ row: PresetTests.Row) throws {
        try check(row, Self.wholeGroups(), named: ["cn": ["v"], "samaccountname": ["v"]])
    }

    @Test(arguments: containerRows)
    func aRowOfContainersLiftsAndProjectsBothWays(_ row: PresetTests.Row) throws {
        try check(row, Self.containers(), named: ["ou": ["v"]])
    }

    private func check(_ row: PresetTests.Row, _ mapping: ObjectMapping, named: Attributes) throws {
        let atAD = named.with(row.ad, [row.atAD])
        let atMiniOrange = Attributes().with(row.miniorange, [row.atMiniOrange]).with(
            named["cn"].isEmpty ? "ou" : "cn",
            ["v"]
        )
        #expect(try mapping.lift(.ad, atAD)[row.ad] == [row.canonical])
        #expect(try mapping.lift(.miniorange, atMiniOrange)[row.ad] == [row.canonical])
        let target = named.with(row.ad, [row.canonical])
        #expect(try mapping.create(.miniorange, target).attributes[row.miniorange] == [row.atMiniOrange])
        #expect(try mapping.create(.ad, target).attributes[row.ad] == [row.atAD])
        let both = try mapping.lift(ad: atAD, miniorange: atMiniOrange)
        #expect(both.ad?.values[row.ad] == both.miniorange?.values[row.ad])
        guard row.ad != "ou", row.ad != "cn", row.ad != "samaccountname" else { return }
        for side in Side.allCases {
            let current = side == .ad ? named : Attributes().with(named["cn"].isEmpty ? "ou" : "cn", ["v"])
            let projection = try mapping.change(side, to: target, current: current, of: [row.ad])
            let shown = side == .ad ? row.atAD : row.atMiniOrange
            let name = side == .ad ? row.ad : row.miniorange
            #expect(projection.changes == [AttributeChange(name: name, old: [], new: [shown])])
            #expect(projection.newRDN == nil)
        }
    }

    @Test(arguments: [nil, -2_147_483_646, -2_147_483_640, -2_147_483_644, 2, 8, 4] as [Int32?])
    func aNewADGroupIsOfTheConfiguredType(_ type: Int32?) throws {
        var group = specification(
            AttributePreset.group,
            kind: .group,
            miniorangeName: "cn",
            objectClasses: ["groupOfNames"]
        )
        group.groupType = type
        let mapping = try ObjectMapping(group)
        let entry = try mapping.create(.ad, ["samaccountname": ["team"], "cn": ["team"]])
        #expect(entry.attributes["grouptype"] == [Octets(String(type ?? -2_147_483_646))])
        #expect(try mapping.create(.miniorange, ["samaccountname": ["team"]]).attributes["grouptype"] == [])
    }

    @Test func aGroupWithoutTheNumberThatItsClassDemandsIsMissed() throws {
        let mapping = try Self.wholeGroups()
        #expect(try mapping.create(.miniorange, ["samaccountname": ["team"]]).missingRequired == "gidnumber")
        let whole: Attributes = ["samaccountname": ["team"], "gidnumber": ["1000"]]
        #expect(try mapping.create(.miniorange, whole).missingRequired == nil)
        let projection = try mapping.change(
            .miniorange,
            to: ["samaccountname": ["team"]],
            current: ["cn": ["team"], "gidnumber": ["1000"]],
            of: ["gidnumber"]
        )
        #expect(projection.missingRequired == "gidnumber")
    }

    @Test(arguments: [(20, 0), (21, 0), (256, 0), (257, 1)])
    func aGroupsAccountNameMayBeLongerThanAUsers(_ length: Int, _ count: Int) throws {
        let name = Octets(String(repeating: "n", count: length))
        let entry = try GroupNameTests.groups().create(.ad, ["samaccountname": [name]])
        #expect(entry.invalid.map(\.attribute) == (count == 0 ? [] : ["samaccountname"]))
    }

    @Test(arguments: Array("\"/\\[]:;|=,+*?<>\u{1}"))
    func whatADForbidsInAGroupsAccountNameIsInvalid(_ character: Character) throws {
        let target = try GroupNameTests.groups().lift(.miniorange, ["cn": [Octets("a\(character)b")]])
        let entry = try GroupNameTests.groups().create(.ad, target)
        #expect(entry.invalid.map(\.attribute) == ["samaccountname"])
        #expect(entry.invalid.allSatisfy { !$0.reason.contains("a\(character)b") })
    }

    @Test(
        "A group whose members stand elsewhere gets what its class demands",
        arguments: [
            ("groupOfNames", "member"), ("GroupOfUniqueNames", "uniquemember"), ("groupOfMembers", nil),
        ] as [(String, String?)]
    )
    func placeholders(_ objectClass: String, _ attribute: String?) throws {
        let placeholder = name("cn=nobody,dc=syncline,dc=test")
        var group = specification(
            AttributePreset.group,
            kind: .group,
            miniorangeName: "cn",
            objectClasses: ["top", objectClass]
        )
        for holder in [MembershipForm.Holder.member, .group] {
            let form =
                holder == .group
                ? MembershipForm.member : MembershipForm(holder: .member, attribute: "memberof", value: .name)
            group.membership = MembershipSpecification(form: form, placeholder: placeholder)
            let entry = try ObjectMapping(group).create(.miniorange, ["samaccountname": ["team"]])
            let written = ["member", "uniquemember"].filter { !entry.attributes[$0].isEmpty }
            #expect(written == (holder == .member ? [attribute].compactMap { $0 } : []))
            if let attribute, holder == .member {
                #expect(entry.attributes[attribute] == [Octets(placeholder.description)])
            }
        }
    }

    @Test(arguments: [("ou", "ou"), ("cn", "ou"), ("cn", "cn")])
    func aContainerIsNamedByItsOneAttribute(_ adName: String, _ miniorangeName: String) throws {
        let mapping = try Self.containers(adName: adName, miniorangeName: miniorangeName)
        let atAD: Attributes = [adName: ["Berlin"], "description": ["d"]]
        let target = try mapping.lift(.ad, atAD)
        #expect(target == atAD)
        let there = try mapping.create(.miniorange, target)
        #expect(there.rdn == RelativeDistinguishedName(type: miniorangeName, value: "Berlin"))
        #expect(there.attributes[miniorangeName] == ["Berlin"])
        #expect(there.missingRequired == nil)
        let back = try mapping.lift(.miniorange, there.attributes)
        #expect(back[adName] == ["Berlin"])
        let entry = try mapping.create(.ad, back)
        #expect(entry.rdn == RelativeDistinguishedName(type: adName, value: "Berlin"))
        #expect(entry.attributes["grouptype"] == [])
        let renamed = target.with(adName, ["Bonn"])
        #expect(
            try mapping.change(.miniorange, to: renamed, current: there.attributes).newRDN
                == RelativeDistinguishedName(type: miniorangeName, value: "Bonn")
        )
        let atADRenamed = try mapping.change(.ad, to: renamed, current: atAD)
        #expect(atADRenamed.newRDN == RelativeDistinguishedName(type: adName, value: "Bonn"))
        #expect(atADRenamed.changes == [])
    }

    @Test func aContainerWithoutANameIsMissed() throws {
        let mapping = try Self.containers()
        for side in Side.allCases {
            #expect(try mapping.create(side, ["description": ["d"]]).missingRequired == "ou")
        }
    }

    @Test(arguments: ObjectKind.allCases.filter { $0 != .user })
    func accountStateIsForUsersAlone(_ kind: ObjectKind) {
        #expect(throws: MappingError.self) {
            try ObjectMapping(
                specification(
                    AttributePreset.attributes(of: kind)
                        + [rule("userAccountControl", "pwdAccountLockedTime", .accountEnabled)],
                    kind: kind,
                    adName: kind == .container ? "ou" : "cn",
                    miniorangeName: kind == .container ? "ou" : "cn",
                    objectClasses: [kind == .container ? "organizationalUnit" : "groupOfNames"]
                )
            )
        }
    }

    @Test(arguments: ["groupType", "member", "memberOf", "primaryGroupID", "objectSid"])
    func whatMembershipAndADKeepForThemselvesIsNoRule(_ attribute: String) {
        #expect(throws: MappingError.self) {
            try ObjectMapping(
                specification(
                    AttributePreset.group + [rule(attribute, "info")],
                    kind: .group,
                    miniorangeName: "cn",
                    objectClasses: ["groupOfNames"]
                )
            )
        }
    }
}
