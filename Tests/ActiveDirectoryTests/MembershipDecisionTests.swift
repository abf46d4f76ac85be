import LDAPClient
import SyncModel
import Testing

@testable import ActiveDirectory

@Suite("What is decided about memberships")
struct MembershipDecisionTests {
    private static let group = Anchor(high: 1, low: 2)

    private static func entry(_ attributes: [LDAPAttribute]) -> LDAPEntry {
        let guid = LDAPAttribute("objectGUID", [Octets(group.octets)])
        return LDAPEntry(dn: "<GUID=\(group.text(on: .ad))>;CN=g,DC=test", attributes: [guid] + attributes)
    }

    @Test(
        arguments: [
            (
                [LDAPAttribute("member;range=1-1", ["a", "b"])],
                [AttributeEdit(kind: .add, name: "member", values: ["a", "b"])], false
            ),
            (
                [LDAPAttribute("Member;Range=0-0", ["a"])],
                [AttributeEdit(kind: .delete, name: "member", values: ["a"])], false
            ),
            (
                [LDAPAttribute("member;range=0-0", ["a"]), LDAPAttribute("member;range=1-1", ["b"])],
                [
                    AttributeEdit(kind: .delete, name: "member", values: ["a"]),
                    AttributeEdit(kind: .add, name: "member", values: ["b"]),
                ], false
            ),
            ([LDAPAttribute("member", ["a"])], [], true),
            ([LDAPAttribute("member;range=0-1499", ["a"])], [], true),
        ] as [([LDAPAttribute], [AttributeEdit], Bool)]
    )
    func dirSyncTellsWhoCameAndWhoWent(attributes: [LDAPAttribute], edits: [AttributeEdit], isWhole: Bool) throws {
        let news = try #require(MemberNews(Self.entry(attributes), attributes: ["member"]))
        #expect(news.anchor == Self.group)
        #expect(news.name == (try DistinguishedName(parsing: "CN=g,DC=test")))
        #expect(news.edits == edits)
        #expect(news.isWhole == isWhole)
        #expect(news.changes(version: .unordered).isEmpty == edits.isEmpty)
    }

    @Test(arguments: [
        [], [LDAPAttribute("description", ["x"])], [LDAPAttribute("member", [])],
        [LDAPAttribute("manager;range=1-1", ["x"])],
    ])
    func anEntryWithoutMembershipsTellsNone(attributes: [LDAPAttribute]) {
        #expect(MemberNews(Self.entry(attributes), attributes: ["member"]) == nil)
    }

