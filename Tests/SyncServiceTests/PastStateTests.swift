import SyncModel
import Testing

@testable import SyncService

/// What was agreed at an earlier time, told from what is agreed now and what was written since.
struct PastStateTests {
    private static let pair = PairID(1)

    private static func line(
        _ event: HistoryRecord.Event,
        _ before: Attributes = [:],
        _ names: [String] = [],
        members: [HistoryRecord.MemberChange] = [],
        of pair: PairID = pair
    ) -> HistoryRecord {
        HistoryRecord(
            pair: pair,
            time: Timestamp(milliseconds: 0),
            event: event,
            side: .ad,
            cause: .changedAtMiniOrange,
            attributes: names,
            members: members,
            before: before
        )
    }

    @Test func `writes are undone from the newest to the oldest`() {
        let state = PastState(
            of: Self.pair,
            now: ["title": ["c"], "mail": ["m"]],
            undoing: [
                Self.line(.modified, ["title": ["b"]], ["title"]),
                Self.line(.modified, ["title": ["a"]], ["mail", "title"]),
            ]
        )
        #expect(state.values == ["title": ["a"]])
    }

    @Test func `who was added was not there, and who was deleted was`() {
        #expect(PastState(of: Self.pair, now: ["cn": ["x"]], undoing: [Self.line(.added)]).values == nil)
        #expect(
            PastState(of: Self.pair, now: nil, undoing: [Self.line(.deleted, ["cn": ["x"]])]).values == ["cn": ["x"]]
        )
    }

    @Test func `memberships are told from either end`() {
        let changes = [HistoryRecord.MemberChange(member: PairID(7), isPresent: true)]
        let group = PastState(of: Self.pair, now: [:], undoing: [Self.line(.membersChanged, members: changes)])
        #expect(group.membersChanged == [PairID(7): false])
        let member = PastState(
            of: PairID(7),
            now: ["cn": ["x"]],
            undoing: [Self.line(.membersChanged, members: changes), Self.line(.modified, ["cn": ["y"]], ["cn"])]
        )
        #expect(member.membersChanged == [Self.pair: false])
        #expect(member.values == ["cn": ["x"]], "the group's own changes are not the member's")
    }

    @Test func `before a join nothing is known`() {
        #expect(PastState(of: Self.pair, now: [:], undoing: [Self.line(.joined)]).isBeforeJoin)
    }
}
