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
    /// The side that stands in a conflict.
    package var prefer: Side

    package init(name: String, shape: Shape, direction: Direction = .both, prefer: Side = .ad) {
        self.name = name
        self.shape = shape
        self.direction = direction
        self.prefer = prefer
    }
}
