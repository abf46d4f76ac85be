import Mapping
import SyncModel
import Testing

/// Each row of the default user map, and each optional one, in both directions.
struct PresetTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var ad: String
        var miniorange: String
        var atAD: Octets
        var atMiniOrange: Octets
        var canonical: Octets
        var direction: Direction = .both
        var testDescription: String { "\(ad) and \(miniorange)" }

        init(_ ad: String, _ miniorange: String) {
            (self.ad, self.miniorange) = (ad, miniorange)
            (atAD, atMiniOrange, canonical) = ("v", "v", "v")
        }

        init(
            _ ad: String,
            _ miniorange: String,
            _ atAD: Octets,
            _ atMiniOrange: Octets,
            _ canonical: Octets,
            _ direction: Direction = .both
        ) {
            (self.ad, self.miniorange, self.direction) = (ad, miniorange, direction)
            (self.atAD, self.atMiniOrange, self.canonical) = (atAD, atMiniOrange, canonical)
        }
    }

    static let rows: [Row] = [
        Row("samaccountname", "uid"), Row("cn", "cn"), Row("sn", "sn"), Row("givenname", "givenname"),
        Row("initials", "initials"), Row("displayname", "displayname"), Row("title", "title"), Row("mail", "mail"),
        Row("telephonenumber", "telephonenumber"), Row("mobile", "mobile"), Row("homephone", "homephone"),
        Row("pager", "pager"), Row("facsimiletelephonenumber", "facsimiletelephonenumber"),
        Row("streetaddress", "street"), Row("l", "l"), Row("st", "st"), Row("postalcode", "postalcode"),
        Row("postofficebox", "postofficebox"), Row("physicaldeliveryofficename", "physicaldeliveryofficename"),
        Row("company", "o"), Row("department", "departmentnumber"), Row("employeenumber", "employeenumber"),
        Row("employeetype", "employeetype"), Row("description", "description"),
        Row("preferredlanguage", "preferredlanguage"),
        Row("manager", "manager", reference(.ad, 7), reference(.miniorange, 7), pair(7)),
        Row("seealso", "seealso", reference(.ad, 8), reference(.miniorange, 8), pair(8)),
        Row("useraccountcontrol", "pwdaccountlockedtime", "514", "000001010000Z", "FALSE"),
    ]

    static let optionalRows: [Row] = [
        Row(
            "usercertificate",
            // As entries come: ;binary says how it is transferred.
            "usercertificate",
            Octets([0x30, 0xFF]),
            Octets([0x30, 0xFF]),
            Octets([0x30, 0xFF])
        ),
        Row(
            "thumbnailphoto",
            "jpegphoto",
            Octets([0xFF, 0xD8]),
            Octets([0xFF, 0xD8]),
            Octets([0xFF, 0xD8]),
            .toMiniOrange
        ),
        Row("accountexpires", "shadowexpire", "133801632000000000", "20089", "1735689600"),
        Row("pwdlastset", "pwdreset", "0", "TRUE", "TRUE"),
        Row("uidnumber", "uidnumber"), Row("gidnumber", "gidnumber"), Row("unixhomedirectory", "homedirectory"),
        Row("loginshell", "loginshell"), Row("gecos", "gecos"),
    ]

    @Test func theTableHoldsEveryRowOfThePreset() {
        let tested = Set(Self.rows.map { [$0.ad, $0.miniorange] })
        let given = Set(
            AttributePreset.user.map {
                [CaseFolding.lowercaseName($0.ad), CaseFolding.lowercaseName($0.miniorange)]
            }
        )
        #expect(tested == given)
        #expect(tested.count == AttributePreset.user.count)
    }

    @Test(arguments: rows)
    func aRowLiftsAndProjectsBothWays(_ row: Row) throws {
        try check(row, try userMapping())
    }

    @Test(arguments: optionalRows)
    func anOptionalRowLiftsAndProjectsItsWays(_ row: Row) throws {
        // The lock shares its attribute with the state that is on by default, and has tests of its own.
        let optional = AttributePreset.optionalUser.filter { $0.name != "lockout" }.flatMap(\.attributes)
        try check(row, try ObjectMapping(specification(AttributePreset.user + optional)))
    }

    private func check(_ row: Row, _ mapping: ObjectMapping) throws {
        let atAD: Attributes = [row.ad: [row.atAD]]
        let atMiniOrange: Attributes = [row.miniorange: [row.atMiniOrange]]
        #expect(try mapping.lift(.ad, atAD)[row.ad] == [row.canonical])
        if row.ad != "accountexpires" {
            #expect(try mapping.lift(.miniorange, atMiniOrange)[row.ad] == [row.canonical])
        }
        let target: Attributes = [row.ad: [row.canonical]]
        let toMiniOrange = try mapping.create(.miniorange, target)
        #expect(toMiniOrange.attributes[row.miniorange] == [row.atMiniOrange])
        let toAD = try mapping.create(.ad, target)
        if row.direction.permits(writingTo: .ad) {
            #expect(toAD.attributes[row.ad] == [row.atAD])
        } else {
            #expect(toAD.attributes[row.ad] == [])
        }
        let both = try mapping.lift(ad: atAD, miniorange: atMiniOrange)
        #expect(both.ad?.values[row.ad] == both.miniorange?.values[row.ad])
    }

    @Test(arguments: [
        (ObjectKind.user, "uid", ["inetOrgPerson"]), (.group, "cn", ["groupOfNames"]),
        (.container, "ou", ["organizationalUnit"]),
    ])
    func thePresetOfAKindCompiles(_ kind: ObjectKind, _ name: String, _ classes: [String]) throws {
        let mapping = try ObjectMapping(
            specification(
                AttributePreset.attributes(of: kind),
                kind: kind,
                adName: kind == .container ? "ou" : "cn",
                miniorangeName: name,
                objectClasses: classes
            )
        )
        #expect(mapping.mergeRules.map(\.name) == mapping.mergeRules.map(\.name).sorted())
        #expect(!mapping.mergeRules.contains { $0.name == parentAttribute })
    }

    @Test func aNewADGroupIsGlobalAndNamedByItsAccount() throws {
        let mapping = try ObjectMapping(
            specification(AttributePreset.group, kind: .group, miniorangeName: "cn", objectClasses: ["groupOfNames"])
        )
        let entry = try mapping.create(.ad, ["samaccountname": ["team"]], counter: 2)
        #expect(entry.attributes["grouptype"] == ["-2147483646"])
        #expect(entry.rdn == RelativeDistinguishedName(type: "cn", value: "team (2)"))
        let other = try mapping.create(.miniorange, ["samaccountname": ["team"]])
        #expect(other.rdn == RelativeDistinguishedName(type: "cn", value: "team"))
        #expect(other.attributes["cn"] == ["team"])
        #expect(try mapping.change(.ad, to: ["samaccountname": ["crew"]], current: entry.attributes).newRDN == nil)
    }

    @Test func whatAClassDemandsAndNoRuleWritesGetsTheName() throws {
        let entry = try mapping(rule("mail", "mail")).create(.miniorange, ["samaccountname": ["alice"]])
        #expect(entry.attributes == ["uid": ["alice"], "cn": ["alice"], "sn": ["alice"]])
        #expect(entry.missingRequired == nil)
    }
}
