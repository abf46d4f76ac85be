internal import Cryptography
package import SyncModel
internal import Synchronization

/// Passwords on their way to a side that could not take them yet. They are encrypted with a key that is in this process's memory alone, so they end with it.
final class PendingPasswords: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Purpose: Hashable, Sendable {
        /// The side has another password, since the change reached the first side only.
        case change
        /// Whether the side has another password is to be seen first.
        case bindThrough
    }

    /// One of them, taken out to be delivered.
    struct Delivery: Sendable {
        var account: Account
        var side: Side
        var purpose: Purpose
        var password: Password
        var attempts: Int
        var until: Instant
        fileprivate var number: UInt64
    }

    private struct Row {
        var account: Account
        var side: Side
        var purpose: Purpose
        var sealed: [UInt8]
        var since: Instant
        var until: Instant
        var next: Instant
        var attempts = 0
        var isUnderWay = false
        var number: UInt64
        var reason = ""
    }

    private struct State {
        var rows: [Account.Key: Row] = [:]
        var lastNumber: UInt64 = 0
    }

    private static let most = 10_000
    private static let longestPause = Duration.seconds(60)

    private let master: KeyMaterial
    private let state = Mutex(State())

    init() throws {
        master = try KeyMaterial(random: GaloisCounter.keyOctets)
    }

    /// Takes the place of what was pending for the account. False where too many are: then it is not kept.
    func add(
        _ account: Account,
        _ side: Side,
        _ password: Password,
        _ purpose: Purpose,
        reason: String,
        keeping: Duration,
        at now: Instant
    ) throws -> Bool {
        let sealed = try seal(password, account)
        return state.withLock { state in
            guard state.rows[account.key] != nil || state.rows.count < Self.most else { return false }
            // A bind tells nothing new of a change that is under way.
            if purpose == .bindThrough, let row = state.rows[account.key], row.isUnderWay { return true }
            state.lastNumber += 1
            state.rows[account.key] = Row(
                account: account,
                side: side,
                purpose: purpose,
                sealed: sealed,
                since: now,
                until: now + keeping,
                next: now,
                number: state.lastNumber,
                reason: reason
            )
            return true
        }
    }

    /// What is due, at most so many. Each has to be ended by ``finish(_:)`` or ``postpone(_:reason:at:)``.
    func take(_ most: Int, at now: Instant) throws -> [Delivery] {
        let rows = state.withLock { state in
            let due = state.rows.values.filter { !$0.isUnderWay && $0.next <= now }
                .sorted { $0.number < $1.number }.prefix(most)
            for row in due { state.rows[row.account.key]?.isUnderWay = true }
            return Array(due)
        }
        return try rows.map { row in
            Delivery(
                account: row.account,
                side: row.side,
                purpose: row.purpose,
                password: try open(row.sealed, row.account),
                attempts: row.attempts + 1,
                until: row.until,
                number: row.number
            )
        }
    }

    /// Whether it is still what the account is to have.
    func isCurrent(_ delivery: Delivery) -> Bool {
        state.withLock { $0.rows[delivery.account.key]?.number == delivery.number }
    }

    func finish(_ delivery: Delivery) {
        state.withLock { state in
            guard state.rows[delivery.account.key]?.number == delivery.number else { return }
            state.rows[delivery.account.key] = nil
        }
    }

    /// False where its time is over: then it is forgotten.
    func postpone(_ delivery: Delivery, reason: String, at now: Instant) -> Bool {
        state.withLock { state in
            guard var row = state.rows[delivery.account.key], row.number == delivery.number else { return true }
            guard row.until > now else {
                state.rows[delivery.account.key] = nil
                return false
            }
            row.isUnderWay = false
            row.attempts += 1
            row.reason = reason
            row.next = min(row.until, now + min(Self.longestPause, .seconds(1 << min(row.attempts - 1, 6))))
            state.rows[delivery.account.key] = row
            return true
        }
    }

    /// Another password counts from now on.
    func forget(_ account: Account) {
        state.withLock { $0.rows[account.key] = nil }
    }

    var count: Int { state.withLock { $0.rows.count } }

    /// Nil where none is pending.
    var nextInstant: Instant? {
        state.withLock { $0.rows.values.filter { !$0.isUnderWay }.map(\.next).min() }
    }

    /// What an admin should know of: those that a side is known to lack.
    func report(at now: Instant) -> [PendingPasswordReport] {
        state.withLock { state in
            state.rows.values.filter { $0.purpose == .change || $0.attempts > 0 }
                .sorted { $0.number < $1.number }
                .map { row in
                    PendingPasswordReport(
                        account: row.account.label,
                        side: row.side,
                        age: now - row.since,
                        left: row.until - now,
                        attempts: row.attempts,
                        reason: row.reason
                    )
                }
        }
    }

    private func seal(_ password: Password, _ account: Account) throws -> [UInt8] {
        try withCipher { cipher in
            try password.octets.withOctets { octets in
                try account.key.octets.withUnsafeBytes { place in
                    [UInt8](try cipher.seal(octets, associated: (place, UnsafeRawBufferPointer(start: nil, count: 0))))
                }
            }
        }
    }

    private func open(_ sealed: [UInt8], _ account: Account) throws -> Password {
        try withCipher { cipher in
            try sealed.withUnsafeBytes { sealed in
                try account.key.octets.withUnsafeBytes { place in
                    let none = UnsafeRawBufferPointer(start: nil, count: 0)
                    guard let octets = try cipher.open(sealed, associated: (place, none)) else {
                        throw CryptographyError("the opening of a pending password")
                    }
                    return Password(octets)
                }
            }
        }
    }

    /// With a cipher of its own, in whose memory the outcome lies, and which is wiped when it goes.
    private func withCipher<Result>(_ body: (RecordCipher) throws -> Result) throws -> Result {
        let cipher = try RecordCipher(master: master)
        return try withExtendedLifetime(cipher) { try body(cipher) }
    }
}

/// A pending password, without it.
package struct PendingPasswordReport: Hashable, Sendable {
    package var account: String
    package var side: Side
    package var age: Duration
    package var left: Duration
    package var attempts: Int
    package var reason: String
}
