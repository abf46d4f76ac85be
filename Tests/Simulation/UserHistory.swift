import Support
import SyncModel

/// What the users did, as told by themselves: the truth that the oracles judge by.
struct UserHistory {
    struct Written {
        var order: Int
        /// True time.
        var time: Timestamp
        var side: Side
        var attribute: String
        /// Nil where a value was taken away or the attribute emptied.
        var value: Octets?
        var effect: Effect

        var isAddition: Bool { if case .added = effect { true } else { false } }
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
        /// Of the entry that was deleted last.
        var account: Octets?
        var place: [Octets]?
    }

    /// A side that was set back.
    private struct Loss {
        var side: Side
        /// From which moment to which.
        var from: Int
        var to: Int
        /// The values that users wrote on any side and the backup lacks.
        var lacks: Set<Octets>
        /// Those of this side that the other side could not hold.
        var lonely: Set<Octets>

        func isOf(_ write: Written) -> Bool { write.side == side && write.order > from && write.order <= to }
    }

    /// Who took another's name since everything was at rest. Who is deleted meanwhile, and brought back, has a name that is another's for good.
    private(set) var swapping: Set<Octets> = []
    /// True time.
    var now = Timestamp(milliseconds: 0)
    /// Sides whose changes did not count, and the moments from which on and up to which: a configuration had them overwritten.
    private var deafness: [(side: Side, from: Int, to: Int?)] = []
    /// Attributes that a configuration left out, and the moments from which on and up to which.
    private var leftOut: [(attribute: String, from: Int, to: Int?)] = []
    /// Likewise where the account could not read it.
    private var unreadable: [(attribute: String, from: Int, to: Int?)] = []
    private(set) var people: [Octets: Person] = [:]
    private var byValue: [Octets: [Written]] = [:]
    /// Groups by where users made them.
    var groups: [Octets: [Side]] = [:]
    /// Names of deleted groups, and of those that were deleted before everything was last at rest.
    var formerNames: [Octets] = []
    /// Which groups had them.
    var formerHolders: [Octets: Set<Octets>] = [:]
    private(set) var settledFormerNames: [Octets] = []
    /// Whom users made before everything was last at rest.
    private var old: Set<Octets> = []
    private var order = 0
    private var losses: [Loss] = []
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
        let written = Written(
            order: nextOrder(),
            time: now,
            side: side,
            attribute: attribute,
            value: value,
            effect: effect
        )
        people[person, default: Person()].writes.append(written)
        if let value { byValue[value, default: []].append(written) }
    }

    /// Whoever's they are.
    func writes(of value: Octets) -> [Written] { byValue[value] ?? [] }

    /// A value of somebody's that stands in a text as a word of its own.
    func value(quotedIn text: String) -> Octets? {
        text.split { !($0.isLetter || $0.isNumber || $0 == "@" || $0 == ".") }.lazy.map { Octets(String($0)) }.first {
            byValue[$0] != nil
        }
    }

    /// `account`: by which the entry was known that is gone; `place`: where it stood.
    mutating func deleted(_ person: Octets, _ side: Side, account: Octets?, place: [Octets]?) {
        people[person, default: Person()].deletes.append((nextOrder(), side))
        people[person, default: Person()].account = account
        people[person, default: Person()].place = place
    }

    /// From now until everything is at rest, and of what is not yet at rest, too.
    mutating func stopsCounting(on side: Side) {
        deafness.append((side, settledOrders.last ?? 0, nil))
    }

    /// Whether what was done there and then had to be carried to the other side.
    func counts(_ order: Int, on side: Side) -> Bool {
        !deafness.contains { $0.side == side && order > $0.from && order <= $0.to ?? .max }
    }

    /// From now on, and for what is not yet at rest, an attribute is not looked at; another one, or nil, ends that.
    mutating func leaves(out attribute: String?) {
        for index in leftOut.indices where leftOut[index].to == nil { leftOut[index].to = order }
        if let attribute { leftOut.append((attribute.lowercased(), settledOrders.last ?? 0, nil)) }
    }

    /// From now on, and for what is not yet at rest, a side's attribute can't be read, or can be again.
    mutating func sees(_ attribute: String, _ isReadable: Bool) {
        for index in unreadable.indices where unreadable[index] == (attribute, unreadable[index].from, nil) {
            unreadable[index].to = order
        }
        if !isReadable { unreadable.append((attribute, settledOrders.last ?? 0, nil)) }
    }

    /// Whether an attribute may not have been looked at when it was written.
    func wasLeftOut(_ write: Written) -> Bool {
        (leftOut + unreadable).contains {
            $0.attribute == write.attribute && write.order > $0.from && write.order <= $0.to ?? .max
        }
    }

    /// Now, in the order of what users do.
    var present: Int { order }

    /// A server was set back to where it was at a moment, and lacks these values since; `lonely`: what the other side could not hold, so that it is nowhere now.
    mutating func lost(since moment: Int, on side: Side, lacking values: Set<Octets>, lonely: Set<Octets>) {
        losses.append(Loss(side: side, from: moment, to: order, lacks: values, lonely: lonely))
    }

    /// Whether a value that a server has lost since stood there alone. Which of several the other side holds shows when they are carried, not when they are written.
    func stoodAlone(whenLost write: Written) -> Bool {
        losses.contains { $0.isOf(write) && write.value.map($0.lonely.contains) == true }
    }

    /// Whether a person was out of the scope of either side, so that nothing of him was carried to the other one, when a server was set back that has lost this write
    /// since, or at some time that it lacks.
    func wasElsewhere(_ person: Person, whenLost write: Written) -> Bool {
        losses.contains { loss in
            guard loss.isOf(write) else { return false }
            return Side.allCases.contains { side in
                let moves = person.writes.filter {
                    $0.side == side && ($0.attribute == "@elsewhere" || $0.attribute == "@parent")
                }
                return moves.last { $0.order <= loss.from }?.attribute == "@elsewhere"
                    || moves.contains {
                        $0.attribute == "@elsewhere" && $0.order > loss.from && $0.order <= loss.to
                    }
            }
        }
    }

    /// Whether the side of a later write was set back in between to where it did not know of this one.
    func isLacked(_ write: Written, by later: Written) -> Bool {
        losses.contains { loss in
            loss.side == later.side && write.order <= loss.to && loss.to < later.order
                && write.value.map(loss.lacks.contains) == true
        }
    }

    func hadAccount(_ person: Octets, endingIn ending: UInt8) -> Bool {
        people[person]?.writes.contains { $0.attribute == "samaccountname" && $0.value?.bytes.last == ending } ?? false
    }

    mutating func swapped(_ people: Octets...) { swapping.formUnion(people) }

    mutating func settled() {
        swapping = []
        settledOrders.append(order)
        settledFormerNames = formerNames
        for index in deafness.indices where deafness[index].to == nil { deafness[index].to = order }
        old = Set(people.keys).union(groups.keys)
    }

    /// Whether somebody was deleted, and made again since everything was last at rest. What is left of him is somebody else as soon as it has another account.
    func isBack(_ person: Octets) -> Bool {
        guard let past = people[person], !past.deletes.isEmpty else { return false }
        return (past.creations.last?.order ?? 0) > settledOrders.last ?? 0
    }

    /// Whether users made it since everything was last at rest.
    func isNew(_ id: Octets) -> Bool { !old.contains(id) && (people[id] != nil || groups[id] != nil) }

    func wasEverDeleted(_ person: Octets) -> Bool { people[person]?.deletes.isEmpty == false }

    /// In one order on each run.
    var sorted: [(Octets, Person)] { people.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
}
