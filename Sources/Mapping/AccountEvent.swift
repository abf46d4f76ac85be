package import SyncModel

/// What a write means to an account, for who keeps an eye on them.
package enum AccountEvent: String, Hashable, Sendable, CaseIterable {
    case created, deleted
    case enabled, disabled
    /// A lockout is shown.
    case locked
    case unlocked
    case expiryChanged = "expiry-changed"
    /// The password must be changed at the next logon.
    case mustChangeSet = "must-change-set"
    case mustChangeCleared = "must-change-cleared"
}

extension ObjectMapping {
    /// In the order of the rules.
    package func accountEvents(_ side: Side, _ changes: [AttributeChange]) -> [AccountEvent] {
        var events: [AccountEvent] = []
        for rule in rules {
            for change in changes where CaseFolding.lowercaseName(change.name) == rule.attribute(side) {
                if let event = rule.accountEvent(side, change), !events.contains(event) { events.append(event) }
            }
        }
        return events
    }

    /// Of a new entry of users.
    package func accountEvents(creating attributes: Attributes, on side: Side) -> [AccountEvent] {
        let isBarred = rules.contains {
            $0.type.tellsEnabled
                && AccountLens.lift($0.type, side, attributes[$0.attribute(side)], nil) == [AccountState.no]
        }
        return isBarred ? [.created, .disabled] : [.created]
    }
}

extension CompiledRule {
    fileprivate func accountEvent(_ side: Side, _ change: AttributeChange) -> AccountEvent? {
        if type == .lockout {
            let wasLocked = isLocked(side, change.old)
            let isNow = isLocked(side, change.new)
            return wasLocked == isNow ? nil : isNow ? .locked : .unlocked
        }
        let was = AccountLens.lift(type, side, change.old, nil)
        let holds = AccountLens.lift(type, side, change.new, nil)
        guard was != holds else { return nil }
        switch type {
        case .value, .reference, .lockout: return nil
        case .accountEnabled, .accountEnabledFlag: return holds == [AccountState.no] ? .disabled : .enabled
        case .accountExpiresTime, .accountExpiresDays: return .expiryChanged
        case .mustChangePassword: return holds == [AccountState.yes] ? .mustChangeSet : .mustChangeCleared
        }
    }

    private func isLocked(_ side: Side, _ values: [Octets]) -> Bool {
        switch side {
        case .ad: AccountLens.lift(.lockout, .ad, values, nil)?.isEmpty == false
        case .miniorange: values.contains { !AccountState.isLockedForGood($0) }
        }
    }
}