    @Test func manyEditsOfOneGroupAreToldInParts() throws {
        let values = (0..<25_000).map { Octets("\($0)") }
        let news = try #require(
            MemberNews(Self.entry([LDAPAttribute("member;range=1-1", values)]), attributes: ["member"])
        )
        let changes = news.changes(version: .unordered)
        #expect(changes.count == 3)
        let told = changes.flatMap { change -> [Octets] in
            if case .members(Self.group, let edits, _) = change { edits.flatMap(\.values) } else { [] }
        }
        #expect(told == values)
        #expect(ChangeBatches.split(changes).map(\.count) == [1, 2])
    }

    @Test(
        arguments: [
            ([], [0]),
            ([1, 1, 1], [3]),
            ([4, 4, 4], [2, 1]),
            ([40, 1, 1], [1, 2]),
            ([1, 40, 1], [1, 1, 1]),
        ] as [([Int], [Int])]
    )
    func eventsHoldSoManyValuesAndOneGroupAtLeast(groups: [Int], batches: [Int]) {
        let changes = groups.map { count in
            let values = (1..<count).map { Octets("\($0)") }
            let edits = [AttributeEdit(kind: .add, name: "member", values: values)]
            return Change.members(Self.group, edits: edits, version: .unordered)
        }
        #expect(ChangeBatches.split(changes, mostValues: 8).map(\.count) == batches)
    }

    private static func news(_ add: [Octets], remove: [Octets] = []) throws -> MemberNews {
        let attributes = [LDAPAttribute("member;range=1-1", add), LDAPAttribute("member;range=0-0", remove)]
        return try #require(MemberNews(entry(attributes), attributes: ["member"]))
    }

    @Test func whatMayBeNewerThanItsLabelIsToldOnceMoreAndHeldUntilThen() throws {
        var position = DirSyncPosition(cookie: "0")
        let first = try Self.news(["a", "b"], remove: ["c"])
        #expect(
            try position.take(DirSyncQuery.Answer(members: [first], cookie: "1", hasMore: false), moved: []) == [first]
        )
        #expect(position.cookie == "1" && position.settled == "1")
        let moving = DirSyncQuery.Answer(members: [first], cookie: "2", hasMore: false)
        #expect(try position.take(moving, moved: [Self.group]) == [first])
        #expect(position.cookie == "2" && position.settled == "1")
        // One of them came back meanwhile, under another name: only the rest still holds.
        let second = try Self.news(["c", "d"])
        let next = DirSyncQuery.Answer(members: [second], cookie: "3", hasMore: false)
        #expect(try position.take(next, moved: [Self.group]) == [try Self.news(["a", "b"]), second])
        #expect(position.cookie == "3" && position.settled == "2")
        let quiet = DirSyncQuery.Answer(cookie: "4", hasMore: false)
        #expect(try position.take(quiet, moved: [Anchor(high: 9, low: 9)]) == [second])
        #expect(position.cookie == "4" && position.settled == "4")
        #expect(try position.take(quiet, moved: []) == [])
    }

    @Test func newsOfAMemberReplaceThoseOfItsFormerName() throws {
        let guid = Anchor(high: 5, low: 6).text(on: .ad)
        let old = try Self.news([Octets("<GUID=\(guid)>;CN=old,DC=test")])
        let new = try Self.news([], remove: [Octets("<GUID=\(guid)>;CN=new,DC=test")])
        #expect(old.without([new]) == nil)
        #expect(old.without([]) == old)
        var whole = new
        whole.isWhole = true
        #expect(old.without([whole]) == nil)
    }

    @Test func aServerThatPromisesMoreAndGivesNoWayToItIsMistaken() {
        var position = DirSyncPosition(cookie: "1")
        #expect(throws: ActiveDirectoryError.self) {
            try position.take(DirSyncQuery.Answer(cookie: "1", hasMore: true), moved: [])
        }
    }
}

@Suite("When memberships are asked for")
struct MemberPaceTests {
    private let start = ContinuousClock.now
    private let one = groups(0..<1)

    private static func groups(_ numbers: Range<UInt64>) -> Set<Anchor> {
        Set(numbers.map { Anchor(high: 0, low: $0) })
    }

    @Test func atFirstAndFromTimeToTime() {
        var pace = MemberPace()
        #expect(pace.isDue(start) && !pace.isOwed)
        pace.answered(start, after: .zero, groups: 0, hasMore: false)
        #expect(!pace.isDue(start + MemberPace.pulse - .milliseconds(100)))
        #expect(pace.isDue(start + MemberPace.pulse + .milliseconds(100)))
    }

    @Test func aGroupThatChangedIsOwedAnAnswer() {
        var pace = MemberPace()
        pace.saw(.groups(one), start)
        pace.saw(.noGroup, start)
        #expect(pace.isOwed && !pace.isExpected)
        pace.answered(start, after: .zero, groups: 1, hasMore: false)
        #expect(!pace.isOwed && pace.isExpected)
        pace.saw(.noGroup, start)
        #expect(!pace.isExpected)
        pace.answered(start, after: .zero, groups: 1, hasMore: true)
        #expect(pace.isOwed)
    }

    @Test(arguments: [(1, false), (10, false), (2000, false), (2000, true)])
    func anAnswerThatWasOvertakenIsFollowedByAPause(took: Int, hasMore: Bool) {
        var pace = MemberPace()
        pace.answered(start, after: .milliseconds(took), groups: 1, hasMore: hasMore)
        #expect(!pace.isPausing(start))
        pace.isOvertaken(start, by: one)
        #expect(pace.isPausing(start) == !hasMore && pace.isInStream(start) == !hasMore)
        #expect(!pace.isPausing(start + .milliseconds(25)))
        #expect(pace.isPausing(start + .milliseconds(24)) == !hasMore)
    }

    @Test(arguments: [(1, 50), (10, 160), (2000, 1000)])
    func thePauseLastsAsLongAsGroupsChangeForAWhile(took: Int, patience: Int) {
        var pace = MemberPace()
        pace.answered(start, after: .milliseconds(took), groups: 1, hasMore: false)
        pace.isOvertaken(start, by: one)
        for elapsed in stride(from: 0, to: patience, by: 10) {
            let now = start + .milliseconds(elapsed)
            pace.saw(.groups(one), now)
            #expect(pace.isPausing(now) && pace.isInStream(now))
        }
        #expect(pace.isOwed && !pace.isPausing(start + .milliseconds(patience)))
        #expect(!pace.isInStream(start + .milliseconds(patience)))
        pace.saw(.groups(one), start + .milliseconds(patience))
        #expect(!pace.isPausing(start + .milliseconds(patience)))
    }

