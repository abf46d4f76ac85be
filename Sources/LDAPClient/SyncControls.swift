package import SyncModel

/// The sync request control of content synchronisation (RFC 4533 section 2.2).
package struct SyncRequest: Sendable, Hashable {
    package static let oid = "1.3.6.1.4.1.4203.1.9.1.1"

    package enum Mode: Int64, Sendable, Hashable {
        case refreshOnly = 1
        case refreshAndPersist = 3
    }

    package var mode: Mode
    /// Where to continue from; nil: from the beginning.
    package var cookie: Octets?
    /// Whether a server that can't continue from the cookie may begin again by itself instead of refusing with 4096.
    package var reloadHint: Bool

    package init(mode: Mode, cookie: Octets? = nil, reloadHint: Bool = false) {
        self.mode = mode
        self.cookie = cookie
        self.reloadHint = reloadHint
    }

    package var control: LDAPControl {
        var writer = BERWriter()
        writer.sequence {
            $0.enumerated(mode.rawValue)
            if let cookie { $0.octetString(cookie) }
            if reloadHint { $0.boolean(true) }
        }
        return LDAPControl(Self.oid, isCritical: true, value: writer.octets)
    }
}

/// The sync state control that comes with each entry and reference (RFC 4533 section 2.3).
package struct SyncState: Sendable, Hashable {
    package static let oid = "1.3.6.1.4.1.4203.1.9.1.2"

    package enum State: Int64, Sendable, Hashable {
        case present = 0
        case add = 1
        case modify = 2
        case delete = 3
    }

    package var state: State
    /// 16 octets.
    package var entryUUID: Octets
    package var cookie: Octets?

    /// nil where the control isn't there.
    package init?(in controls: [LDAPControl]) throws(BERError) {
        guard let value = controls.first(where: { $0.oid == Self.oid })?.value else { return nil }
        var reader = BERReader(value)
        var contents = try reader.constructed()
        try reader.finish()
        let number = try contents.enumerated()
        guard let state = State(rawValue: number) else { throw BERError(offset: 0, reason: "sync state \(number)") }
        self.state = state
        entryUUID = try contents.syncUUID()
        cookie = try contents.optionalOctetString()
    }
}

/// The sync done control of the final message (RFC 4533 section 2.4).
package struct SyncDone: Sendable, Hashable {
    package static let oid = "1.3.6.1.4.1.4203.1.9.1.3"

    package var cookie: Octets?
    /// True: what was deleted has been named. False: whatever wasn't named present is gone.
    package var refreshDeletes: Bool

    /// nil where the control isn't there.
    package init?(in controls: [LDAPControl]) throws(BERError) {
        guard let value = controls.first(where: { $0.oid == Self.oid })?.value else { return nil }
        var reader = BERReader(value)
        var contents = try reader.constructed()
        try reader.finish()
        cookie = try contents.optionalOctetString()
        refreshDeletes = try contents.optionalBoolean() ?? false
    }
}

/// A sync info message (RFC 4533 section 2.5).
package enum SyncInfo: Sendable, Hashable {
    package static let oid = "1.3.6.1.4.1.4203.1.9.1.4"

    case newCookie(Octets)
    /// The end of a phase in which deletes were named; `refreshDone`: and of the refresh.
    case refreshDelete(cookie: Octets?, refreshDone: Bool)
    /// The end of a phase in which what is still there was named; `refreshDone`: and of the refresh.
    case refreshPresent(cookie: Octets?, refreshDone: Bool)
    /// Entries that are gone (`refreshDeletes`) or still there, each by its 16 octets.
    case idSet(cookie: Octets?, refreshDeletes: Bool, entryUUIDs: [Octets])

    /// Reads an intermediate message; nil where it isn't a sync info message.
    package init?(oid: String?, value: Octets?) throws(BERError) {
        guard oid == Self.oid, let value else { return nil }
        var reader = BERReader(value)
        switch reader.nextTag {
        case BERTag.context(0, constructed: false):
            self = .newCookie(try reader.octetString(BERTag.context(0, constructed: false)))
        case BERTag.context(1, constructed: true):
            var contents = try reader.constructed(BERTag.context(1, constructed: true))
            let cookie = try contents.optionalOctetString()
            self = .refreshDelete(cookie: cookie, refreshDone: try contents.optionalBoolean() ?? true)
        case BERTag.context(2, constructed: true):
            var contents = try reader.constructed(BERTag.context(2, constructed: true))
            let cookie = try contents.optionalOctetString()
            self = .refreshPresent(cookie: cookie, refreshDone: try contents.optionalBoolean() ?? true)
        case BERTag.context(3, constructed: true):
            var contents = try reader.constructed(BERTag.context(3, constructed: true))
            let cookie = try contents.optionalOctetString()
            let refreshDeletes = try contents.optionalBoolean() ?? false
            var set = try contents.constructed(BERTag.set)
            var entryUUIDs: [Octets] = []
            while !set.isAtEnd { entryUUIDs.append(try set.syncUUID()) }
            self = .idSet(cookie: cookie, refreshDeletes: refreshDeletes, entryUUIDs: entryUUIDs)
        default:
            throw BERError(offset: 0, reason: "unknown choice in sync info")
        }
        try reader.finish()
    }
}

extension BERReader {
    fileprivate mutating func syncUUID() throws(BERError) -> Octets {
        let octets = try octetString()
        guard octets.count == 16 else { throw BERError(offset: 0, reason: "entryUUID of \(octets.count) octets") }
        return octets
    }
}
