import SyncEngine
import SyncModel

/// What `POST /holds/ID/approve` and `/holds/ID/reject` are sent: the numbers of the pairs that are decided about.
struct HoldDecisionRequest: Codable, Equatable {
    var pairs: [UInt64]
}

/// What it answers.
struct HoldDecisionReply: Codable, Equatable {
    var answer: String
    /// Why it is not possible.
    var reason: String?
    /// Pairs that were no longer held.
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
        case .notPossible(let reason):
            self.answer = "not-possible"
            self.reason = reason
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
    func json(of id: HoldID, entries: Int) -> JSONValue {
        .object([
            ("id", .int(Int(clamping: id.rawValue))), ("answer", .string(answer)), ("reason", .string(orNull: reason)),
            ("done", .int(isDecided ? entries - leftAlone : 0)), ("moved", .int(moved.count)),
            ("oneWay", .int(oneWay.count)),
        ])
    }

    /// For a person.
    func words(of count: Int) -> String {
        switch answer {
        case "decided":
            var words = count == 0 ? "done" : "done for \(count - leftAlone)"
            if !moved.isEmpty { words += "; \(moved.count) are no longer held and were left alone" }
            if !oneWay.isEmpty {
                words += "; \(oneWay.count) can't be made again: their object goes one way, and not to that side"
            }
            return words
        case "no-such-hold": return "not done: the hold is not open any more"
        default: return "not done: \((reason ?? answer).printable)"
        }
    }
}
