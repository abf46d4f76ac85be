import Support
import SyncModel

/// What the users did, as told by themselves: the truth that the oracles judge by.
struct UserHistory {
    struct Written {
        var order: Int
        var side: Side
        var attribute: String
        /// Nil where a value was taken away or the attribute emptied.
        var value: Octets?
        var effect: Effect
    }

    /// What a write did to the values that were there.
    enum Effect {
        case replacedAll
        case added
        case removed(Octets)
    }

    struct Person {
        var writes: [Written] = []
        /// Each delete by a user: when, and where.
        var deletes: [(order: Int, side: Side)] = []
        /// Each creation by a user: when, and where.
        var creations: [(order: Int, side: Side)] = []
    }

    private(set) var people: [Octets: Person] = [:]
    /// Groups by where users made them.
    var groups: [Octets: [Side]] = [:]
    /// Names of deleted groups.
    var formerNames: [Octets] = []
    /// Whom users made before everything was last at rest.
    private var old: Set<Octets> = []
    private var order = 0
    /// The moments at which everything was done and nobody waited for anything.
    private(set) var settledOrders: [Int] = []
    /// The next number of a person or a value.
    private var number = 0

    mutating func nextNumber() -> Int {
        number += 1
        return number
    }

    private mutating func nextOrder() -> Int {
        order += 1
        return order
    }

    mutating func created(_ person: Octets, _ side: Side) {
        people[person, default: Person()].creations.append((nextOrder(), side))
    }

    mutating func wrote(
        _ person: Octets,
        _ side: Side,
        _ attribute: String,
        _ value: Octets?,
        _ effect: Effect = .replacedAll
    ) {
        people[person, default: Person()].writes.append(
            Written(order: nextOrder(), side: side, attribute: attribute, value: value, effect: effect)
        )
    }

    mutating func deleted(_ person: Octets, _ side: Side) {
        people[person, default: Person()].deletes.append((nextOrder(), side))
    }

    mutating func settled() {
        settledOrders.append(order)
        old = Set(people.keys).union(groups.keys)
    }

    /// Whether users made it since everything was last at rest.
    func isNew(_ id: Octets) -> Bool { !old.contains(id) && (people[id] != nil || groups[id] != nil) }

    func wasEverDeleted(_ person: Octets) -> Bool { people[person]?.deletes.isEmpty == false }

    /// In one order on each run.
    var sorted: [(Octets, Person)] { people.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
}
