package import SyncModel

/// How one canonical attribute takes an account's access away.
package struct AccessBar: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// By these values.
        case disabled([Octets])
        /// By a time that has come.
        case expired
    }

    package var name: String
    package var kind: Kind

    package init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// Whether an account with these canonical values can't be used at `now`.
    package func isShut(_ values: [Octets], at now: Timestamp) -> Bool {
        switch kind {
        case .disabled(let disabled): values == disabled
        case .expired:
            values.first.flatMap(AccountState.integer).map { $0 <= now.milliseconds / 1_000 } ?? false
        }
    }
}

extension CompiledRule {
    /// Nil where it tells nothing of that.
    var accessBar: AccessBar? {
        if type.tellsEnabled { return AccessBar(name: name, kind: .disabled([AccountState.no])) }
        return type.tellsExpiry ? AccessBar(name: name, kind: .expired) : nil
    }
}
