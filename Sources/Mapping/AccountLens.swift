import SyncModel

/// Lifts and projects the account states. Each has one canonical value or none:
/// * enabled, must change password: TRUE or FALSE.
/// * expires: seconds since 1970 in decimal; none means never. Days are rounded down, so an account never lasts longer than at AD.
/// * lockout: when AD locked the account, in seconds since 1970; none means not locked.
enum AccountLens {
    enum Result: Equatable {
        case values([Octets])
        /// The side can't be made to show this; what is there stays.
        case notShown
    }

    /// Nil where the values say nothing: they are not readable, or not of this type.
    static func lift(_ type: RuleType, _ side: Side, _ values: [Octets], _ context: CanonicalValue?) -> [Octets]? {
        switch (type, side) {
        case (.value, _), (.reference, _): values
        case (.accountEnabled, .ad), (.accountEnabledFlag, .ad):
            AccountState.controlFlags(values).map { AccountState.truth($0 & AccountState.disabledBit == 0) }
        case (.accountEnabled, .miniorange):
            AccountState.truth(!values.contains(where: AccountState.isLockedForGood))
        case (.accountEnabledFlag(let enabled, let disabled), .miniorange):
            liftFlag(values, enabled: enabled, disabled: disabled)
        case (.accountExpiresTime, .ad), (.accountExpiresDays, .ad): liftFileTime(values)
        case (.accountExpiresTime, .miniorange), (.accountExpiresDays, .miniorange):
            liftExpiry(type, values, context)
        case (.lockout, .ad): liftFileTime(values)
        case (.lockout, .miniorange):
            // The LDAP side's own lockouts are its own: AD can only be told of an unlocking.
            values.isEmpty ? [] : context?.primary ?? []
        case (.mustChangePassword, .ad):
            values.first.flatMap(AccountState.integer).map { AccountState.truth($0 == 0) }
        case (.mustChangePassword, .miniorange):
            AccountState.truth(values.contains { $0.caseFolded == "true" })
        }
    }

    private static func liftFlag(_ values: [Octets], enabled: Octets, disabled: Octets) -> [Octets]? {
        guard let value = values.first else { return AccountState.truth(!disabled.isEmpty) }
        if values.contains(where: { $0.caseFolded == disabled.caseFolded }) { return AccountState.truth(false) }
        // Any other value than the two is a state that AD has no word for.
        return value.caseFolded == enabled.caseFolded ? AccountState.truth(true) : nil
    }

    private static func liftFileTime(_ values: [Octets]) -> [Octets]? {
        guard let value = values.first else { return [] }
        guard let intervals = AccountState.integer(value) else { return nil }
        let time = FileTime(intervals: intervals)
        return time.isNever ? [] : [AccountState.decimal(time.seconds)]
    }

    private static func liftExpiry(_ type: RuleType, _ values: [Octets], _ context: CanonicalValue?) -> [Octets]? {
        guard let value = values.first else { return [] }
        // What was agreed stands as long as it still looks like that here: days say less than seconds.
        if let agreed = context?.primary, !agreed.isEmpty, projectExpiry(type, agreed) == .values(values) {
            return agreed
        }
        if type == .accountExpiresTime {
            return GeneralizedTime(parsing: value).map { [AccountState.decimal($0.seconds)] }
        }
        guard let day = AccountState.integer(value) else { return nil }
        guard day >= 0 else { return [] }
        let (seconds, overflow) = day.multipliedReportingOverflow(by: AccountState.secondsADay)
        return overflow ? nil : [AccountState.decimal(seconds)]
    }

    /// - Parameters:
    ///   - value: canonical; empty also where nothing is known.
    ///   - current: what the attribute holds; nil for a new entry.
    static func project(_ type: RuleType, _ side: Side, _ value: [Octets], current: [Octets]?) -> Result {
        switch (type, side) {
        case (.value, _), (.reference, _): .values(value)
        case (.accountEnabled, .ad), (.accountEnabledFlag, .ad): projectControl(value, current)
        case (.accountEnabled, .miniorange): projectLockedForGood(value, current ?? [])
        case (.accountEnabledFlag(let enabled, let disabled), .miniorange):
            projectFlag(value, current, enabled: enabled, disabled: disabled)
        case (.accountExpiresTime, .ad), (.accountExpiresDays, .ad): projectFileTime(value, current ?? [])
        case (.accountExpiresTime, .miniorange), (.accountExpiresDays, .miniorange):
            projectExpiry(type, value, current)
        case (.lockout, .ad): projectUnlock(value, current ?? [])
        case (.lockout, .miniorange): projectLock(value, current ?? [])
        case (.mustChangePassword, .ad): projectMustChange(value, current)
        case (.mustChangePassword, .miniorange): projectReset(value, current ?? [])
        }
    }

