import LDAPClient
import MiniOrange
import SyncModel
import Testing

struct WritePlanTests {
    static let schema = AttributeSchema(attributeTypes: [
        "( 2.5.4.41 NAME 'name' DESC 'the SUP EQUALITY of names' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
        "( 2.5.4.4 NAME ( 'sn' 'surname' ) SUP name )",
        "( 0.9.2342.19200300.100.1.60 NAME 'jpegPhoto' SYNTAX 1.3.6.1.4.1.1466.115.121.1.28 )",
        "( 2.5.4.36 NAME 'userCertificate' EQUALITY certificateExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.8 )",
        "( 1.1 NAME 'a' SUP b )", "( 1.2 NAME 'b' SUP a )", "not a definition", Octets([255]),
    ])

    @Test(arguments: [
        ("sn", true, "sn"), ("surname", true, "surname"), ("2.5.4.4", true, "2.5.4.4"),
        ("sn;lang-de", true, "sn;lang-de"),
        ("jpegphoto", false, "jpegphoto"), ("usercertificate", true, "usercertificate;binary"), ("a", false, "a"),
        ("unknown", true, "unknown"),
    ])
    func `the schema tells how an attribute is written`(name: String, hasEquality: Bool, wireName: String) {
        #expect(Self.schema.hasEquality(name) == hasEquality)
        #expect(Self.schema.wireName(name) == wireName)
    }

    struct Row: Sendable {
        var change: AttributeChange
        var guarded: [Modification]
        var unguarded: [Modification]
    }

    @Test(arguments: [
        Row(
            change: AttributeChange(name: "sn", old: ["A"], new: ["B"]),
            guarded: [Modification(.replace, "sn", ["B"])],
            unguarded: [Modification(.delete, "sn", ["A"]), Modification(.add, "sn", ["B"])]
        ),
        Row(
            change: AttributeChange(name: "sn", old: ["A", "B"], new: ["B", "C"]),
            guarded: [Modification(.delete, "sn", ["A"]), Modification(.add, "sn", ["C"])],
            unguarded: [Modification(.delete, "sn", ["A"]), Modification(.add, "sn", ["C"])]
        ),
        Row(
            change: AttributeChange(name: "sn", old: ["A", "B"], new: ["A"]),
            guarded: [Modification(.delete, "sn", ["B"])],
            unguarded: [Modification(.delete, "sn", ["B"])]
        ),
        Row(
            change: AttributeChange(name: "sn", old: ["A"], new: []),
            guarded: [Modification(.replace, "sn", [])],
            unguarded: [Modification(.delete, "sn", ["A"])]
        ),
        Row(
            change: AttributeChange(name: "sn", old: [], new: ["A"]),
            guarded: [Modification(.add, "sn", ["A"])],
            unguarded: [Modification(.add, "sn", ["A"])]
        ),
        Row(
            change: AttributeChange(name: "jpegphoto", old: ["1", "2"], new: ["2", "3"]),
            guarded: [Modification(.replace, "jpegphoto", ["2", "3"])],
            unguarded: [Modification(.replace, "jpegphoto", ["2", "3"])]
        ),
        Row(
            change: AttributeChange(name: "usercertificate", old: ["1", "2"], new: ["2"]),
            guarded: [Modification(.delete, "usercertificate;binary", ["1"])],
            unguarded: [Modification(.delete, "usercertificate;binary", ["1"])]
        ),
        Row(change: AttributeChange(name: "sn", old: ["A", "B"], new: ["B", "A"]), guarded: [], unguarded: []),
    ])
    func `a change is as small as it can be compared`(row: Row) throws {
        let number = try #require(ChangeSequenceNumber(parsing: LogRecordTests.csn))
        for (version, expected) in [(Version.csn(number), row.guarded), (.unordered, row.unguarded)] {
            let plan = WritePlan(
                view: try TestSlapd.view(),
                schema: Self.schema,
                supportsAssertion: true,
                supportsPostRead: true,
                supportsPermissiveModify: true,
                supportsMatchedValues: true
            )
            let name = try WriterTests.name("a")
            let operation = plan.operation(
                .modify(LogRecordTests.anchor, name: name, version: version, changes: [row.change])
            )
            guard case .modify(let dn, let modifications, let controls) = operation else {
                throw TestFailure("no modify")
            }
            #expect(dn == name.description)
            #expect(modifications == expected)
            #expect(controls.map(\.oid) == [AssertionControl.oid, ReadEntryControl.postRead.oid])
        }
    }

