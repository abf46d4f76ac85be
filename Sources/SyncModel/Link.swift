/// Names one membership on one side: who is in which group there.
package struct LinkID: Hashable, Comparable, Sendable {
    package var side: Side
    package var group: Anchor
    package var member: Anchor

    package init(side: Side, group: Anchor, member: Anchor) {
        self.side = side
        self.group = group
        self.member = member
    }

    package static func < (lhs: LinkID, rhs: LinkID) -> Bool {
        (lhs.side, lhs.group, lhs.member) < (rhs.side, rhs.group, rhs.member)
    }
}

/// What the cache holds of one membership on one side: one row, never part of a list.
///
/// A row may stand for a membership that is not there: one that both sides agreed on and that was removed here since (`isAgreed`), or one that we removed
/// and whose echo is still to come (its version tells older news from newer).
package struct Link: Hashable, Sendable {
    /// Where a membership is told from. One that has no source left is no membership.
    package struct Sources: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// A value of the group's own attribute.
        package static let group = Sources(rawValue: 1)
        /// A value of the member: memberOf, a list of group names, primaryGroupID.
        package static let member = Sources(rawValue: 2)
    }

    package var sources: Sources
    /// Both sides had it when they were last in agreement. Where a side has no row, its counterpart's tells.
    package var isAgreed: Bool
    /// The member's counterpart is gone for good and the configuration wants it out of its groups.
    package var isUnwanted: Bool
    /// The version of the entry that holds the value, as of which this is known.
    package var version: Version
    /// The value as it stands at the server, where that is not simply the other entry's present name: a user's name, a group's name, a DN that was
    /// written from a name which had just changed.
    package var value: Octets?

    package init(
        sources: Sources,
        isAgreed: Bool = false,
        isUnwanted: Bool = false,
        version: Version = .unordered,
        value: Octets? = nil
    ) {
        self.sources = sources
        self.isAgreed = isAgreed
        self.isUnwanted = isUnwanted
        self.version = version
        self.value = value
    }

    package var isPresent: Bool { !sources.isEmpty }
}

extension Anchor {
    /// Stands for the value that an empty group must hold because its class demands one. Never an entry's.
    package static let placeholder = Anchor(high: 0, low: 0)
}

/// A membership that a server would not take, set aside without those beside it.
package struct RefusedLink: Hashable, Sendable {
    package var refusal: Refusal
    /// Whether it was to be added; else it was to be removed.
    package var isAddition: Bool
    package var attempts: Int
    package var since: Timestamp
    /// When it is tried again by itself.
    package var next: Timestamp

    package init(refusal: Refusal, isAddition: Bool, attempts: Int, since: Timestamp, next: Timestamp) {
        self.refusal = refusal
        self.isAddition = isAddition
        self.attempts = attempts
        self.since = since
        self.next = next
    }
}
