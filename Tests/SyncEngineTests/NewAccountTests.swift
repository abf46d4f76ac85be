import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// What becomes of an account that was made disabled although it was to be enabled, and what is told of accounts.
struct NewAccountTests {
    static let disabled = Refusal(reason: .invalid, code: 19, message: "0000052D: no")

    /// An add at AD that the server made a disabled account of.
    private func madeDisabled(_ bench: Bench, answer isLost: Bool) throws -> [String] {
        try bench.create(.miniorange, "Ann")
        #expect(try bench.tell(.miniorange).first?.contains("useraccountcontrol=[512]") == true)
        guard case .add(let name, let classes, var attributes) = try #require(bench.sent.first).operation else {
            Issue.record("not an add")
            return []
        }
        attributes["useraccountcontrol"] = ["514"]
        let outcome = bench.directories.ad.perform(.add(name: name, objectClasses: classes, attributes: attributes))
        guard isLost else { return try bench.answer(outcome) }
        try bench.answer(.unknown)
        return try bench.pass(milliseconds: 1_000) + bench.settle()
    }

    @Test(arguments: [false, true])
    func `An account that was made disabled is enabled next, and nobody is disabled for it`(_ isLost: Bool) throws {
        let bench = try UrgencyTests.bench()
        var lines = try madeDisabled(bench, answer: isLost)
        lines += try bench.settle()
        let writes = lines.filter { $0.contains(" modify ") }
        #expect(writes.count == 1 && writes[0].hasSuffix("useraccountcontrol: [514] -> [512]"), "\(lines)")
        #expect(bench.values(.miniorange, "ann", "pwdaccountlockedtime") == "[]")
        #expect(bench.store.contents.conflicts.isEmpty && bench.engine.isQuiet)
    }

    @Test func `Where it can't be enabled it is set aside, and stays disabled on that side alone`() throws {
        let bench = try UrgencyTests.bench()
        #expect(try madeDisabled(bench, answer: false).count == 1)
        try bench.answer(.refused(Self.disabled))
        try bench.settle()
        #expect(bench.quarantine == ["refused by ad: invalid"])
        #expect(bench.values(.ad, "ann", "useraccountcontrol") == "[514]")
        #expect(bench.values(.miniorange, "ann", "pwdaccountlockedtime") == "[]")
    }

    @Test func `Where AD wants another password at the first logon, the other side does too`() throws {
        let bench = try Bench { specification in
            specification.attributes += [
                AttributeSpecification(
                    ad: "userAccountControl",
                    miniorange: "pwdAccountLockedTime",
                    type: .accountEnabled
                ),
                AttributeSpecification(ad: "pwdLastSet", miniorange: "pwdReset", type: .mustChangePassword),
            ]
        }
        try bench.create(.miniorange, "Ann")
        try bench.tell(.miniorange)
        guard case .add(let name, let classes, var attributes) = try #require(bench.sent.first).operation else {
            Issue.record("not an add")
            return
        }
        attributes["pwdlastset"] = ["0"]
        let made = bench.directories.ad.perform(.add(name: name, objectClasses: classes, attributes: attributes))
        try bench.answer(made)
        try bench.settle()
        #expect(bench.values(.miniorange, "ann", "pwdreset") == "[TRUE]")
        #expect(bench.values(.ad, "ann", "pwdlastset") == "[0]")
        #expect(bench.store.contents.conflicts.isEmpty && bench.engine.isQuiet)
    }

    @Test func `Somebody's disable of a new account goes to the other side`() throws {
        let bench = try UrgencyTests.bench()
        try bench.create(.miniorange, "Ann")
        try bench.settle()
        try bench.set(.ad, try #require(bench.counterpart(.ad, "ann")), "useraccountcontrol", ["514"])
        try bench.settle()
        #expect(bench.values(.miniorange, "ann", "pwdaccountlockedtime") == "[000001010000Z]")
    }

    @Test(arguments: Side.allCases)
    func `Each write to an account is told with what became of it`(_ side: Side) throws {
        let bench = try UrgencyTests.bench()
        let ann = try UrgencyTests.people(["Ann"], bench)[0]
        #expect(bench.engine.accountChanges.isEmpty)
        try UrgencyTests.disable(ann, at: side, bench)
        try bench.tell(side)
        let name = try #require(bench.directories[side.opposite].name(of: ann[side.opposite]))
        try bench.answer()
        // Told in the step that took the answer; later steps have news of their own.
        #expect(bench.accountChanges.map(\.events) == [[.created], [.disabled]])
        #expect(
            bench.accountChanges.last
                == AccountChange(side: side.opposite, entry: name, events: [.disabled], author: nil, outcome: .done)
        )
        try bench.delete(side, ann[side])
        try bench.tell(side)
        try bench.answer(.refused(Self.disabled))
        #expect(bench.accountChanges.last?.events == [.deleted])
        #expect(bench.accountChanges.last?.outcome == .refused(Self.disabled))
    }

    @Test func `Of other writes nothing is told`() throws {
        let bench = try UrgencyTests.bench()
        let ann = try UrgencyTests.people(["Ann"], bench)[0]
        try bench.set(.ad, ann.ad, "mail", ["a@syncline.test"])
        try bench.settle()
        #expect(bench.accountChanges.map(\.events) == [[.created]])
    }
}
