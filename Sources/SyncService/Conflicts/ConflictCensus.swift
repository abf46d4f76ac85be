import Cache
import SyncModel

/// How many conflicts there are of each sort, for charts.
struct ConflictCensus {
    struct Count: Equatable {
        var name: String
        var count: Int
    }

    private(set) var total = 0
    private(set) var held = 0
    private(set) var byPerson = 0
    private(set) var joins = 0
    private(set) var first: Timestamp?
    private(set) var last: Timestamp?
    private var attributes: [String: Int] = [:]
    private var outcomes: [String: Int] = [:]
    private var steps: [String: Int] = [:]
    private var days: [String: Int] = [:]

    mutating func add(_ conflict: StoredConflict) {
        let record = conflict.record
        total += 1
        switch conflict.state {
        case .held: held += 1
        case .person: byPerson += 1
        case .automatic, .agreed: break
        }
        if record.isJoin { joins += 1 }
        first = min(first ?? record.time, record.time)
        last = max(last ?? record.time, record.time)
        attributes[conflict.title, default: 0] += 1
        outcomes[conflict.outcome, default: 0] += 1
        let isPlain = record.decision == .held || record.decision == .configuredSide
        steps[record.rule.name + (isPlain ? "" : ", \(record.decision.short)"), default: 0] += 1
        days[record.time.day, default: 0] += 1
    }

    /// The most frequent first; what is beyond `limit` is added up.
    func byAttribute(limit: Int = 12) -> [Count] { Self.ranked(attributes, limit) }
    func byOutcome() -> [Count] { Self.ranked(outcomes, 8) }
    func byRule() -> [Count] { Self.ranked(steps, 8) }

    /// In order of time, days without any included; at most so many days, the last ones.
    func byDay(limit: Int = 60) -> [Count] {
        guard let first, let last else { return [] }
        let day: Int64 = 86_400_000
        var start = first.milliseconds / day * day
        let end = last.milliseconds / day * day
        start = max(start, end - Int64(limit - 1) * day)
        return stride(from: start, through: end, by: Int64.Stride(day)).map {
            let name = Timestamp(milliseconds: $0).day
            return Count(name: name, count: days[name] ?? 0)
        }
    }

    private static func ranked(_ counts: [String: Int], _ limit: Int) -> [Count] {
        let sorted = counts.map { Count(name: $0.key, count: $0.value) }.sorted {
            $0.count != $1.count ? $0.count > $1.count : $0.name < $1.name
        }
        guard sorted.count > limit else { return sorted }
        let rest = sorted[(limit - 1)...]
        let sum = rest.reduce(0) { $0 + $1.count }
        return sorted.prefix(limit - 1) + [Count(name: "\(rest.count) others", count: sum)]
    }
}
