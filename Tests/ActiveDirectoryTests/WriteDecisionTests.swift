import LDAPClient
import SyncModel
import Testing

@testable import ActiveDirectory

@Suite("What the writer decides")
struct WriteDecisionTests {
    /// The words are Samba's, and of Windows those of [MS-ERREF].
    @Test(
        arguments: [
            (
                LDAPOperationKind.add, 32, "00002030: objectclass: Cannot add x, parent does not exist!",
                RefusalReason.noParent
            ),
            (.rename, 80, "00002095: objectclass: Cannot rename x, parent does not exist!", .noParent),
            (.rename, 80, "00002095: Other", .other),
            (.rename, 32, "", .noParent),
            (.modify, 32, "00000525: specified dn doesn't exist", .invalid),
            (.rename, 68, "Entry x already exists", .nameTaken),
            (.add, 68, "00002071: samldb: samAccountName 'x' already in use!", .valueTaken),
            (.modify, 68, "00002071: samldb: samAccountName 'x' already in use!", .valueTaken),
            (.modify, 19, "0000202F: samldb: userPrincipalName 'x' is already in use ", .valueTaken),
            (.modify, 19, "000021C8: AtrErr: DSID-03200BBA, #1:", .valueTaken),
            (.modify, 19, "000020B5: Referenced object not found", .invalid),
            (.add, 19, "0000052D: Constraint violation", .invalid),
            (.add, 53, "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0", .invalid),
            (.modify, 53, "00002035: samldb: sAMAccountType must not be specified!", .other),
            (.modify, 50, "acl: access denied", .notAllowed),
            (.modify, 8, "", .notAllowed),
            (.modify, 16, "attribute not found in the schema", .invalid),
            (.modify, 21, "", .invalid),
            (.modify, 67, "", .invalid),
            (.delete, 66, "", .notLeaf),
            (.delete, 71, "", .other),
        ] as [(LDAPOperationKind, Int32, String, RefusalReason)]
    )
    func aRefusalHasAReason(kind: LDAPOperationKind, code: Int32, message: String, reason: RefusalReason) {
        let result = LDAPResult(code: LDAPResultCode(rawValue: code), diagnosticMessage: message)
        let expected = Refusal(reason: reason, code: code, message: message)
        #expect(LDAPError.refused(kind, result).writeOutcome == .refused(expected))
    }

    @Test(arguments: [1, 3, 11, 51, 52] as [Int32])
    func aServerThatIsBusyDidNothing(code: Int32) {
        let error = LDAPError.refused(.modify, LDAPResult(code: LDAPResultCode(rawValue: code)))
        #expect(error.writeOutcome == .unavailable)
    }

    @Test(arguments: [
        (LDAPError.connectionLost(.modify, .serverDown, message: "", wasSent: true), WriteOutcome.unknown),
        (.connectionLost(.modify, .serverDown, message: "", wasSent: false), .unavailable),
        (.timedOut(.modify, wasSent: true), .unknown),
        (.timedOut(.modify, wasSent: false), .unavailable),
        (.malformedAnswer(.modify, message: ""), .unknown),
    ])
    func aLostAnswerIsUnknownAndAnUnsentRequestUnavailable(error: LDAPError, outcome: WriteOutcome) {
        #expect(error.writeOutcome == outcome)
        #expect(error.readOutcome == .unavailable)
    }

