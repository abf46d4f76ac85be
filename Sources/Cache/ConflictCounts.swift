package import SyncModel

/// How many conflicts of each sort there are.
package struct ConflictCounts: Hashable, Sendable {
    package private(set) var total = 0
    /// By canonical name; existence and memberships are apart.
    package private(set) var byAttribute: [String: Int] = [:]
    package private(set) var bySubject: [ConflictQuery.SubjectKind: Int] = [:]
    /// By configured object; conflicts of none are left out.
    package private(set) var byObject: [String: Int] = [:]
    package private(set) var byWinner = PerSide(both: 0)
    package private(set) var byRule: [ConflictRule: Int] = [:]
    package private(set) var byDecision: [ConflictRecord.Decision: Int] = [:]
    package private(set) var byState: [ConflictState: Int] = [:]
    /// By the number of whole days from 1970-01-01 UTC.
    package private(set) var byDay: [Int: Int] = [:]
    package private(set) var joins = 0

    private static let millisecondsOfDay: Int64 = 86_400_000

    package init() {}

    package mutating func add(_ head: ConflictHead) {
        total += 1
        if case .attribute(let name) = head.subject { byAttribute[name, default: 0] += 1 }
        bySubject[head.subject.kind, default: 0] += 1
        if let object = head.object { byObject[object, default: 0] += 1 }
        byWinner[head.winner] += 1
        byRule[head.rule, default: 0] += 1
        byDecision[head.decision, default: 0] += 1
        byState[head.state, default: 0] += 1
        byDay[Self.day(head.time), default: 0] += 1
        if head.isJoin { joins += 1 }
    }

    package static func day(_ time: Timestamp) -> Int {
        let (days, rest) = time.milliseconds.quotientAndRemainder(dividingBy: millisecondsOfDay)
        return Int(rest < 0 ? days - 1 : days)
    }
}
