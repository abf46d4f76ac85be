import Mapping
import SyncModel
import Testing

struct AccountStateTests {
    static let enabled = rule("userAccountControl", "pwdAccountLockedTime", .accountEnabled)
    static let flag = rule(
        "userAccountControl",
        "accountStatus",
        .accountEnabledFlag(enabled: "active", disabled: "inactive")
    )
    static let expiresTime = rule("accountExpires", "expiry", .accountExpiresTime)
    static let expiresDays = rule("accountExpires", "shadowExpire", .accountExpiresDays)
    static let lockout = rule("lockoutTime", "pwdAccountLockedTime", .lockout)
    static let mustChange = rule("pwdLastSet", "pwdReset", .mustChangePassword)

    @Test(arguments: [
        ("512", "TRUE"), ("514", "FALSE"), ("66048", "TRUE"), ("66050", "FALSE"), ("546", "FALSE"), ("2", "FALSE"),
    ])
    func bitTwoAloneSaysWhetherAnAccountIsEnabled(_ control: String, _ expected: String) throws {
        let lifted = try mapping(Self.enabled).lift(.ad, ["useraccountcontrol": [Octets(control)]])
        #expect(lifted["useraccountcontrol"] == [Octets(expected)])
    }

    @Test(arguments: [
        ("512", "FALSE", "514"), ("514", "TRUE", "512"), ("66048", "FALSE", "66050"), ("8389122", "TRUE", "8389120"),
    ])
    func onlyBitTwoIsWritten(_ control: String, _ target: String, _ expected: String) throws {
        let projection = try mapping(Self.enabled).change(
            .ad,
            to: ["useraccountcontrol": [Octets(target)]],
            current: ["useraccountcontrol": [Octets(control)]],
            of: ["useraccountcontrol"]
        )
        #expect(
            projection.changes == [
                AttributeChange(name: "useraccountcontrol", old: [Octets(control)], new: [Octets(expected)])
            ]
        )
    }

    @Test func whatCannotBeReadIsUnknownAndNotWritten() throws {
        let mapping = try mapping(Self.enabled)
        #expect(try mapping.lift(ad: ["samaccountname": ["a"]]).ad?.unknown == ["useraccountcontrol"])
        let projection = try mapping.change(.ad, to: ["useraccountcontrol": ["FALSE"]], current: [:])
        #expect(projection.isEmpty)
    }

    @Test(
        arguments: [
            ([], "FALSE", ["000001010000Z"]), (["000001010000Z"], "TRUE", []), (["20260101120000Z"], "TRUE", nil),
            (["20260101120000Z"], "FALSE", ["000001010000Z"]), (["00000101000000Z"], "FALSE", nil),
        ] as [([Octets], Octets, [Octets]?)]
    )
    func aRealLockIsNotADisabledAccount(_ current: [Octets], _ target: Octets, _ expected: [Octets]?) throws {
        let projection = try mapping(Self.enabled).change(
            .miniorange,
            to: ["useraccountcontrol": [target]],
            current: ["pwdaccountlockedtime": current],
            of: ["useraccountcontrol"]
        )
        #expect(projection.changes.first?.new == expected)
    }

    @Test(
        arguments: [
            ([], ["TRUE"]), (["ACTIVE"], ["TRUE"]), (["Inactive"], ["FALSE"]), (["suspended"], nil),
        ] as [([Octets], [Octets]?)]
    )
    func aFlagIsReadWithoutCaseAndOtherWordsAreUnknown(_ flag: [Octets], _ expected: [Octets]?) throws {
        let lifted = try mapping(Self.flag).lift(miniorange: ["accountstatus": flag]).miniorange
        #expect(lifted?.values["useraccountcontrol"] == expected ?? [])
        #expect(lifted?.unknown == (expected == nil ? ["useraccountcontrol"] : []))
    }

    @Test(
        arguments: [
            ([], "TRUE", nil), ([], "FALSE", ["inactive"]), (["INACTIVE"], "FALSE", nil),
            (["inactive"], "TRUE", ["active"]),
        ] as [([Octets], Octets, [Octets]?)]
    )
    func aFlagIsWrittenAsConfigured(_ current: [Octets], _ target: Octets, _ expected: [Octets]?) throws {
        let projection = try mapping(Self.flag).change(
            .miniorange,
            to: ["useraccountcontrol": [target]],
            current: ["accountstatus": current],
            of: ["useraccountcontrol"]
        )
        #expect(projection.changes.first?.new == expected)
    }

    @Test func anEmptyFlagForEnabledRemovesTheAttribute() throws {
        let flag = rule("userAccountControl", "nsAccountLock", .accountEnabledFlag(enabled: "", disabled: "true"))
        let projection = try mapping(flag).change(
            .miniorange,
            to: ["useraccountcontrol": ["TRUE"]],
            current: ["nsaccountlock": ["TRUE"]],
            of: ["useraccountcontrol"]
        )
        #expect(projection.changes == [AttributeChange(name: "nsaccountlock", old: ["TRUE"], new: [])])
    }

    @Test(
        arguments: [
            ([], "FALSE"), (["active"], "TRUE"), (["ACTIVE"], "TRUE"), (["other"], ""),
        ] as [([Octets], Octets)]
    )
    func withoutAValueForDisabledAnAbsentFlagMeansThat(_ flag: [Octets], _ expected: Octets) throws {
        let type = RuleType.accountEnabledFlag(enabled: "active", disabled: "")
        let mapping = try mapping(rule("userAccountControl", "accountStatus", type))
        let lifted = try mapping.lift(miniorange: ["accountstatus": flag]).miniorange
        #expect(lifted?.values["useraccountcontrol"].first ?? "" == expected)
        for (current, target, written) in [
            (["active"], "FALSE", []), ([], "TRUE", ["active"]), ([], "FALSE", nil), (["Active"], "TRUE", nil),
        ] as [([Octets], Octets, [Octets]?)] {
            let projection = try mapping.change(
                .miniorange,
                to: ["useraccountcontrol": [target]],
                current: ["accountstatus": current],
                of: ["useraccountcontrol"]
            )
            #expect(projection.changes.first?.new == written)
        }
    }

    @Test(
        arguments: [
            (["512"], ["514"], "useraccountcontrol", [.disabled]),
            (["66050"], ["66048"], "useraccountcontrol", [.enabled]),
            (["512"], ["66048"], "useraccountcontrol", []),
            (["0"], ["133801632000000000"], "accountexpires", [.expiryChanged]),
            (["0"], ["9223372036854775807"], "accountexpires", []),
            (["133801632000000000"], ["0"], "lockouttime", [.unlocked]),
            (["133801632000000000"], ["0"], "pwdlastset", [.mustChangeSet]),
            (["0"], ["-1"], "pwdlastset", [.mustChangeCleared]),
            (["a"], ["b"], "title", []),
        ] as [([Octets], [Octets], String, [AccountEvent])]
    )
    func whatAWriteToADMeansToAnAccountIsTold(
        _ old: [Octets],
        _ new: [Octets],
        _ name: String,
        _ events: [AccountEvent]
    ) throws {
        let mapping = try mapping(Self.enabled, Self.expiresDays, Self.lockout, Self.mustChange, rule("title", "title"))
        #expect(mapping.accountEvents(.ad, [AttributeChange(name: name, old: old, new: new)]) == events)
    }

    @Test(
        arguments: [
            ([], ["000001010000Z"], "pwdaccountlockedtime", [.disabled]),
            (["000001010000Z"], [], "pwdaccountlockedtime", [.enabled]),
            ([], ["20260101120000Z"], "pwdaccountlockedtime", [.locked]),
            (["20260101120000Z"], [], "pwdaccountlockedtime", [.unlocked]),
            (["20260101120000Z"], ["000001010000Z"], "pwdaccountlockedtime", [.disabled, .unlocked]),
            ([], ["20089"], "shadowexpire", [.expiryChanged]), ([], ["-1"], "shadowexpire", []),
            ([], ["TRUE"], "pwdreset", [.mustChangeSet]), (["TRUE"], [], "pwdreset", [.mustChangeCleared]),
        ] as [([Octets], [Octets], String, [AccountEvent])]
    )
    func whatAWriteToTheLDAPSideMeansToAnAccountIsTold(
        _ old: [Octets],
        _ new: [Octets],
        _ name: String,
        _ events: [AccountEvent]
    ) throws {
        let mapping = try mapping(Self.enabled, Self.expiresDays, Self.lockout, Self.mustChange)
        #expect(mapping.accountEvents(.miniorange, [AttributeChange(name: name, old: old, new: new)]) == events)
    }

    @Test(
        arguments: [
            (Side.ad, ["useraccountcontrol": ["514"]], true), (.ad, ["useraccountcontrol": ["512"]], false),
            (.miniorange, ["pwdaccountlockedtime": ["000001010000Z"]], true),
            (.miniorange, ["pwdaccountlockedtime": ["20260101120000Z"]], false), (.miniorange, [:], false),
        ] as [(Side, Attributes, Bool)]
    )
    func anAccountIsBarredWhereItIsDisabled(_ side: Side, _ attributes: Attributes, _ isBarred: Bool) throws {
        let now = Timestamp(milliseconds: 0)
        let disabled = AccessBar(name: "useraccountcontrol", kind: .disabled(["FALSE"]))
        let bothWays = try mapping(Self.enabled, Self.lockout)
        #expect(bothWays.bars(side, attributes, at: now) == (isBarred ? [disabled] : []))
        var toMiniOrange = Self.enabled
        toMiniOrange.direction = .toMiniOrange
        let narrowed = try mapping(toMiniOrange).bars(side, attributes, at: now)
        #expect(narrowed.isEmpty == !(isBarred && side == .ad))
    }

    /// 1735689600 is the first second of 2025.
    @Test(
        arguments: [
            (Side.ad, ["accountexpires": ["133801632000000000"]], 1_735_689_599, false),
            (.ad, ["accountexpires": ["133801632000000000"]], 1_735_689_600, true),
            (.ad, ["accountexpires": ["0"]], .max / 1_000, false),
            (.ad, ["accountexpires": ["9223372036854775807"]], .max / 1_000, false), (.ad, [:], .max / 1_000, false),
            (.ad, ["accountexpires": ["soon"]], .max / 1_000, false),
            (.miniorange, ["shadowexpire": ["20089"]], 1_735_689_599, false),
            (.miniorange, ["shadowexpire": ["20089"]], 1_735_689_600, true),
            (.miniorange, ["shadowexpire": ["-1"]], .max / 1_000, false),
        ] as [(Side, Attributes, Int64, Bool)]
    )
    func anAccountIsBarredFromTheSecondOfItsExpiry(
        _ side: Side,
        _ attributes: Attributes,
        _ seconds: Int64,
        _ isBarred: Bool
    ) throws {
        let expired = AccessBar(name: "accountexpires", kind: .expired)
        let mapping = try mapping(Self.expiresDays)
        let now = Timestamp(milliseconds: seconds * 1_000)
        #expect(mapping.bars(side, attributes, at: now) == (isBarred ? [expired] : []))
    }

    @Test func disablingIsLookedAtBeforeExpiry() throws {
        let mapping = try mapping(Self.expiresTime, Self.enabled)
        #expect(mapping.accessBars.map(\.name) == ["useraccountcontrol", "accountexpires"])
        let both: Attributes = ["accountexpires": ["133801632000000000"], "useraccountcontrol": ["514"]]
        let bars = mapping.bars(.ad, both, at: Timestamp(milliseconds: 1_800_000_000_000))
        #expect(bars == mapping.accessBars)
    }

    @Test(arguments: [("EXAMPLE.COM", ["{SASL}ann@EXAMPLE.COM"]), (nil, [])] as [(String?, [Octets])])
    func aNewAccountMaySendPeopleToTheirPasswordAtAD(_ realm: String?, _ expected: [Octets]) throws {
        var specification = specification([rule("sAMAccountName", "uid"), Self.enabled])
        specification.passThroughRealm = realm
        let mapping = try ObjectMapping(specification)
        let target: Attributes = ["samaccountname": ["ann"], "useraccountcontrol": ["TRUE"]]
        #expect(try mapping.create(.miniorange, target).attributes["userpassword"] == expected)
        #expect(try mapping.create(.ad, target).attributes["userpassword"].isEmpty)
    }

    @Test(arguments: ["0", "9223372036854775807"])
    func bothFormsOfNeverAreAbsentAndStay(_ never: String) throws {
        let mapping = try mapping(Self.expiresTime)
        let current: Attributes = ["accountexpires": [Octets(never)]]
        #expect(try mapping.lift(.ad, current).isEmpty)
        #expect(try mapping.change(.ad, to: [:], current: current, of: ["accountexpires"]).isEmpty)
    }

    @Test func neverIsWrittenAsZero() throws {
        let projection = try mapping(Self.expiresTime).change(
            .ad,
            to: [:],
            current: ["accountexpires": ["133801632000000000"]],
            of: ["accountexpires"]
        )
        #expect(projection.changes.first?.new == ["0"])
    }

    @Test(arguments: [
        ("133801632000000000", "1735689600"), ("133801632000000001", "1735689600"),
        ("133801632009999999", "1735689600"),
        ("116444736000000000", "0"), ("116444735999999999", "-1"),
    ])
    func theTimeOfExpiryIsInWholeSecondsAndNotCarriedBackForLess(_ fileTime: String, _ seconds: String) throws {
        let mapping = try mapping(Self.expiresTime)
        let current: Attributes = ["accountexpires": [Octets(fileTime)]]
        let lifted = try mapping.lift(.ad, current)
        #expect(lifted == ["accountexpires": [Octets(seconds)]])
        #expect(try mapping.change(.ad, to: lifted, current: current, of: ["accountexpires"]).isEmpty)
    }

    /// AD's time of day is lost in days; it must survive every round.
    @Test(arguments: ["1735689600", "1735732800", "1735775999"])
    func daysNeverTakeAwayTheTimeOfDay(_ seconds: String) throws {
        let mapping = try mapping(Self.expiresDays)
        let target: Attributes = ["accountexpires": [Octets(seconds)]]
        let atAD = try mapping.create(.ad, target.with("samaccountname", ["a"])).attributes
        let atMiniOrange = try mapping.create(.miniorange, target.with("samaccountname", ["a"])).attributes
        #expect(atMiniOrange["shadowexpire"] == ["20089"])
        for base in [nil, target.with("samaccountname", ["a"])] {
            let lifted = try mapping.lift(ad: atAD, miniorange: atMiniOrange, base: base)
            #expect(lifted.ad?.values["accountexpires"] == [Octets(seconds)])
            #expect(lifted.ad == lifted.miniorange)
        }
        // A day that an admin sets there is a change.
        let moved = try mapping.lift(
            ad: atAD,
            miniorange: atMiniOrange.with("shadowexpire", ["20090"]),
            base: target.with("samaccountname", ["a"])
        )
        #expect(moved.miniorange?.values["accountexpires"] == ["1735776000"])
        #expect(moved.ad?.values["accountexpires"] == [Octets(seconds)])
    }

    /// The write has been made and the base has not moved yet: the day is AD's new time, not midnight.
    @Test func aDayThatShowsADsNewTimeIsThatTime() throws {
        let lifted = try mapping(Self.expiresDays).lift(
            ad: ["accountexpires": ["133802820000000000"]],
            miniorange: ["shadowexpire": ["20090"]],
            base: ["accountexpires": ["1735689600"]]
        )
        #expect(lifted.ad?.values == ["accountexpires": ["1735808400"]])
        #expect(lifted.miniorange == lifted.ad)
    }

    @Test func anAccountLockedAgainAtADIsStillLockedThere() throws {
        let lifted = try mapping(Self.lockout).lift(
            ad: ["lockouttime": ["133802496000000000"]],
            miniorange: ["pwdaccountlockedtime": ["20250101000000Z"]],
            base: Self.lockedBase
        )
        #expect(lifted.ad?.values == ["lockouttime": ["1735776000"]])
        #expect(lifted.miniorange == lifted.ad)
    }

    @Test(arguments: ["-1", "-7"])
    func negativeDaysMeanNever(_ days: String) throws {
        let mapping = try mapping(Self.expiresDays)
        let current: Attributes = ["shadowexpire": [Octets(days)]]
        #expect(try mapping.lift(.miniorange, current).isEmpty)
        #expect(try mapping.change(.miniorange, to: [:], current: current, of: ["accountexpires"]).isEmpty)
    }

    static let locked: Attributes = ["lockouttime": ["133801632000000000"]]
    static let lockedBase: Attributes = ["lockouttime": ["1735689600"]]

    @Test func aLockGoesToTheLDAPSideAndOnlyUnlockingComesBack() throws {
        let mapping = try mapping(Self.lockout)
        let there = try mapping.change(.miniorange, to: Self.lockedBase, current: [:], of: ["lockouttime"])
        #expect(there.changes.first?.new == ["20250101000000Z"])
        // Unlocked there: AD is unlocked.
        let unlocked = try mapping.lift(ad: Self.locked, miniorange: [:], base: Self.lockedBase)
        #expect(unlocked.ad?.values == Self.lockedBase)
        #expect(unlocked.miniorange?.values.isEmpty == true)
        let back = try mapping.change(.ad, to: [:], current: Self.locked, of: ["lockouttime"])
        #expect(back.changes.first?.new == ["0"])
        // Locked there: that is its own affair.
        let own = try mapping.lift(
            ad: ["lockouttime": ["0"]],
            miniorange: ["pwdaccountlockedtime": ["20260101000000Z"]],
            base: [:]
        )
        #expect(own.ad?.values.isEmpty == true)
        #expect(own.miniorange?.values.isEmpty == true)
    }

    @Test func unlockingAtADUnlocksTheLDAPSide() throws {
        let mapping = try mapping(Self.lockout)
        let current: Attributes = ["pwdaccountlockedtime": ["20250101000000Z"]]
        let lifted = try mapping.lift(ad: ["lockouttime": ["0"]], miniorange: current, base: Self.lockedBase)
        #expect(lifted.ad?.values.isEmpty == true)
        #expect(lifted.miniorange?.values == Self.lockedBase)
        #expect(
            try mapping.change(.miniorange, to: [:], current: current, of: ["lockouttime"]).changes.first?.new == []
        )
    }

    @Test func lockAndStateShareOneAttributeAndDoNotDisturbEachOther() throws {
        let mapping = try mapping(Self.enabled, Self.lockout)
        let base = Self.lockedBase.with("useraccountcontrol", ["TRUE"])
        let both: Attributes = Self.lockedBase.with("useraccountcontrol", ["FALSE"])
        // Disabled while locked: the lock is hidden, not lifted.
        let hidden = try mapping.lift(
            ad: Self.locked.with("useraccountcontrol", ["514"]),
            miniorange: ["pwdaccountlockedtime": ["000001010000Z"]],
            base: base
        )
        #expect(hidden.ad?.values == both)
        #expect(hidden.miniorange?.values == both)
        let enabling = try mapping.change(
            .miniorange,
            to: base,
            current: ["pwdaccountlockedtime": ["000001010000Z"]],
            of: ["lockouttime", "useraccountcontrol"]
        )
        #expect(enabling.changes.first?.new == ["20250101000000Z"])
    }

    @Test(
        arguments: [
            ("0", "FALSE", ["-1"]), ("0", "TRUE", nil), ("133801632000000000", "TRUE", ["0"]),
            ("133801632000000000", "FALSE", nil),
        ] as [(Octets, Octets, [Octets]?)]
    )
    func pwdLastSetIsWrittenOnlyWhereItsMeaningChanges(_ current: Octets, _ target: Octets, _ new: [Octets]?) throws {
        let projection = try mapping(Self.mustChange).change(
            .ad,
            to: ["pwdlastset": [target]],
            current: ["pwdlastset": [current]],
            of: ["pwdlastset"]
        )
        #expect(projection.changes.first?.new == new)
    }

    @Test func aNewUserWithoutARuleForItsStateIsDisabled() throws {
        let target: Attributes = ["samaccountname": ["a"], "displayname": ["A"]]
        let plain = try mapping(rule("displayName", "displayName")).create(.ad, target)
        #expect(plain.attributes["useraccountcontrol"] == ["514"])
        let stateful = try mapping(Self.enabled).create(.ad, target.with("useraccountcontrol", ["TRUE"]))
        #expect(stateful.attributes["useraccountcontrol"] == ["512"])
    }
}
