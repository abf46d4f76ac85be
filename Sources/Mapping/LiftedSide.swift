import SyncModel

/// One side while it is being lifted.
struct LiftedSide {
    /// One list for each rule: the side's values, of references the pairs.
    private(set) var elements: [[Octets]]
    /// What the rules make of them; nil where that is the elements themselves, as it is nearly always.
    private var lifted: [CanonicalValue?]
    /// Rules of which the side can't be said to hold anything. Nearly always empty.
    private(set) var unknown: [Int] = []
    private(set) var unresolved: [Reference] = []

    init(elements: [[Octets]]) {
        self.elements = elements
        lifted = Array(repeating: nil, count: elements.count)
    }

    subscript(rule: Int) -> CanonicalValue {
        get { lifted[rule] ?? CanonicalValue(primary: elements[rule]) }
        set { lifted[rule] = newValue }
    }

    func values(_ part: Slot.Part, of rule: Int) -> [Octets] {
        switch part {
        case .primary: lifted[rule]?.primary ?? elements[rule]
        case .others: lifted[rule]?.others ?? []
        case .standIn: lifted[rule]?.standIn ?? []
        }
    }

    func isKnown(_ rule: Int) -> Bool { unknown.isEmpty || !unknown.contains(rule) }

    mutating func set(_ rule: Int, _ value: CanonicalValue?) {
        if let value { lifted[rule] = value } else { unknown.append(rule) }
    }

    /// Puts pairs in the place of references. If one has none (yet), nothing is known of the rule.
    mutating func resolve(_ side: Side, _ rule: Int, _ resolver: some ReferenceResolver) throws {
        guard !elements[rule].isEmpty else { return }
        var pairs: [Octets] = []
        var isComplete = true
        for value in elements[rule] {
            guard let reference = Reference(value) else {
                isComplete = false
                continue
            }
            if case .entry(let anchor) = reference, let pair = try resolver.pairID(side, anchor) {
                pairs.append(Octets(pair.rawValue.bigEndianOctets))
            } else {
                unresolved.append(reference)
                isComplete = false
            }
        }
        if isComplete {
            elements[rule] = pairs.count > 1 ? Array(Set(pairs)).sorted() : pairs
        } else {
            unknown.append(rule)
        }
    }
}
