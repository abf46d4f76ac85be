/// One of the two directories.
public enum Side: UInt8, Hashable, Comparable, CaseIterable, Codable, Sendable {
    case ad = 0
    case miniorange = 1

    public var opposite: Side { self == .ad ? .miniorange : .ad }

    /// The word for the side in configuration, commands and logs.
    public var name: String { self == .ad ? "ad" : "miniorange" }

    public init?(name: String) {
        switch name {
        case "ad": self = .ad
        case "miniorange": self = .miniorange
        default: return nil
        }
    }

    public static func < (lhs: Side, rhs: Side) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A value for each side.
///
/// Public, and not for the package alone, since the compiler specialises in other modules only what is public: all loops of the engine use it.
public struct PerSide<Value> {
    public var ad: Value
    public var miniorange: Value

    @inlinable
    public init(ad: Value, miniorange: Value) {
        self.ad = ad
        self.miniorange = miniorange
    }

    @inlinable
    public init(both value: Value) {
        self.init(ad: value, miniorange: value)
    }

    @inlinable
    public subscript(side: Side) -> Value {
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
