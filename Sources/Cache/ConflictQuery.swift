package import SyncModel

/// Which conflicts of the report are asked for. What is nil does not matter.
package struct ConflictQuery: Hashable, Sendable {
    package enum SubjectKind: Hashable, Sendable, CaseIterable {
        case attribute, existence, member
    }

    package enum Joins: Hashable, Sendable {
        case included
        /// Differences that were found when both entries were joined, and nothing else.
        case only
        case leftOut
    }

    package enum Order: Hashable, Sendable {
        case newestFirst, oldestFirst
    }

    /// Found at this time or later.
    package var since: Timestamp?
    /// Found before this time.
    package var until: Timestamp?
    package var pair: PairID?
    /// A configured object.
    package var object: String?
    package var subject: SubjectKind?
    /// A canonical name; implies that the subject is an attribute.
    package var attribute: String?
    package var winner: Side?
    package var rule: ConflictRule?
    package var decision: ConflictRecord.Decision?
    package var state: ConflictState?
    package var joins: Joins

    package init(
        since: Timestamp? = nil,
        until: Timestamp? = nil,
        pair: PairID? = nil,
        object: String? = nil,
        subject: SubjectKind? = nil,
        attribute: String? = nil,
        winner: Side? = nil,
        rule: ConflictRule? = nil,
        decision: ConflictRecord.Decision? = nil,
        state: ConflictState? = nil,
        joins: Joins = .included
    ) {
        self.since = since
        self.until = until
        self.pair = pair
        self.object = object
        self.subject = subject
        self.attribute = attribute
        self.winner = winner
        self.rule = rule
        self.decision = decision
        self.state = state
        self.joins = joins
    }

    package func matches(_ head: ConflictHead) -> Bool {
        func fits<Value: Equatable>(_ wanted: Value?, _ value: Value?) -> Bool { wanted == nil || wanted == value }
        if let since, head.time < since { return false }
        if let until, head.time >= until { return false }
        let attribute: String? = if case .attribute(let name) = head.subject { name } else { nil }
        return fits(pair, head.pair) && fits(object, head.object) && fits(winner, head.winner) && fits(rule, head.rule)
            && fits(decision, head.decision) && fits(state, head.state) && fits(self.attribute, attribute)
            && fits(subject, head.subject.kind) && (joins == .included || head.isJoin == (joins == .only))
    }
}

extension ConflictRecord.Subject {
    package var kind: ConflictQuery.SubjectKind {
        switch self {
        case .attribute: .attribute
        case .existence: .existence
        case .member: .member
        }
    }
}
