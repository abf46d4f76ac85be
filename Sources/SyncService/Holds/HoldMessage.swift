import SyncEngine
import SyncModel

/// What a decision and its like are sent with: the numbers of the pairs that are decided about.
struct HoldDecisionRequest: Codable, Equatable {
    var pairs: [UInt64]
}

/// What it answers.
struct HoldDecisionReply: Codable, Equatable {
    var answer: String
    /// Pairs that did not wait for a decision any more.
    var moved: [UInt64] = []
    /// Pairs whose object goes one way, so that nothing can be made again where they were deleted.
    var oneWay: [UInt64] = []

    init(_ answer: HoldAnswer) {
        switch answer {
        case .decided(let moved, let oneWay):
            self.answer = "decided"
            self.moved = moved.map(\.rawValue)
            self.oneWay = oneWay.map(\.rawValue)
        case .noSuchHold: self.answer = "no-such-hold"
        }
    }

    var isDecided: Bool { answer == "decided" }
    var leftAlone: Int { moved.count + oneWay.count }

    func adding(_ other: HoldDecisionReply) -> HoldDecisionReply {
        // A hold ends with its last entry; what was asked for after that was no longer held.
        guard isDecided, other.isDecided else { return isDecided ? self : other }
        var sum = self
        sum.moved += other.moved
        sum.oneWay += other.oneWay
        return sum
    }

    /// - Parameter entries: how many were decided about.
    func json(entries: Int) -> [(String, JSONValue)] {
        [
            ("answer", .string(answer)), ("done", .int(isDecided ? entries - leftAlone : 0)),
            ("moved", .int(moved.count)), ("oneWay", .int(oneWay.count)),
        ]
    }

    /// For a person.
    func words(of count: Int) -> String {
        guard isDecided else { return "not done: the hold is not open any more" }
        var words = "done for \(count - leftAlone)"
        if !moved.isEmpty { words += "; \(moved.count) do not wait any more and were left alone" }
        if !oneWay.isEmpty {
            words += "; \(oneWay.count) can't be made again: their object goes one way, and not to that side"
        }
        return words
    }
}