    @Test func theMoreGroupsChangeTheLongerIsTheEndWaitedFor() {
        var pace = MemberPace()
        pace.answered(start, after: .milliseconds(8), groups: 2, hasMore: false)
        pace.isOvertaken(start, by: Self.groups(0..<2))
        pace.saw(.groups(Self.groups(1..<3)), start)
        let patience = Duration.milliseconds(3 * 4 * 16)
        #expect(pace.isInStream(start + patience - .milliseconds(1)) && !pace.isInStream(start + patience))
        pace.saw(.groups(Self.groups(0..<200)), start)
        #expect(pace.isInStream(start + .milliseconds(999)) && !pace.isInStream(start + .milliseconds(1000)))
    }

    @Test func otherEntriesDoNotProlongThePause() {
        var pace = MemberPace()
        pace.answered(start, after: .milliseconds(100), groups: 1, hasMore: false)
        pace.isOvertaken(start, by: one)
        pace.saw(.groups(one), start)
        pace.saw(.noGroup, start + .milliseconds(20))
        #expect(!pace.isPausing(start + .milliseconds(25)))
    }

    @Test func anAnswerEndsTheStream() {
        var pace = MemberPace()
        pace.answered(start, after: .milliseconds(100), groups: 1, hasMore: false)
        pace.isOvertaken(start, by: one)
        pace.answered(start, after: .zero, groups: 0, hasMore: false)
        #expect(!pace.isInStream(start))
    }

    @Test func whatOurOwnWritesDidIsAskedForLater() {
        var pace = MemberPace()
        pace.answered(start, after: .milliseconds(10), groups: 0, hasMore: false)
        pace.saw(.ownGroups, start)
        #expect(!pace.isOwed(start) && !pace.isExpected && !pace.isSettled)
        pace.saw(.ownGroups, start + .seconds(1))
        #expect(!pace.isOwed(start + MemberPace.ownDelay - .milliseconds(1)))
        #expect(pace.isOwed(start + MemberPace.ownDelay))
        pace.answered(start + .seconds(3), after: .milliseconds(10), groups: 1, hasMore: false)
        #expect(pace.isSettled && !pace.isExpected)
    }

    @Test func whatCostsMuchIsAskedForMoreSeldom() {
        var pace = MemberPace()
        pace.answered(start, after: .seconds(1), groups: 0, hasMore: false)
        pace.saw(.ownGroups, start)
        #expect(!pace.isOwed(start + .seconds(19)))
        #expect(pace.isOwed(start + .seconds(20)))
    }

    @Test func someoneElsesGroupAmongOursIsAskedForAtOnce() {
        var pace = MemberPace()
        pace.saw(.ownGroups, start)
        pace.saw(.groups(one), start)
        #expect(pace.isOwed(start) && pace.isExpected)
        pace.answered(start, after: .zero, groups: 1, hasMore: false)
        #expect(pace.isSettled && pace.isExpected)
    }

    @Test func theEndOfAShortPauseIsWaitedFor() {
        var pace = MemberPace()
        #expect(pace.wait(start) == nil)
        pace.isOvertaken(start, by: one)
        #expect(pace.wait(start + .milliseconds(10)) == .milliseconds(15))
        #expect(pace.wait(start + .milliseconds(25)) == nil)
    }
}

@Suite("How edits of values are carried out")
struct ValueEditingTests {
    private static func values(_ range: Range<Int>) -> [Octets] { range.map { Octets("\($0)") } }

    private static func editing(add: Range<Int>, remove: Range<Int> = 0..<0) -> ValueEditing {
        ValueEditing(ValueEdits(attribute: "member", add: values(add), remove: values(remove)))
    }

    private static func refused(_ code: Int32) -> LDAPError {
        .refused(.modify, LDAPResult(code: LDAPResultCode(rawValue: code)))
    }

