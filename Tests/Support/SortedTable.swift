/// A table in memory with its keys in order.
package struct SortedTable<Key: Hashable & Comparable & Sendable, Value: Sendable>: Sendable {
    private var order: [Key] = []
    private var values: [Key: Value] = [:]

    package init() {}

    package var count: Int { order.count }
    package var keys: [Key] { order }

    package subscript(key: Key) -> Value? {
        get { values[key] }
        set {
            let position = firstPosition { $0 < key }
            let exists = position < order.count && order[position] == key
            if newValue == nil {
                if exists { order.remove(at: position) }
            } else if !exists {
                order.insert(key, at: position)
            }
            values[key] = newValue
        }
    }

    /// The least key that `isBelow` does not hold for; it must hold for none after one for which it does not.
    package func first(notBelow isBelow: (Key) -> Bool) -> Key? {
        let position = firstPosition(isBelow)
        return position < order.count ? order[position] : nil
    }

    /// The least key beyond `key`, or the least of all.
    package func next(after key: Key?) -> Key? {
        guard let key else { return order.first }
        return first { $0 <= key }
    }

    private func firstPosition(_ isBelow: (Key) -> Bool) -> Int {
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            if isBelow(order[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
