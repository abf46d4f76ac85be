internal import Cryptography
internal import SyncModel
internal import Synchronization

/// Which password a side was last seen to have for an account, as a keyed digest that means nothing outside of this process. So a good bind costs nothing at the
/// side that is not asked.
final class VerifiedPasswords: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// After which it is looked at again: somebody may have changed the password there.
    static let lifetime = Duration.seconds(3_600)
    private static let most = 50_000

    private struct Place: Hashable {
        var side: Side
        var account: Account.Key
    }

    private struct Row {
        var digest: [UInt8]
        var until: Instant
    }

    private struct State {
        let digest: KeyedDigest
        var rows: [Place: Row] = [:]
    }

    private let state: Mutex<State>

    init() throws {
        let key = try KeyMaterial(random: 32)
        let state = State(digest: try KeyedDigest(key: key))
        self.state = Mutex(state)
    }

    /// Whether the side is known to have this password, or to refuse it.
    func isKnown(_ side: Side, _ account: Account, _ password: Password, at now: Instant) -> Bool {
        state.withLock { state in
            guard let row = state.rows[Place(side: side, account: account.key)], row.until > now else { return false }
            let digest = Self.digest(state.digest, side, account, password)
            // Digests of a secret key: whoever measured the comparison would learn nothing of the password.
            return row.digest == digest
        }
    }

    func note(_ side: Side, _ account: Account, _ password: Password, at now: Instant) {
        state.withLock { state in
            let place = Place(side: side, account: account.key)
            if state.rows[place] == nil, state.rows.count >= Self.most, let some = state.rows.keys.first {
                state.rows[some] = nil
            }
            let digest = Self.digest(state.digest, side, account, password)
            state.rows[place] = Row(digest: digest, until: now + Self.lifetime)
        }
    }

    func forget(_ side: Side, _ account: Account) {
        state.withLock { $0.rows[Place(side: side, account: account.key)] = nil }
    }

    private static func digest(
        _ digest: KeyedDigest,
        _ side: Side,
        _ account: Account,
        _ password: Password
    ) -> [UInt8] {
        let place = account.key.octets + [side.rawValue]
        return place.withUnsafeBytes { place in
            password.octets.withOctets { [UInt8](digest.digest(place, $0)) }
        }
    }
}

extension Account.Key {
    /// Different for different accounts, with its length in front.
    var octets: [UInt8] {
        switch self {
        case .pair(let pair): [0, 0, 0, 0] + pair.rawValue.bigEndianOctets
        case .name(let side, let name):
            UInt64(name.count + 1).bigEndianOctets + [side.rawValue] + name.bytes
        }
    }
}
