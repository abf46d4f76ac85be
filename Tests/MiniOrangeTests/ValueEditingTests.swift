import LDAPClient
import MiniOrange
import SyncModel
import Testing

struct ValueEditingTests {
    /// A group as a server keeps it: a modify as a whole or not at all.
    struct Group {
        var values: Set<Octets>
        var needsValue = true
        var isPermissive = true
        /// Values that can't be added, with the code.
        var refused: [Octets: LDAPResultCode] = [:]

        mutating func carryOut(_ modifications: [Modification]) -> LDAPResultCode {
            var new = values
            for modification in modifications {
                for value in modification.values {
                    let same = new.first { Self.folded($0) == Self.folded(value) }
                    switch modification.kind {
                    case .delete:
                        guard let same else { return .noSuchAttribute }
                        new.remove(same)
                    default:
                        if let code = refused[value] { return code }
                        if same != nil && !isPermissive { return .attributeOrValueExists }
                        if same == nil { new.insert(value) }
                    }
                }
                let folded = modification.values.map(Self.folded)
                if modification.kind == .add && Set(folded).count < folded.count { return .attributeOrValueExists }
            }
            if needsValue && new.isEmpty { return .objectClassViolation }
            values = new
            return .success
        }

        private static func folded(_ value: Octets) -> String { value.lossyText.lowercased() }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var before: Set<Octets>
        var edits: ValueEdits
        var codes: [Octets: LDAPResultCode] = [:]
        var isPermissive = true
        var after: Set<Octets>
        var refused: [RefusedValue] = []
        var requests: Int
    }

    static func edits(_ add: [Octets], _ remove: [Octets], placeholder: Octets? = nil) -> ValueEdits {
        ValueEdits(attribute: "member", add: add, remove: remove, placeholder: placeholder)
    }

    static func refused(_ value: Octets, _ code: LDAPResultCode, _ reason: RefusalReason = .invalid) -> RefusedValue {
        RefusedValue(value: value, refusal: Refusal(reason: reason, code: code.rawValue, message: "words"))
    }

    static let rows = [
        Row(testDescription: "nothing", before: ["a"], edits: edits([], []), after: ["a"], requests: 0),
        Row(
            testDescription: "all at once",
            before: ["a", "b"],
            edits: edits(["c", "d"], ["a"]),
            after: ["b", "c", "d"],
            requests: 1
        ),
        Row(
            testDescription: "what is there is added",
            before: ["a"],
            edits: edits(["a", "b"], []),
            after: ["a", "b"],
            requests: 1
        ),
        Row(
            testDescription: "what is there is added, without permissive modify",
            before: ["a"],
            edits: edits(["a", "b"], []),
            isPermissive: false,
            after: ["a", "b"],
            requests: 3
        ),
        Row(
            testDescription: "what is not there is removed",
            before: ["a", "b"],
            edits: edits([], ["b", "x"]),
            after: ["a"],
            requests: 3
        ),
        Row(
            testDescription: "an absent value does not hold up what is added",
            before: ["a"],
            edits: edits(["c"], ["x"]),
            after: ["a", "c"],
            requests: 3
        ),
        Row(
            testDescription: "one in eight is absent",
            before: ["a", "b", "c", "d", "e", "f", "g", "k"],
            edits: edits([], ["a", "b", "c", "d", "e", "f", "g", "x"]),
            after: ["k"],
            requests: 7
        ),
        Row(
            testDescription: "one is refused",
            before: ["a"],
            edits: edits(["b", "c", "d", "e"], []),
            codes: ["d": .constraintViolation],
            after: ["a", "b", "c", "e"],
            refused: [refused("d", .constraintViolation)],
            requests: 5
        ),
        Row(
            testDescription: "all are refused",
            before: ["a"],
            edits: edits(["b", "c"], []),
            codes: ["b": .insufficientAccessRights, "c": .invalidAttributeSyntax],
            after: ["a"],
            refused: [refused("b", .insufficientAccessRights, .notAllowed), refused("c", .invalidAttributeSyntax)],
            requests: 3
        ),
        Row(
            testDescription: "the last goes and the placeholder comes",
            before: ["a", "b"],
            edits: edits([], ["a", "b"], placeholder: "p"),
            after: ["p"],
            requests: 2
        ),
        Row(
            testDescription: "the last can't go without a placeholder",
            before: ["a"],
            edits: edits([], ["a"]),
            after: ["a"],
            refused: [refused("a", .objectClassViolation)],
            requests: 1
        ),
        Row(
            testDescription: "all but the last go without a placeholder",
            before: ["a", "b"],
            edits: edits([], ["a", "b"]),
            after: ["b"],
            refused: [refused("b", .objectClassViolation)],
            requests: 3
        ),
        Row(
            testDescription: "the last goes beside an absent one",
            before: ["a"],
            edits: edits([], ["a", "x"], placeholder: "p"),
            after: ["p"],
            requests: 4
        ),
        Row(
            testDescription: "the placeholder goes when someone comes",
            before: ["p"],
            edits: edits(["a"], ["p"], placeholder: "p"),
            after: ["a"],
            requests: 1
        ),
        Row(
            testDescription: "the placeholder went before",
            before: ["b"],
            edits: edits(["a"], ["p"], placeholder: "p"),
            after: ["a", "b"],
            requests: 3
        ),
        Row(
            testDescription: "the placeholder stays where who comes is refused",
            before: ["p"],
            edits: edits(["a"], ["p"], placeholder: "p"),
            codes: ["a": .constraintViolation],
            after: ["p"],
            refused: [refused("a", .constraintViolation)],
            requests: 4
        ),
        Row(
            testDescription: "a refused placeholder leaves the last",
            before: ["a"],
            edits: edits([], ["a"], placeholder: "p"),
            codes: ["p": .constraintViolation],
            after: ["a"],
            refused: [refused("a", .constraintViolation)],
            requests: 2
        ),
        Row(
            testDescription: "an exchange of the only one whose predecessor is absent",
            before: ["p"],
            edits: edits(["b"], ["x", "p"], placeholder: "p"),
            after: ["b"],
            requests: 5
        ),
        Row(
            testDescription: "the same value in another spelling",
            before: ["cn=a"],
            edits: edits(["CN=A"], ["cn=a"]),
            after: ["CN=A"],
            requests: 1
        ),
        Row(
            testDescription: "another spelling beside an absent one",
            before: ["cn=a"],
            edits: edits(["CN=A", "cn=b"], ["cn=x", "cn=a"]),
            after: ["CN=A", "cn=b"],
            requests: 3
        ),
        Row(
            testDescription: "another spelling of what is absent",
            before: ["cn=b"],
            edits: edits(["CN=A"], ["cn=a"]),
            after: ["cn=b", "CN=A"],
            requests: 2
        ),
        Row(
            testDescription: "one value twice",
            before: ["a"],
            edits: edits(["b", "B"], []),
            after: ["a", "b"],
            requests: 3
        ),
    ]

