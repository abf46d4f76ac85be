import SyncModel

/// One side's values while they are being lifted, one for each rule.
struct LiftedSide {
    var isPresent: Bool
    var values: [CanonicalValue]
    /// Rules of which the side can't be said to hold anything. Nearly always empty.
    private(set) var unknown: [Int] = []
    var unresolved: [Reference] = []

    init(isPresent: Bool, count: Int) {
        self.isPresent = isPresent
        values = isPresent ? Array(repeating: CanonicalValue(), count: count) : []
    }

    func isKnown(_ rule: Int) -> Bool { unknown.isEmpty || !unknown.contains(rule) }

    func known(_ rule: Int) -> CanonicalValue? { isKnown(rule) ? values[rule] : nil }

    mutating func set(_ rule: Int, _ value: CanonicalValue?) {
        if let value { values[rule] = value } else { unknown.append(rule) }
    }

    mutating func setStandIn(_ rule: Int, _ shown: [Octets]) {
        guard isPresent, isKnown(rule) else { return }
        values[rule].standIn = shown
    }
}
