/// Names a pair in the cache; never reused.
package struct PairID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (lhs: PairID, rhs: PairID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Names an intent in the cache; never reused.
package struct IntentID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (lhs: IntentID, rhs: IntentID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Milliseconds since 1970-01-01 UTC. Pure code is handed the time; it never asks for it.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var milliseconds: Int64
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.milliseconds < rhs.milliseconds }

    package func advanced(byMilliseconds delta: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds + delta)
    }

    /// Its form as a fact of the cache: 8 octets.
    package var octets: Octets { Octets(UInt64(bitPattern: milliseconds).bigEndianOctets) }

    /// Nil for anything but 8 octets.
    package init?(octets: Octets) {
        guard let number = UInt64(bigEndianOctets: octets.bytes) else { return nil }
        self.init(milliseconds: Int64(bitPattern: number))
    }
}

/// What sort of thing an entry is.
package enum ObjectKind: UInt8, Hashable, Sendable, CaseIterable, Codable {
    case user = 0
    case group = 1
    case container = 2

    package var name: String {
        switch self {
        case .user: "user"
        case .group: "group"
        case .container: "container"
        }
    }
}
