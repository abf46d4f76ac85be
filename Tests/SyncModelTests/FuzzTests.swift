import Fuzzing
import SyncModel
import Testing

@Suite struct FuzzTests {
    @Test func `Whatever a text is, it is read or refused`() async {
        let campaign = Campaign()
        await #expect(processExitsWith: .success) { [path = campaign.path as String] in
            try await Campaign.run(Self.subjects, path: path)
        }
        let verdict = campaign.verdict()
        #expect(verdict == nil, "\(verdict ?? "")")
    }

    private static let subjects = names + filters + numbers

    private static let names: [FuzzSubject] = [
        FuzzSubject(
            "distinguished name",
            [
                "CN=Anna Berg,OU=People,DC=example,DC=com", "uid=a+cn=b\\+c,ou=x\\2c y,dc=example,dc=com", "",
                "CN=#0403414243,OID.2.5.4.11=\"quoted, text\" ; o = spaced  ,dc=x", "cn=\\20a\\ ,dc=\\c3\\9f",
                "CN=a\\0ADEL:6dd705ea-7bc7-1041-8743-559c62ce2400,CN=Deleted Objects,DC=example,DC=com",
            ].map { Array($0.utf8) },
            tokens: ["\\", "\\00", "\\,", "#04", "\"", ",", "+", ";", "=", "OID.", "dc=", "  "]
        ) { octets in
            let name = try DistinguishedName(parsing: Octets(octets))
            let again = try? DistinguishedName(parsing: name.description)
            try Violation.unless(again?.normalized == name.normalized, "its text is another name")
            _ = try Violation.unless(name.isEqualOrDescendant(of: name), "it is not in itself")
            return (name, again, name.parent, name.leaf)
        },
        .text("relative distinguished name", ["cn=a", "uid=a+cn=b", "CN=\\#x\\ "], tokens: ["+", "=", "\\", "#"]) {
            try RelativeDistinguishedName(parsing: $0)
        },
        FuzzSubject(
            "extended name",
            [
                "<GUID=ea05d76d7bc741108743559c62ce2400>;<SID=010500000000000515000000>;CN=a,DC=x",
                "<GUID=6dd705ea-7bc7-1041-8743-559c62ce2400>;CN=a,DC=x", "CN=a,DC=x",
            ].map { Array($0.utf8) },
            tokens: ["<", ">", ";", "GUID=", "<GUID="]
        ) { ExtendedName(parsing: Octets($0)) },
        .text("GUID", ["6dd705ea-7bc7-1041-8743-559c62ce2400", "{6DD705EA-7BC7-1041-8743-559C62CE2400}"]) { text in
            if let octets = UUIDText.parse(text) {
                try Violation.unless(UUIDText.parse(UUIDText.format(octets)) == octets, "its text is another one")
            }
            return UUIDText.parseGUID(text)
        },
        FuzzSubject("case folding", ["Anna  BERG ", "Grüße", "ǅ İ ẞ"].map { Array($0.utf8) }) {
            CaseFolding.fold($0, trimsEnd: true)
        },
    ]

    private static let filters: [FuzzSubject] = [
        .text(
            "filter",
            [
                "(&(objectClass=user)(!(objectClass=computer)))", "(|(cn=a*b*c)(sn=*)(uid>=5)(x<=6)(y~=z))", "cn=a",
                "(userAccountControl:1.2.840.113556.1.4.803:=2)", "(cn:dn:caseIgnoreMatch:=a)", "(&)", "(:rule:=x)",
                "(objectCategory=person)", "(member=cn=a\\2cb,dc=x)", "(whenCreated>=20260101000000.0Z)",
            ],
            tokens: ["(", ")", "(&", "(|", "(!", "*", ":=", ":dn", ">=", "\\2a", "1.2.840.113556.1.4.803"]
        ) { text in
            let filter = try Filter(parsing: text)
            let again = try? Filter(parsing: filter.description)
            try Violation.unless(again == filter, "its text is another filter")
            let values: [Octets] = [
                "a", "cn=a,dc=x", "20260101000000Z", "-5", "99999999999999999999", Octets([0xFF, 0]),
            ]
            return (filter, filter.matches { _ in values }, filter.matches { _ in [] }, filter.attributes)
        }
    ]

    private static let numbers: [FuzzSubject] = [
        .text(
            "generalized time",
            ["20261129064000Z", "20261129064000.123456Z", "2026112906+0530", "00000101000000Z", "20261231235960,5-01"],
            tokens: [".", ",", "Z", "+", "-", "60"]
        ) { text in
            guard let time = GeneralizedTime(parsing: text) else { return nil }
            // The form holds the years 0000 to 9999; an offset may lead out of them.
            let isHeld = (-62_167_219_200...253_402_300_799).contains(time.seconds)
            let again = GeneralizedTime(parsing: time.description)
            try Violation.unless(!isHeld || again == time, "its text is another time")
            return (time, time.textInSeconds, FileTime(time))
        },
        .text(
            "change sequence number",
            ["20261123191501.123456Z#00000a#0ff#000000", "20261123191501Z#00000a#0f#000001"],
            tokens: ["#", "Z", "."]
        ) { text in
            guard let number = ChangeSequenceNumber(parsing: text) else { return nil }
            try Violation.unless(number.description == text, "it does not come back as it was")
            return (number, number.time, number.count, number.replica, number.modification)
        },
        .text("file time", ["133000000000000000", "0", "9223372036854775807", "-1"]) { text in
            guard let time = FileTime(parsing: text) else { return nil }
            return (time, time.description)
        },
    ]
}
