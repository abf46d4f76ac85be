import SyncModel

/// The inner forms of account state attributes on both sides.
enum AccountState {
    static let yes: Octets = "TRUE"
    static let no: Octets = "FALSE"

    static func truth(_ value: Bool) -> [Octets] { value ? trueValue : falseValue }
    private static let trueValue = [yes]
    private static let falseValue = [no]

    /// UF_ACCOUNTDISABLE of userAccountControl ([MS-ADTS] 2.2.16).
    static let disabledBit: UInt32 = 0x2
    /// UF_INTERDOMAIN_TRUST_ACCOUNT, UF_WORKSTATION_TRUST_ACCOUNT, UF_SERVER_TRUST_ACCOUNT.
    static let machineBits: UInt32 = 0x3800
    static let normalAccount: UInt32 = 0x200

    /// The flags of userAccountControl. AD writes a signed decimal.
    static func controlFlags(_ values: [Octets]) -> UInt32? {
        guard let number = values.first.flatMap(integer) else { return nil }
        return UInt32(truncatingIfNeeded: number)
    }

    static func controlText(_ flags: UInt32) -> Octets { decimal(Int64(Int32(bitPattern: flags))) }

    /// What ppolicy takes for locked until an admin unlocks it (draft-behera-ldap-password-policy, pwdAccountLockedTime).
    static let lockedForGood: Octets = "000001010000Z"
    private static let lockedForGoodSecond = GeneralizedTime(parsing: lockedForGood)

    static func isLockedForGood(_ value: Octets) -> Bool {
        value == lockedForGood || GeneralizedTime(parsing: value) == lockedForGoodSecond
    }

    static func integer(_ value: Octets) -> Int64? {
        let bytes = value.bytes
        let isNegative = bytes.first == 0x2D
        guard bytes.count > (isNegative ? 1 : 0), bytes.count <= 20 else { return nil }
        var number: Int64 = 0
        for byte in bytes.dropFirst(isNegative ? 1 : 0) {
            guard byte &- 0x30 < 10 else { return nil }
            let (shifted, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflow) = shifted.subtractingReportingOverflow(Int64(byte - 0x30))
            guard !overflow, !sumOverflow else { return nil }
            number = sum
        }
        // Summed up below zero, where one number more fits.
        guard !isNegative else { return number }
        return number == .min ? nil : -number
    }

    static func decimal(_ number: Int64) -> Octets { Octets(String(number)) }

    static let secondsADay: Int64 = 86_400

    /// The day of shadowExpire, since 1970, from which the account counts as expired: never later than AD would have it. Days before
    /// the second give that one, since -1 and 0 mean something else.
    static func expiryDay(seconds: Int64) -> Int64 {
        let day = seconds >= 0 ? seconds / secondsADay : -1
        return max(day, 1)
    }
}
