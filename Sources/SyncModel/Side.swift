/// One of the two directories.
package enum Side: UInt8, Hashable, Comparable, CaseIterable, Codable, Sendable {
    case ad = 0
    case miniorange = 1

    package var opposite: Side { self == .ad ? .miniorange : .ad }

    /// The word for the side in configuration, commands and logs.
    package var name: String { self == .ad ? "ad" : "miniorange" }

    package init?(name: String) {
        switch name {
        case "ad": self = .ad
        case "miniorange": self = .miniorange
        default: return nil
        }
    }

    package static func < (lhs: Side, rhs: Side) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A value for each side.
package struct PerSide<Value> {
    package var ad: Value
    package var miniorange: Value

    @inlinable
    package init(ad: Value, miniorange: Value) {
        self.ad = ad
        self.miniorange = miniorange
    }

    @inlinable
    package init(both value: Value) {
        self.init(ad: value, miniorange: value)
    }

    @inlinable
    package subscript(side: Side) -> Value {
        get { side == .ad ? ad : miniorange }
        // In place: what is a collection would be copied as a whole at each change.
        _modify {
            switch side {
            case .ad: yield &ad
            case .miniorange: yield &miniorange
            }
        }
    }
}

extension PerSide: Sendable where Value: Sendable {}
extension PerSide: Equatable where Value: Equatable {}
extension PerSide: Hashable where Value: Hashable {}
