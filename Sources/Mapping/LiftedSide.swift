import SyncModel

/// One side while it is being lifted.
struct LiftedSide {
    /// One list for each rule: the side's values, of references the pairs.
    private(set) var elements: [[Octets]]
    /// What the rules make of them.
    var values: [CanonicalValue]
    /// Rules of which the side can't be said to hold anything. Nearly always empty.
    private(set) var unknown: [Int] = []
    private(set) var unresolved: [Reference] = []

    init(elements: [[Octets]]) {
        self.elements = elements
        values = Array(repeating: CanonicalValue(), count: elements.count)
    }

    func isKnown(_ rule: Int) -> Bool { unknown.isEmpty || !unknown.contains(rule) }

    mutating func set(_ rule: Int, _ value: CanonicalValue?) {
        if let value { values[rule] = value } else { unknown.append(rule) }
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
