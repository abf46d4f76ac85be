/// Attribute names with their values. Names are lower-cased; values are sorted and free of duplicates; an attribute without values is absent.
package struct Attributes: Hashable, Sendable {
    package struct Item: Hashable, Sendable {
        package let name: String
        package let values: [Octets]

        /// `values` must be sorted, free of duplicates and not empty.
        package init(name: String, values: [Octets]) {
            self.name = name
            self.values = values
        }
    }

    /// Sorted by name, so that equality and every walk have one order.
    package private(set) var items: [Item]

    package init() { items = [] }

    /// `items` must be sorted by name with sorted, non-empty values: what a cache record holds.
    package init(sorted items: [Item]) { self.items = items }

    package var isEmpty: Bool { items.isEmpty }
    package var names: [String] { items.map(\.name) }

    /// The values of an attribute, sorted; empty where it is absent.
    package subscript(name: String) -> [Octets] {
        get {
            let position = firstPosition(of: name)
            return position < items.count && items[position].name == name ? items[position].values : []
        }
        set {
            let position = firstPosition(of: name)
            let exists = position < items.count && items[position].name == name
            if newValue.isEmpty {
                if exists { items.remove(at: position) }
                return
            }
            let item = Item(name: name, values: Attributes.canonicalOrder(newValue))
            if exists { items[position] = item } else { items.insert(item, at: position) }
        }
    }

    /// The names of attributes whose values are not the same in both, sorted.
    package static func differing(_ first: Attributes, _ second: Attributes) -> [String] {
        if first == second { return [] }
        var names: [String] = []
        var (left, right) = (first.items[...], second.items[...])
        while let a = left.first, let b = right.first {
            if a.name == b.name {
                if a.values != b.values { names.append(a.name) }
                left.removeFirst()
                right.removeFirst()
            } else if a.name < b.name {
                names.append(a.name)
                left.removeFirst()
            } else {
                names.append(b.name)
                right.removeFirst()
            }
        }
        return names + left.map(\.name) + right.map(\.name)
    }

    private func firstPosition(of name: String) -> Int {
        if let last = items.last, last.name < name { return items.count }
        var low = 0
        var high = items.count
        while low < high {
            let middle = (low + high) / 2
            if items[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func canonicalOrder(_ values: [Octets]) -> [Octets] {
        guard values.count > 1 else { return values }
        var ordered: [Octets] = []
        ordered.reserveCapacity(values.count)
        for value in values.sorted() where ordered.last != value { ordered.append(value) }
        return ordered
    }
}

extension Attributes: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, [Octets])...) {
        self.init()
        for (name, values) in elements { self[name] = values }
    }
}
