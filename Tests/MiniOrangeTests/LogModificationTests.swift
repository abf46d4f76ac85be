import MiniOrange
import SyncModel
import Testing

struct LogModificationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var octets: Octets
        var expected: LogModification?
        var testDescription: String { octets.lossyText }
    }

    @Test(arguments: [
        Row(octets: "sn:+ A", expected: .modification(.add, name: "sn", value: "A")),
        Row(octets: "sn:- A", expected: .modification(.delete, name: "sn", value: "A")),
        Row(octets: "sn:-", expected: .modification(.delete, name: "sn", value: nil)),
        Row(octets: "sn:=", expected: .modification(.replace, name: "sn", value: nil)),
        Row(octets: "sn:= A", expected: .modification(.replace, name: "sn", value: "A")),
        Row(octets: "uidNumber:# 1", expected: .modification(.increment, name: "uidnumber", value: "1")),
        Row(octets: "SN:= a: b", expected: .modification(.replace, name: "sn", value: "a: b")),
        Row(octets: "sn:= ", expected: .modification(.replace, name: "sn", value: "")),
        Row(octets: "sn:=  A ", expected: .modification(.replace, name: "sn", value: " A ")),
        Row(
            octets: "userCertificate;binary:+ \u{1}",
            expected: .modification(.add, name: "usercertificate", value: "\u{1}")
        ),
        Row(octets: "cn;lang-de;binary:+ x", expected: .modification(.add, name: "cn;lang-de", value: "x")),
        Row(octets: "description:+ ü", expected: .modification(.add, name: "description", value: "ü")),
        Row(
            octets: Octets(Array("jpegPhoto:+ ".utf8) + [0, 255, 10]),
            expected: .modification(.add, name: "jpegphoto", value: Octets([0, 255, 10]))
        ),
        Row(octets: ":", expected: .boundary),
        Row(octets: "", expected: nil),
        Row(octets: "sn", expected: nil),
        Row(octets: "sn:", expected: nil),
        Row(octets: "sn:* A", expected: nil),
        Row(octets: "sn:+A", expected: nil),
        Row(octets: ":+ A", expected: nil),
        Row(octets: "s n:+ A", expected: nil),
    ])
    func `one value of reqMod is read`(row: Row) {
        #expect(LogModification(parsing: row.octets) == row.expected)
    }

    struct EditsRow: Sendable, CustomTestStringConvertible {
        var modifications: [Octets]
        var expected: [AttributeEdit]?
        var testDescription: String { modifications.map(\.lossyText).joined(separator: ", ") }
    }

    @Test(arguments: [
        EditsRow(
            modifications: ["sn:= B", "entryCSN:= x", "modifiersName:= cn=a"],
            expected: [AttributeEdit(kind: .replace, name: "sn", values: ["B"])]
        ),
        EditsRow(
            modifications: ["mail:+ a", "mail:+ b", "sn:-"],
            expected: [
                AttributeEdit(kind: .add, name: "mail", values: ["a", "b"]),
                AttributeEdit(kind: .delete, name: "sn", values: []),
            ]
        ),
        EditsRow(
            modifications: ["mail:- a", "mail:+ b"],
            expected: [
                AttributeEdit(kind: .delete, name: "mail", values: ["a"]),
                AttributeEdit(kind: .add, name: "mail", values: ["b"]),
            ]
        ),
        EditsRow(
            modifications: ["mail:= a", "mail:= b", ":", "mail:= c"],
            expected: [
                AttributeEdit(kind: .replace, name: "mail", values: ["a", "b"]),
                AttributeEdit(kind: .replace, name: "mail", values: ["c"]),
            ]
        ),
        EditsRow(
            modifications: ["mail:=", "mail:= c"],
            expected: [
                AttributeEdit(kind: .replace, name: "mail", values: []),
                AttributeEdit(kind: .replace, name: "mail", values: ["c"]),
            ]
        ),
        EditsRow(modifications: ["mail:# 1"], expected: nil),
        EditsRow(modifications: ["mail:+"], expected: nil),
        EditsRow(modifications: ["mail"], expected: nil),
        EditsRow(modifications: ["uidNumber:# 1"], expected: []),
        EditsRow(modifications: ["userPassword:= secret"], expected: []),
        EditsRow(modifications: [], expected: []),
    ])
    func `edits are those of the wanted attributes in order`(row: EditsRow) {
        #expect(LogModification.edits(row.modifications, isWanted: { $0 == "mail" || $0 == "sn" }) == row.expected)
    }

    @Test(arguments: [
        EditsRow(
            modifications: ["member:+ cn=a", "member:+ cn=b", "member:- cn=c", "mail:-", "member:-", "member:+ cn=d"],
            expected: [
                AttributeEdit(kind: .add, name: "member", values: ["cn=a", "cn=b"]),
                AttributeEdit(kind: .delete, name: "member", values: ["cn=c"]),
                AttributeEdit(kind: .delete, name: "mail", values: []),
                AttributeEdit(kind: .replace, name: "member", values: []),
                AttributeEdit(kind: .add, name: "member", values: ["cn=d"]),
            ]
        ),
        EditsRow(
            modifications: ["member:= cn=a", "member:= cn=b", "member:="],
            expected: [
                AttributeEdit(kind: .replace, name: "member", values: ["cn=a", "cn=b"]),
                AttributeEdit(kind: .replace, name: "member", values: []),
            ]
        ),
        EditsRow(
            modifications: ["uniqueMember:- cn=a#'0101'B"],
            expected: [AttributeEdit(kind: .delete, name: "uniquemember", values: ["cn=a#'0101'B"])]
        ),
        EditsRow(modifications: ["member:# 1"], expected: nil),
    ])
    func `the edits of members are told in order, a delete of all as a replace by none`(row: EditsRow) {
        let members = ["member", "uniquemember"]
        #expect(
            LogModification.edits(
                row.modifications,
                isWanted: { $0 == "mail" || members.contains($0) },
                holdsMembers: members.contains
            ) == row.expected
        )
    }

    @Test func `an attribute's name is known again by its spelling only`() {
        let edits = LogModification.edits(["Mail:+ a", "mail:+ b", "mails:+ c", "sn:+ d", "mail:+ e"]) { $0 != "mails" }
        #expect(
            edits == [
                AttributeEdit(kind: .add, name: "mail", values: ["a", "b"]),
                AttributeEdit(kind: .add, name: "sn", values: ["d"]),
                AttributeEdit(kind: .add, name: "mail", values: ["e"]),
            ]
        )
    }
}
