/// The durable point up to which a feed is in the cache, with the server for which it is valid.
package struct Cursor: Hashable, Sendable {
    /// AD: the invocationId. LDAP: the way of feeding, since each has its own positions.
    package var server: Octets
    package var position: Octets
    /// Until when, by the server's own clock, everything that happened there is in the cache with it; nil where the feed can't tell. It is no part of what is kept
    /// as the cursor.
    package var knownUntil: Timestamp?

    package init(server: Octets, position: Octets, knownUntil: Timestamp? = nil) {
        self.server = server
        self.position = position
        self.knownUntil = knownUntil
    }
}

/// What a feed has to read besides what came after its cursor. It always compares its server with the cursor: what proves that it is the server that was followed
/// does not go with what is asked for.
package struct ReadingDemand: Hashable, Sendable {
    /// The cache was filled by another mapping: everything is read from the start, whatever was read before.
    package var isAnew: Bool
    /// The server was set back, or another one answered, and not everything was read since: no cursor from before counts, and versions in the cache may be
    /// higher than the server's.
    package var isSetBack: Bool

    package init(isAnew: Bool = false, isSetBack: Bool = false) {
        self.isAnew = isAnew
        self.isSetBack = isSetBack
    }

    package static let none = ReadingDemand()

    /// What is still to be read once the cache has taken an event.
    package mutating func note(_ event: FeedEvent) {
        switch event {
        case .connected(_, _, .some), .steppedBack: isSetBack = true
        // From now on the cursor tells how far the reading is.
        case .changes(_, .some): isAnew = false
        case .complete: self = .none
        case .connected, .changes, .disconnected, .clock: break
        }
    }
}

/// One edit of one attribute as a server's log tells it.
package struct AttributeEdit: Hashable, Sendable {
    package enum Kind: UInt8, Hashable, Sendable { case add, delete, replace }
    package var kind: Kind
    package var name: String
    package var values: [Octets]

    package init(kind: Kind, name: String, values: [Octets]) {
        self.kind = kind
        self.name = name
        self.values = values
    }
}

/// Tells which entry moved and what it now holds. State, not events: a repeated, reordered or echoed change is a no-op.
package enum Change: Hashable, Sendable {
    case present(EntrySnapshot)
    /// The log's edits, to be applied to the replica that the cache holds; where that is not possible the entry is read. `stamp`: when and by whom, where
    /// the log tells.
    case edited(Anchor, edits: [AttributeEdit], newName: DistinguishedName?, version: Version, stamp: Stamp? = nil)
    /// Values that came to and went from attributes of `DirectoryView.memberAttributes`, true as of `version` or later. What else the entry holds is told apart.
    case members(Anchor, edits: [AttributeEdit], version: Version)
    /// A tombstone or a delete event: proof.
    case deleted(Anchor, by: String? = nil)

    package var anchor: Anchor {
        switch self {
        case .present(let entry): entry.anchor
        case .edited(let anchor, _, _, _, _): anchor
        case .members(let anchor, _, _): anchor
        case .deleted(let anchor, _): anchor
        }
    }

    /// As of which it is true; nil for the end of an entry.
    package var version: Version? {
        switch self {
        case .present(let entry): entry.version
        case .edited(_, _, _, let version, _), .members(_, _, let version): version
        case .deleted: nil
        }
    }
}

/// What a feed tells the engine. Each event is ingested in one transaction.
package enum FeedEvent: Sendable {
    /// The configured bases as this server knows them, each with its anchor: told at every connect, before anything else. `server` names the machine,
    /// whatever its database. With `stepBack`, as if `steppedBack` were told at once: whatever was written in between would meet what nobody knows.
    case connected(server: Octets, roots: [EntrySnapshot], stepBack: StepBack? = nil)
    /// What this server holds may be older than what is known: it was restored, or is another one that does not have everything yet. Told after `connected`,
    /// where that did not show before; then everything is read, to the next `complete`.
    case steppedBack(StepBack)
    case changes([Change], cursor: Cursor?)
    /// Every entry in scope was read, with success, at one server and with unchanged rights. `present` lists all their anchors, sorted, where the scan
    /// proves that what it lacks is gone; nil where it proves nothing.
    case complete(present: [Anchor]?, cursor: Cursor)
    case disconnected
    /// The server's clock, where that has become clearer.
    case clock(ClockEstimate)
}