    @Test(
        arguments: [
            (0..<0, 0..<0, []), (0..<1, 0..<0, [1]), (0..<250, 0..<0, [250]), (0..<251, 0..<0, [250, 1]),
            (0..<600, 0..<400, [250, 250, 250, 250]),
        ] as [(Range<Int>, Range<Int>, [Int])]
    )
    func valuesAreSentByTheHundred(add: Range<Int>, remove: Range<Int>, batches: [Int]) {
        #expect(Self.editing(add: add, remove: remove).batches.map(\.count) == batches)
    }

    @Test func oneModifyRemovesAndAdds() {
        let editing = Self.editing(add: 0..<2, remove: 5..<6)
        let expected = [Modification(.delete, "member", ["5"]), Modification(.add, "member", ["0", "1"])]
        #expect(editing.modifications(editing.batches[0]) == expected)
    }

    @Test func successEndsIt() {
        var editing = Self.editing(add: 0..<300)
        #expect(editing.take([nil, nil]) == nil)
        #expect(editing.isFinished && editing.hasWritten && editing.refused.isEmpty)
    }

    @Test(arguments: [16, 20, 21, 32, 53, 68] as [Int32])
    func whatMayBeDoneIsLookedAt(code: Int32) {
        var editing = Self.editing(add: 0..<3, remove: 5..<6)
        #expect(editing.take([Self.refused(code)]) == nil)
        #expect(editing.suspects.map(\.edits.count) == [4])
        // The removal is done, one addition is, and of one nothing can be told.
        editing.take(presence: [[false, true, nil, false]])
        #expect(editing.batches.map { $0.map(\.value) } == [["1", "2"]])
        #expect(editing.take([nil]) == nil)
        #expect(editing.isFinished && editing.refused.isEmpty)
    }

    @Test func whereLookingDoesNotHelpHalvesGoOnDownToTheValue() {
        var editing = Self.editing(add: 0..<8)
        let bad: Octets = "5"
        var modifies = 0
        while !editing.isFinished {
            modifies += editing.batches.count
            let answers = editing.batches.map { batch in
                batch.contains { $0.value == bad } ? Self.refused(32) : nil
            }
            #expect(editing.take(answers) == nil)
            editing.take(presence: editing.suspects.map { $0.edits.map { _ in nil } })
        }
        #expect(editing.refused.map(\.value) == [bad])
        #expect(editing.refused.first?.refusal.code == 32)
        #expect(modifies == 7)
    }

    @Test(
        arguments: [
            (68, true, true, true), (68, true, false, false), (68, true, nil, false), (53, false, false, true),
            (53, false, true, false), (53, false, nil, false), (21, false, false, true), (16, false, false, true),
        ] as [(Int32, Bool, Bool?, Bool)]
    )
    func aSingleValueIsDoneOnlyWhereItIsSeenToBe(code: Int32, isAddition: Bool, isPresent: Bool?, isDone: Bool) {
        var editing = isAddition ? Self.editing(add: 0..<1) : Self.editing(add: 0..<0, remove: 0..<1)
        #expect(editing.take([Self.refused(code)]) == nil)
        editing.take(presence: [[isPresent]])
        #expect(editing.isFinished)
        #expect(editing.refused.isEmpty == isDone)
    }

    @Test(arguments: [50, 65, 17] as [Int32])
    func whatHasNothingToDoWithTheValuesRefusesAll(code: Int32) {
        var editing = Self.editing(add: 0..<3)
        #expect(editing.take([Self.refused(code)]) == nil)
        #expect(editing.isFinished)
        #expect(editing.refused.map(\.value) == ["0", "1", "2"])
    }

    @Test func aRefusalOfAnotherKindIsHalvedWithoutALook() {
        var editing = Self.editing(add: 0..<4)
        #expect(editing.take([Self.refused(19)]) == nil)
        #expect(editing.suspects.isEmpty)
        #expect(editing.batches.map(\.count) == [2, 2])
    }

    @Test(arguments: [
        (LDAPError.timedOut(.modify, wasSent: true), WriteOutcome.unknown),
        (.refused(.modify, LDAPResult(code: .busy)), .unavailable),
        (.connectionLost(.modify, .serverDown, message: "", wasSent: false), .unavailable),
    ])
    func aLostAnswerAndABusyServerEndIt(error: LDAPError, outcome: WriteOutcome) {
        var editing = Self.editing(add: 0..<600)
        let end = editing.take([nil, error, .refused(.modify, LDAPResult(code: .busy))])
        #expect(end?.writeOutcome == outcome)
        #expect(editing.hasWritten)
    }
}
