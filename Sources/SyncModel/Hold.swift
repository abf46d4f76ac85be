/// Names a hold; never reused.
package struct HoldID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (lhs: HoldID, rhs: HoldID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A class of writes that is stopped until a person approves it. Everything else flows.
package struct Hold: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Deletions of a configured object's entries at a side: there are more of them than the limit allows.
        case deletions(object: String, at: Side)

        package var object: String {
            switch self {
            case .deletions(let object, _): object
            }
        }
        /// The side that is not written.
        package var side: Side {
            switch self {
            case .deletions(_, let side): side
            }
        }
    }

    package enum State: UInt8, Hashable, Sendable, CaseIterable {
        case open = 0
        case approved = 1
        case rejected = 2
        /// Nothing is left to decide: what it stopped is no longer called for.
        case lapsed = 3
    }

    package var kind: Kind
    package var since: Timestamp
    /// Why it was opened, for a person; no values of attributes.
    package var cause: String
    package var state: State
    /// When it was decided, or lapsed.
    package var ended: Timestamp?

    package init(kind: Kind, since: Timestamp, cause: String, state: State = .open, ended: Timestamp? = nil) {
        self.kind = kind
        self.since = since
        self.cause = cause
        self.state = state
        self.ended = ended
    }

    package var isOpen: Bool { state == .open }
}

/// What a person decides about what a hold stops.
package enum HoldVerdict: UInt8, Hashable, Sendable, Codable {
    case approve, reject
}