    private static func projectControl(_ value: [Octets], _ current: [Octets]?) -> Result {
        let isDisabled = value.first == AccountState.no
        guard let current else {
            let isEnabled = value.first == AccountState.yes
            return .values([
                AccountState.controlText(AccountState.normalAccount | (isEnabled ? 0 : AccountState.disabledBit))
            ])
        }
        // Without the other bits nothing may be written: they would be lost.
        guard !value.isEmpty, let flags = AccountState.controlFlags(current) else { return .notShown }
        let isShown = (flags & AccountState.disabledBit != 0) == isDisabled
        return .values(isShown ? current : [AccountState.controlText(flags ^ AccountState.disabledBit)])
    }

    private static func projectLockedForGood(_ value: [Octets], _ current: [Octets]) -> Result {
        guard let value = value.first else { return .notShown }
        let isLocked = current.contains(where: AccountState.isLockedForGood)
        if value == AccountState.no { return .values(isLocked ? current : [AccountState.lockedForGood]) }
        // A real time is a lockout, and not ours to lift.
        return .values(isLocked ? current.filter { !AccountState.isLockedForGood($0) } : current)
    }

    private static func projectFlag(
        _ value: [Octets],
        _ current: [Octets]?,
        enabled: Octets,
        disabled: Octets
    ) -> Result {
        guard !value.isEmpty else { return .notShown }
        if let current, liftFlag(current, enabled: enabled, disabled: disabled) == value { return .values(current) }
        if value.first == AccountState.no { return .values(disabled.isEmpty ? [] : [disabled]) }
        return .values(enabled.isEmpty ? [] : [enabled])
    }

    private static func projectFileTime(_ value: [Octets], _ current: [Octets]) -> Result {
        // Either form of never stays; AD takes 0 for it from anyone.
        guard let value = value.first else { return .values(liftFileTime(current) == [] ? current : ["0"]) }
        if liftFileTime(current) == [value] { return .values(current) }
        guard let time = AccountState.integer(value).flatMap({ FileTime(seconds: $0) }) else { return .notShown }
        return .values([Octets(time.description)])
    }

    private static func projectExpiry(_ type: RuleType, _ value: [Octets], _ current: [Octets]?) -> Result {
        // Another writing of the same time, or of never, stays.
        if let current, liftExpiry(type, current, CanonicalValue(primary: value)) == value { return .values(current) }
        return projectExpiry(type, value)
    }

    private static func projectExpiry(_ type: RuleType, _ value: [Octets]) -> Result {
        guard let value = value.first else { return .values([]) }
        guard let seconds = AccountState.integer(value) else { return .notShown }
        if type == .accountExpiresTime {
            return .values([Octets(GeneralizedTime(seconds: seconds).textInSeconds)])
        }
        return .values([AccountState.decimal(AccountState.expiryDay(seconds: seconds))])
    }

    private static func projectUnlock(_ value: [Octets], _ current: [Octets]) -> Result {
        // AD alone may lock; anyone may unlock by writing 0 ([MS-ADTS] 3.1.1.5.3.2).
        if liftFileTime(current) == value { return .values(current) }
        return value.isEmpty ? .values(["0"]) : .notShown
    }

    private static func projectLock(_ value: [Octets], _ current: [Octets]) -> Result {
        if current.contains(where: AccountState.isLockedForGood) { return .values(current) }
        guard let value = value.first else { return .values([]) }
        guard current.isEmpty else { return .values(current) }
        guard let seconds = AccountState.integer(value) else { return .notShown }
        return .values([Octets(GeneralizedTime(seconds: seconds).textInSeconds)])
    }

    private static func projectMustChange(_ value: [Octets], _ current: [Octets]?) -> Result {
        guard let current else { return value.first == AccountState.yes ? .values(["0"]) : .values([]) }
        guard let wanted = value.first, let isSet = current.first.flatMap(AccountState.integer).map({ $0 == 0 }) else {
            return .notShown
        }
        if isSet == (wanted == AccountState.yes) { return .values(current) }
        // AD takes two values: 0, and -1 for the time of the write ([MS-ADTS] 3.1.1.5.3.2).
        return .values([wanted == AccountState.yes ? "0" : "-1"])
    }

    private static func projectReset(_ value: [Octets], _ current: [Octets]) -> Result {
        guard let wanted = value.first else { return .notShown }
        let isSet = current.contains { $0.caseFolded == "true" }
        if wanted == AccountState.yes { return .values(isSet ? current : ["TRUE"]) }
        return .values(isSet ? [] : current)
    }
}