    struct AnswerRow: Sendable {
        var code: Int32
        var add: WriteAnswer
        var modify: WriteAnswer

        init(_ code: Int32, add: RefusalReason?, modify: RefusalReason?, looks: Bool = false) {
            self.code = code
            func answer(_ reason: RefusalReason?, _ looks: Bool) -> WriteAnswer {
                guard let reason else { return .outcome(.unavailable) }
                let refusal = Refusal(reason: reason, code: code, message: "words")
                return looks ? .look(ifUnmoved: refusal) : .outcome(.refused(refusal))
            }
            self.add = answer(add, false)
            self.modify = answer(modify, looks)
        }
    }

    @Test(arguments: [
        AnswerRow(68, add: .nameTaken, modify: .nameTaken),
        AnswerRow(32, add: .noParent, modify: .noParent, looks: true),
        AnswerRow(122, add: .other, modify: .other, looks: true),
        AnswerRow(16, add: .invalid, modify: .invalid, looks: true),
        AnswerRow(20, add: .invalid, modify: .invalid, looks: true), AnswerRow(19, add: .invalid, modify: .invalid),
        AnswerRow(21, add: .invalid, modify: .invalid), AnswerRow(65, add: .invalid, modify: .invalid),
        AnswerRow(64, add: .invalid, modify: .invalid), AnswerRow(17, add: .invalid, modify: .invalid),
        AnswerRow(66, add: .notLeaf, modify: .notLeaf), AnswerRow(50, add: .notAllowed, modify: .notAllowed),
        AnswerRow(53, add: .notAllowed, modify: .notAllowed), AnswerRow(10, add: .notAllowed, modify: .notAllowed),
        AnswerRow(80, add: .other, modify: .other), AnswerRow(51, add: nil, modify: nil),
        AnswerRow(52, add: nil, modify: nil), AnswerRow(3, add: nil, modify: nil), AnswerRow(1, add: nil, modify: nil),
    ])
    func `a server's code decides what becomes of a write`(row: AnswerRow) throws {
        let result = LDAPResult(code: LDAPResultCode(rawValue: row.code), diagnosticMessage: "words")
        let error = LDAPError.refused(.modify, result)
        let name = try WriterTests.name("a")
        #expect(WriteAnswer.failed(.add(name: name, objectClasses: [], attributes: [:]), error) == row.add)
        let modify = WriteOperation.modify(LogRecordTests.anchor, name: name, version: .unordered, changes: [])
        #expect(WriteAnswer.failed(modify, error) == row.modify)
    }

    @Test(arguments: [
        (LDAPError.timedOut(.modify, wasSent: true), WriteOutcome.unknown),
        (.timedOut(.modify, wasSent: false), .unavailable),
        (.connectionLost(.modify, .serverDown, message: "", wasSent: true), .unknown),
        (.connectionLost(.modify, .serverDown, message: "", wasSent: false), .unavailable),
        (.malformedAnswer(.modify, message: ""), .unknown),
    ])
    func `a lost answer is unknown, an unsent request unavailable`(error: LDAPError, outcome: WriteOutcome) throws {
        let name = try WriterTests.name("a")
        #expect(
            WriteAnswer.failed(.delete(LogRecordTests.anchor, name: name, version: .unordered), error)
                == .outcome(outcome)
        )
        #expect(WriteAnswer.failedRead(error) == .unavailable)
    }
}