    @Test(arguments: rows)
    func `each value is done or refused by itself`(row: Row) throws {
        var group = Group(values: row.before, isPermissive: row.isPermissive, refused: row.codes)
        var editing = ValueEditing(row.edits)
        var requests = 0
        while let request = editing.next() {
            requests += 1
            try #require(requests < 50)
            let code = group.carryOut(request.modifications("member"))
            if code == .success {
                editing.succeeded()
            } else {
                let result = LDAPResult(code: code, diagnosticMessage: "words")
                #expect(editing.failed(request, .refused(.modify, result)) == .goOn)
            }
        }
        #expect(group.values == row.after)
        #expect(editing.refused == row.refused)
        let kept = row.before.union(row.edits.add).map { $0.lossyText.lowercased() }
        #expect(Set(editing.absent) == Set(row.edits.remove.filter { !kept.contains($0.lossyText.lowercased()) }))
        #expect(requests == row.requests)
    }

    @Test(
        arguments: [
            // Eight removals are worth a question; two of them are there.
            (["c", "A"], ["a", "c", "k"], ["k", "n"]),
            // None is there.
            ([], ["k"], ["k", "n"]),
            // The server did not say.
            (nil, ["a", "c", "k"], ["k", "n"]),
            // It equals values by rules that are unknown here.
            (["unheard of"], ["a", "c", "k"], ["k", "n"]),
            // It is wrong by now.
            (["a", "b", "c"], ["a", "c", "k"], ["k", "n"]),
        ] as [([Octets]?, Set<Octets>, Set<Octets>)]
    )
    func `absent values are asked for where there are many`(
        present: [Octets]?,
        before: Set<Octets>,
        after: Set<Octets>
    ) throws {
        var group = Group(values: before)
        var editing = ValueEditing(
            Self.edits(["n"], ["a", "b", "c", "d", "e", "f", "g", "h"], placeholder: "p"),
            canSift: true
        )
        var requests = 0
        var questions = 0
        while let request = editing.next() {
            requests += 1
            try #require(requests < 50)
            let code = group.carryOut(request.modifications("member"))
            if code == .success {
                editing.succeeded()
                continue
            }
            let error = LDAPError.refused(.modify, LDAPResult(code: code, diagnosticMessage: "words"))
            switch editing.failed(request, error) {
            case .sift:
                questions += 1
                #expect(request.removed.count == 8)
                editing.sifted(request, error, present: present)
            case .goOn: break
            default: throw TestFailure("stopped")
            }
        }
        #expect(group.values == after)
        #expect(editing.refused.isEmpty)
        #expect(Set(editing.absent) == Set(["a", "b", "c", "d", "e", "f", "g", "h"]).subtracting(before))
        #expect(questions == 1)
        if present == ["c", "A"] || present == [] { #expect(requests == 2) }
    }

    @Test func `what is to stand in the place of an absent value is not written, and the entry is looked at`() {
        let values = (0..<1_500).map { Octets("\($0)") }
        let edits = ValueEdits(
            attribute: "member",
            add: (0..<1_500).map { Octets("new \($0)") },
            remove: values,
            isGuarded: true
        )
        var editing = ValueEditing(edits, canSift: true)
        let request = editing.next()
        #expect(request?.units.count == 3_000)
        let absent = LDAPError.refused(.modify, LDAPResult(code: .noSuchAttribute, diagnosticMessage: ""))
        #expect(editing.failed(request!, absent) == .look)
        #expect(editing.next() == nil)
        #expect(!editing.isBegun)
    }

    @Test func `what is divided is sent before the rest, and what comes before what goes`() {
        var editing = ValueEditing(Self.edits(["a", "b"], ["c", "d"]), valuesPerRequest: 3)
        let first = editing.next()
        #expect(first == ValueEditing.Request([.add("a"), .add("b"), .remove("c")]))
        let absent = LDAPError.refused(.modify, LDAPResult(code: .noSuchAttribute, diagnosticMessage: ""))
        #expect(editing.failed(first!, absent) == .goOn)
        #expect(editing.next() == ValueEditing.Request([.add("a"), .add("b")]))
        editing.succeeded()
        #expect(editing.next() == ValueEditing.Request([.remove("c")]))
        #expect(editing.failed(ValueEditing.Request([.remove("c")]), absent) == .goOn)
        #expect(editing.next() == ValueEditing.Request([.remove("d")]))
        #expect(editing.next() == nil)
        #expect(editing.isBegun)
    }

    @Test func `one modify deletes first and adds the placeholder once`() {
        let request = ValueEditing.Request(
            [.respell(old: "a", new: "A"), .add("p"), .remove("c")],
            placeholder: "p"
        )
        #expect(
            request.modifications("member")
                == [Modification(.delete, "member", ["a", "c"]), Modification(.add, "member", ["A", "p"])]
        )
    }

