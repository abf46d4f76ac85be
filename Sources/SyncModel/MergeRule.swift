/// Which way a rule carries values.
package enum Direction: UInt8, Hashable, Sendable {
    case both, toAD, toMiniOrange

    /// Whether values may be written to `side`.
    package func permits(writingTo side: Side) -> Bool {
        switch self {
        case .both: true
        case .toAD: side == .ad
        case .toMiniOrange: side == .miniorange
        }
    }
}

/// How a conflict is settled.
package enum ConflictRule: UInt8, Hashable, Sendable, CaseIterable, Codable {
    /// The later write stands; where that can't be told, provenance decides, then the preferred side.
    case newest = 0
    case ad = 1
    case miniorange = 2
    /// Neither is written until a person decides.
    case hold = 3

    package var name: String {
        switch self {
        case .newest: "newest"
        case .ad: "ad"
        case .miniorange: "miniorange"
        case .hold: "hold"
        }
    }
}

/// How one canonical attribute merges.
package struct MergeRule: Hashable, Sendable {
    package enum Shape: UInt8, Hashable, Sendable {
        /// One thing that is replaced as a whole.
        case register
        /// Values that come and go one by one.
        case set
    }
    package var name: String
    package var shape: Shape
    package var direction: Direction
    package var conflict: ConflictRule
    /// The side that stands where the rule finds no difference.
    package var prefer: Side
    /// What bars access: it stands against whatever was set as good as at the same time, whoever set that. Of registers only.
    package var bar: [Octets]?
    /// What is shown while there is no value, taken from other attributes: nobody sets it.
    package var isStandIn: Bool
    /// Whether its values name entries. Where one of these goes, its server takes the value away, which nobody set.
    package var isReference: Bool

    package init(
        name: String,
        shape: Shape,
        direction: Direction = .both,
        conflict: ConflictRule = .newest,
        prefer: Side = .ad,
        bar: [Octets]? = nil,
        isStandIn: Bool = false,
        isReference: Bool = false
    ) {
        self.bar = bar
        self.isStandIn = isStandIn
        self.isReference = isReference
        self.conflict = conflict
        self.name = name
        self.shape = shape
        self.direction = direction
        self.prefer = prefer
    }
}
