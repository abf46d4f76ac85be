/// A server does not go on from where its side was followed to.
package struct StepBack: Hashable, Sendable {
    package enum Cause: UInt8, Hashable, Sendable {
        /// The server holds an older state of its own: it was restored.
        case restored = 0
        /// Another server of the directory answers, which may not have everything yet.
        case anotherServer = 1
    }

    /// Nil where the feed can't tell: the same machine was restored, another one may be behind.
    package var cause: Cause?
    /// What showed it, for a person.
    package var reason: String

    package init(cause: Cause?, reason: String) {
        self.cause = cause
        self.reason = reason
    }
}

/// A side whose server may hold an older state, until everything there was compared with what was agreed.
package struct SetBack: Hashable, Sendable {
    package var cause: StepBack.Cause
    package var reason: String
    package var since: Timestamp
    /// Until when, by the server's own clock, everything there is known.
    package var knownUntil: Timestamp
    /// Everything was read since.
    package var isRead: Bool

    package init(cause: StepBack.Cause, reason: String, since: Timestamp, knownUntil: Timestamp, isRead: Bool = false) {
        self.cause = cause
        self.reason = reason
        self.since = since
        self.knownUntil = knownUntil
        self.isRead = isRead
    }
}

/// The form in which it is kept: cause, whether it was read, 8 octets each for both times, the reason.
extension SetBack {
    package var octets: Octets {
        Octets([cause.rawValue, isRead ? 1 : 0] + since.octets.bytes + knownUntil.octets.bytes + Array(reason.utf8))
    }

    package init?(_ octets: Octets) {
        let bytes = octets.bytes
        guard bytes.count >= 18, let cause = StepBack.Cause(rawValue: bytes[0]),
            let since = Timestamp(octets: Octets(bytes[2..<10])),
            let knownUntil = Timestamp(octets: Octets(bytes[10..<18]))
        else { return nil }
        self.init(
            cause: cause,
            reason: String(decoding: bytes[18...], as: UTF8.self),
            since: since,
            knownUntil: knownUntil,
            isRead: bytes[1] == 1
        )
    }
}