    @Test func aModifyDeletesTheOldAndAddsTheNewAndTouchesNothingElse() {
        let plan = ModifyPlan([
            AttributeChange(name: "title", old: ["a"], new: ["b"]),
            AttributeChange(name: "mail", old: [], new: ["m"]),
            AttributeChange(name: "info", old: ["i"], new: []),
            AttributeChange(name: "member", old: ["x", "y"], new: ["y", "z"]),
            AttributeChange(name: "same", old: ["s"], new: ["s"]),
        ])
        #expect(
            plan.modifications == [
                Modification(.delete, "title", ["a"]), Modification(.add, "title", ["b"]),
                Modification(.add, "mail", ["m"]), Modification(.delete, "info", ["i"]),
                Modification(.delete, "member", ["x"]), Modification(.add, "member", ["z"]),
            ]
        )
        #expect(plan.unchecked.isEmpty)
    }

    @Test func whatTheServerDoesNotCompareIsReplacedAfterALook() {
        let flags = AttributeChange(name: "userAccountControl", old: ["512"], new: ["514"])
        let password = AttributeChange(name: "unicodePwd", old: [], new: ["secret"])
        let plan = ModifyPlan([flags, password])
        #expect(plan.unchecked == [flags])
        #expect(plan.modifications.map(\.kind) == [.replace, .replace])
        #expect(!plan.isStaleBefore(entry(["useraccountcontrol": ["512"]])))
        #expect(plan.isStaleBefore(entry(["useraccountcontrol": ["66048"]])))
    }

    @Test(
        arguments: [
            (16, ["old"], ["new"], ["other"], true),
            (16, ["old"], ["new"], [], true),
            (16, ["old"], ["new"], ["old"], false),
            (20, [], ["new"], ["other"], true),
            (20, [], ["new"], ["new"], true),
            (20, [], ["new"], [], false),
            (19, ["old"], ["new"], ["other"], false),
            (53, ["gone"], [], ["other"], true),
            (68, [], ["new"], ["other", "new"], true),
            (68, [], ["new"], ["other"], false),
        ] as [(Int32, [Octets], [Octets], [Octets], Bool)]
    )
    func aRefusalIsStalenessOnlyWhereTheEntryIsOtherThanPlanned(
        code: Int32,
        old: [Octets],
        new: [Octets],
        current: [Octets],
        isStale: Bool
    ) {
        let plan = ModifyPlan([AttributeChange(name: "title", old: old, new: new)])
        let entry = entry(["title": current])
        #expect(plan.isStale(entry, code: LDAPResultCode(rawValue: code), references: []) == isStale)
    }

    @Test func namesAreComparedAsNames() {
        let plan = ModifyPlan([AttributeChange(name: "manager", old: ["CN=A, DC=Test"], new: ["CN=B,DC=test"])])
        let current = entry(["manager": ["cn=a,dc=test"]])
        #expect(!plan.isStale(current, code: .noSuchAttribute, references: ["manager"]))
        #expect(plan.isStale(current, code: .noSuchAttribute, references: []))
    }

    @Test(arguments: [
        ("512", true, "512"), ("514", true, "514"), ("512", false, "514"), ("66048", false, "66050"),
    ])
    func anAccountIsEnabledInItsAddOnlyWithAPassword(flags: String, hasPassword: Bool, sent: String) throws {
        let operation = AddRequest.operation(
            name: try DistinguishedName(parsing: "CN=x,DC=test"),
            objectClasses: ["user"],
            attributes: ["useraccountcontrol": [Octets(flags)]],
            password: hasPassword ? "secret" : nil,
            mustChange: true
        )
        guard case .add(_, let attributes, _) = operation else { throw LabFailure(words: "not an add") }
        #expect(attributes.first { $0.name == "useraccountcontrol" }?.values == [Octets(sent)])
        #expect(attributes.contains { $0.name == "unicodePwd" } == hasPassword)
        #expect(attributes.contains { $0.name == "pwdLastSet" } == hasPassword)
    }

    @Test func aPasswordIsSentQuotedInUTF16() {
        #expect(UnicodePassword.octets(Array("a1".utf8)) == Octets([0x22, 0, 0x61, 0, 0x31, 0, 0x22, 0]))
    }

    /// The words are Samba's, and of Windows those of [MS-ERREF].
    @Test(
        arguments: [
            (19, "0000052D: Constraint violation - check_password_restrictions: too short", true, true),
            (53, "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0", true, true),
            (53, "0000001F: SvcErr: DSID-031A12E8, problem 5003 (WILL_NOT_PERFORM), data 0", true, false),
            (19, "000021C8: AtrErr: DSID-03200BBA, #1:", false, false),
            (50, "acl: access denied", false, false),
            (68, "", false, false),
        ] as [(Int32, String, Bool, Bool)]
    )
    func whatMayBeThePasswordsFaultIsTriedWithoutOne(
        code: Int32,
        message: String,
        mayBe: Bool,
        isPolicy: Bool
    ) {
        let result = LDAPResult(code: LDAPResultCode(rawValue: code), diagnosticMessage: message)
        #expect(UnicodePassword.mayBeRefused(result) == mayBe)
        #expect(UnicodePassword.isAgainstPolicy(result) == isPolicy)
    }

    @Test(arguments: [
        ("512", "514", false), ("514", "512", true), ("66050", "66048", true), ("514", "66050", false),
    ])
    func enablingIsTold(old: String, new: String, isEnabling: Bool) {
        let change = AttributeChange(name: "userAccountControl", old: [Octets(old)], new: [Octets(new)])
        #expect(WriteExecution.enables(ModifyPlan([change])) == isEnabling)
    }

    @Test func anAccountThatIsGivenAPasswordMustChangeItWhereThatIsWanted() {
        let flags = AttributeChange(name: "userAccountControl", old: ["514"], new: ["512"])
        #expect(
            ModifyPlan([flags]).demandingNewPassword.modifications.map(\.attribute) == [
                "userAccountControl", "pwdLastSet",
            ]
        )
        let own = AttributeChange(name: "pwdLastSet", old: ["0"], new: ["-1"])
        #expect(ModifyPlan([flags, own]).demandingNewPassword.modifications.count == 3)
    }

    @Test(
        arguments: [
            ("0", [0x0009_005A], true), (nil, [0x0009_005A], true), ("0", [0x0009_005A, 0x0009_007D], false),
            ("134404097496295030", [0x0009_005A], false),
        ] as [(String?, [UInt32], Bool)]
    )
    func aPasswordThatWasNeverSetLeavesNoKeys(lastSet: String?, records: [UInt32], isMissing: Bool) throws {
        let octets = MetadataBytes(records: records.map { MetadataBytes.Record(number: $0) }).octets
        let metadata = try ReplicationMetadata(decoding: octets)
        #expect(WriteExecution.hasNoPassword(lastSet: lastSet, metadata) == isMissing)
        #expect(!WriteExecution.hasNoPassword(lastSet: lastSet, nil))
    }

    private func entry(_ attributes: Attributes) -> EntrySnapshot {
        EntrySnapshot(
            anchor: Anchor(high: 0, low: 1),
            name: DistinguishedName([]),
            attributes: attributes,
            version: .unordered
        )
    }
}
