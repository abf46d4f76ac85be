import SyncModel

/// Walks attributes and rules in step, both sorted by name, so that a merge looks nothing up.
struct AttributeWalk {
    private let items: [Attributes.Item]
    private var position = 0
    private var passed: [Attributes.Item] = []

    init(_ attributes: Attributes) { items = attributes.items }

    /// The values of an attribute; names must be asked for in ascending order.
    mutating func values(of name: String) -> [Octets] {
        while position < items.count {
            let item = items[position]
            if item.name == name {
                position += 1
                return item.values
            }
            if name < item.name { return [] }
            passed.append(item)
            position += 1
        }
        return []
    }

    /// Those that nobody asked for.
    var unasked: [Attributes.Item] { passed + items[position...] }
}