    @Test(arguments: [
        (LDAPResultCode.assertionFailed, ValueEditing.Verdict.look), (.noSuchObject, .look),
        (.busy, .stop(.unavailable)), (.unavailable, .stop(.unavailable)), (.timeLimitExceeded, .stop(.unavailable)),
        (
            .undefinedAttributeType,
            .stop(.refused(Refusal(reason: .invalid, code: 17, message: "words")))
        ), (.referral, .stop(.refused(Refusal(reason: .notAllowed, code: 10, message: "words")))),
        (.constraintViolation, .goOn), (.insufficientAccessRights, .goOn), (.objectClassViolation, .goOn),
    ])
    func `what concerns no value ends the edit`(code: LDAPResultCode, verdict: ValueEditing.Verdict) throws {
        var editing = ValueEditing(Self.edits(["a", "b"], []))
        let next = editing.next()
        let request = try #require(next)
        let error = LDAPError.refused(.modify, LDAPResult(code: code, diagnosticMessage: "words"))
        #expect(editing.failed(request, error) == verdict)
        #expect(editing.refused.isEmpty)
        #expect((editing.next() == nil) == (verdict != .goOn))
    }

    @Test(arguments: [
        (LDAPError.timedOut(.modify, wasSent: true), WriteOutcome.unknown),
        (.timedOut(.modify, wasSent: false), .unavailable),
        (.connectionLost(.modify, .serverDown, message: "", wasSent: true), .unknown),
    ])
    func `a lost answer leaves the edit unknown`(error: LDAPError, outcome: WriteOutcome) throws {
        var editing = ValueEditing(Self.edits(["a", "b"], []))
        let next = editing.next()
        let request = try #require(next)
        #expect(editing.failed(request, error) == .stop(outcome))
    }

    @Test func `a refusal by a name in a value is the value's`() throws {
        var editing = ValueEditing(Self.edits(["a"], []))
        let next = editing.next()
        let request = try #require(next)
        let error = LDAPError.refused(.modify, LDAPResult(code: .noSuchObject, diagnosticMessage: "words"))
        editing.entryIsThere(request, error)
        #expect(editing.next() == nil)
        #expect(editing.refused == [Self.refused("a", .noSuchObject, .noParent)])
    }
}
