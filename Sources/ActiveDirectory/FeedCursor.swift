package import SyncModel

/// What the octets of a ``SyncModel/Cursor`` of this feed say.
///
/// 8 octets of USN, big-endian, up to which everything is in the cache; one octet of state; while loading, 8 more: the
/// USN at which the load ends. That end is kept over restarts: what happened after it, deletes above all, comes as
/// changes. Behind the state of DirSync stands the server's cookie, to the end; another format of it would get another
/// state.
package struct FeedCursor: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case live
        /// Live, where the server knows by this cookie what has been told.
        case dirSync(cookie: Octets)
        case loading(LoadBreadth, end: UInt64)
    }

    private static let dirSyncState: UInt8 = 16

    package var invocationID: Anchor
    package var position: UInt64
    package var state: State

    package init(invocationID: Anchor, position: UInt64, state: State) {
        self.invocationID = invocationID
        self.position = position
        self.state = state
    }

    /// Nil for octets that `cursor` never makes.
    package init?(_ cursor: Cursor) {
        let octets = cursor.position.bytes
        guard let invocationID = Anchor(octets: cursor.server.bytes), octets.count >= 9,
            let position = UInt64(bigEndianOctets: octets[..<8])
        else { return nil }
        self.invocationID = invocationID
        self.position = position
        if octets[8] == 0 && octets.count == 9 {
            state = .live
        } else if octets[8] == Self.dirSyncState && octets.count > 9 {
            state = .dirSync(cookie: Octets(octets[9...]))
        } else if let breadth = LoadBreadth(rawValue: octets[8]), let end = UInt64(bigEndianOctets: octets[9...]) {
            state = .loading(breadth, end: end)
        } else {
            return nil
        }
    }

    /// Nil where there is none.
    package var dirSyncCookie: Octets? {
        if case .dirSync(let cookie) = state { cookie } else { nil }
    }

    package var cursor: Cursor { cursor(knownUntil: nil) }

    package func cursor(knownUntil: Timestamp?) -> Cursor {
        let stateOctets: [UInt8] =
            switch state {
            case .live: [0]
            case .dirSync(let cookie): [Self.dirSyncState] + cookie.bytes
            case .loading(let breadth, let end): [breadth.rawValue] + end.bigEndianOctets
            }
        return Cursor(
            server: Octets(invocationID.octets),
            position: Octets(position.bigEndianOctets + stateOctets),
            knownUntil: knownUntil
        )
    }
}

/// Which entries a load reads.
package enum LoadBreadth: UInt8, Hashable, Sendable {
    /// Those in scope, for a cache that is empty.
    case scopes = 1
    /// All of the naming context with the tombstones, for a cache filled from another server: what was deleted or left
    /// the scope meanwhile must be told, and absence tells nothing.
    case everything = 2
    /// The same after the server went back: versions in the cache may be higher than the server's, and mean nothing.
    case everythingRestored = 3

    var isEverything: Bool { self != .scopes }
}

/// Where to go on at a server, decided from what the cache has.
enum FeedStart: Hashable, Sendable {
    case resume(FeedCursor)
    /// `reason` nil: nothing is wrong with the server.
    case load(FeedCursor, reason: String?)

    var cursor: FeedCursor {
        switch self {
        case .resume(let cursor), .load(let cursor, _): cursor
        }
    }

    var reason: String? {
        if case .load(_, let reason) = self { reason } else { nil }
    }

    /// `known` holds the newest cursor of each server; `hasCache` says that there was any.
    static func decide(
        invocationID: Anchor,
        highestCommittedUSN: UInt64,
        known: FeedCursor?,
        hasCache: Bool,
        _ demand: ReadingDemand = .none
    ) -> FeedStart {
        func load(_ breadth: LoadBreadth, _ reason: String?) -> FeedStart {
            let state = FeedCursor.State.loading(breadth, end: highestCommittedUSN)
            return .load(FeedCursor(invocationID: invocationID, position: 0, state: state), reason: reason)
        }
        guard let known, known.invocationID == invocationID else {
            guard hasCache else { return load(.scopes, nil) }
            return load(.everything, "the cache was filled from another server, or this one was restored from a backup")
        }
        let reached: UInt64 =
            switch known.state {
            case .live, .dirSync: known.position
            case .loading(_, let end): max(known.position, end)
            }
        guard reached <= highestCommittedUSN else {
            return load(
                .everythingRestored,
                "the server went back from USN \(reached) to \(highestCommittedUSN): it was restored without being reset"
            )
        }
        if demand.isSetBack {
            // Of which the engine knows. It goes on where it was cut short, unless something else is to be read by now.
            if !demand.isAnew, case .loading(let breadth, _) = known.state, breadth.isEverything {
                return .resume(known)
            }
            return load(.everythingRestored, nil)
        }
        guard demand.isAnew else { return .resume(known) }
        // What changed after what is known comes as changes: deletes and moves out of scope as well.
        let state = FeedCursor.State.loading(.scopes, end: reached)
        return .load(FeedCursor(invocationID: invocationID, position: 0, state: state), reason: nil)
    }
}
