/// A table in memory with its keys in order.
package struct SortedTable<Key: Hashable & Comparable & Sendable, Value: Sendable>: Sendable {
    /// Runs of keys, none of them empty, so that a new key moves few others.
    private var runs: [[Key]] = []
    private var values: [Key: Value] = [:]
    private static var runLimit: Int { 512 }

    package init() {}

    package var count: Int { values.count }
    package var keys: [Key] { Array(runs.joined()) }

    package subscript(key: Key) -> Value? {
        get { values[key] }
        set {
            let exists = values[key] != nil
            values[key] = newValue
            if exists && newValue == nil { remove(key) }
            if !exists && newValue != nil { insert(key) }
        }
    }

    /// The least key that `isBelow` does not hold for; it must hold for none after one for which it does not.
    package func first(notBelow isBelow: (Key) -> Bool) -> Key? {
        let run = firstRun(isBelow)
        guard run < runs.count else { return nil }
        return runs[run][Self.firstPosition(in: runs[run], isBelow)]
    }

    /// The least key beyond `key`, or the least of all.
    package func next(after key: Key?) -> Key? {
        guard let key else { return runs.first?.first }
        return first { $0 <= key }
    }

    private mutating func insert(_ key: Key) {
        guard !runs.isEmpty else {
            runs.append([key])
            return
        }
        let run = min(firstRun { $0 < key }, runs.count - 1)
        runs[run].insert(key, at: Self.firstPosition(in: runs[run]) { $0 < key })
        guard runs[run].count > Self.runLimit else { return }
        let half = Self.runLimit / 2
        runs.insert(Array(runs[run][half...]), at: run + 1)
        runs[run].removeSubrange(half...)
    }

    private mutating func remove(_ key: Key) {
        let run = firstRun { $0 < key }
        runs[run].remove(at: Self.firstPosition(in: runs[run]) { $0 < key })
        if runs[run].isEmpty { runs.remove(at: run) }
    }

    /// The first run whose last key `isBelow` does not hold for.
    private func firstRun(_ isBelow: (Key) -> Bool) -> Int {
        Self.firstPosition(in: runs) { isBelow($0[$0.count - 1]) }
    }

    private static func firstPosition<Element>(in list: [Element], _ isBelow: (Element) -> Bool) -> Int {
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if isBelow(list[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
