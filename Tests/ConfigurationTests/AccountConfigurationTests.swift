import Foundation
import Mapping
import SyncModel
import Testing

@testable import Configuration

/// What new accounts get. `accounts` takes the place of line 15.
@Suite struct AccountConfigurationTests {
    private func edited(_ accounts: String, _ attributes: String = "default") throws -> String {
        let text = try Workspace.edited("schedule: {reconcile: off}", "accounts: \(accounts)")
        return try Workspace.edited("attributes: default", "attributes: \(attributes)", in: text)
    }

    @Test func whoSaysNothingGetsAccountsAtADThatCanBeUsed() throws {
        let accounts = try Workspace().load(Workspace.sound).accounts
        #expect(accounts == AccountSettings())
        #expect(accounts.ad == .random && accounts.miniorange == .none && !accounts.mustChange)
        #expect(accounts.handOver == nil)
    }

    @Test func everythingIsRead() throws {
        let workspace = try Workspace()
        let configuration = try workspace.load(
            edited(
                "{ad: {initialPassword: random, mustChange: true}, miniorange: {initialPassword: random}, "
                    + "handOver: {certificateFile: ca.pem, file: passwords}}"
            )
        )
        let accounts = configuration.accounts
        #expect(accounts.ad == .random && accounts.mustChange && accounts.miniorange == .random)
        #expect(accounts.handOver?.certificateFile == "\(workspace.path)/ca.pem")
        #expect(accounts.handOver?.file == "\(workspace.path)/passwords")
        #expect(configuration.objects.map(\.passThroughRealm) == [nil])
    }

    @Test func theRealmGoesToTheUsers() throws {
        let configuration = try Workspace().load(
            edited("{miniorange: {initialPassword: pass-through, realm: EXAMPLE.COM}}")
        )
        #expect(configuration.accounts.miniorange == .passThrough(realm: "EXAMPLE.COM"))
        #expect(configuration.objects.map(\.passThroughRealm) == ["EXAMPLE.COM"])
    }

    @Test func withoutARuleThatEnablesAccountsAtADTheyNeedNoPassword() throws {
        let text = try edited("{ad: {initialPassword: none}}", "{preset: default, without: [userAccountControl]}")
        #expect(try Workspace().load(text).accounts.ad == .none)
    }

    @Test(
        "Settings of accounts that cannot work are refused",
        arguments: [
            ("{ad: {initialPassword: rand}}", "15:34", "does not know `rand`", "write one of `random`, `none`"),
            ("{ad: {password: x}}", "15:17", "unknown key `password`", "a password never stands here"),
            (
                "{ad: {initialPassword: none}}", "15:34", "`people` has a rule that carries being enabled there",
                "without: [userAccountControl]"
            ),
            ("{miniorange: {initialPassword: hash}}", "15:42", "does not know `hash`", "`pass-through`"),
            ("{miniorange: {initialPassword: pass-through}}", "15:24", "realm` is missing", "realm: EXAMPLE.COM"),
            (
                "{miniorange: {initialPassword: random, realm: X}}", "15:50",
                "has a meaning only with `initialPassword: pass-through`",
                "remove it"
            ),
            (
                "{miniorange: {initialPassword: pass-through, realm: \"a b\"}}", "15:63", "`a b` is no realm",
                "realm: EXAMPLE.COM"
            ),
            (
                "{handOver: {certificateFile: nothing.pem, file: f}}", "15:40", "cannot open it", "create the file"
            ),
            (
                "{handOver: {certificateFile: ad.password, file: f}}", "15:40", "no certificate in PEM",
                "BEGIN CERTIFICATE"
            ),
            ("{handOver: {certificateFile: ca.pem, file: ca.pem}}", "15:54", "are one file", "initial-passwords"),
            ("{handOver: {certificateFile: ca.pem}}", "15:22", "handOver.file` is missing", "initial-passwords"),
        ]
    )
    func unfit(_ accounts: String, _ place: String, _ message: String, _ remedy: String) throws {
        try expect(edited(accounts), place, message, remedy)
    }

    @Test(
        "Settings that contradict the rules are refused",
        arguments: [
            (
                "{ad: {initialPassword: none, mustChange: true}}", "{preset: default, without: [userAccountControl]}",
                "15:40",
                "has a meaning only with `initialPassword: random`", "remove it"
            ),
            (
                "{ad: {initialPassword: none}, handOver: {certificateFile: ca.pem, file: f}}",
                "{preset: default, without: [userAccountControl]}", "15:41", "no side gets a random password",
                "remove it"
            ),
            (
                "{miniorange: {initialPassword: pass-through, realm: X}}",
                "[{ad: mail, miniorange: uid}, {ad: cn, miniorange: cn}]", "15:42", "`people` has no rule for its name",
                "{ad: sAMAccountName, miniorange: uid}"
            ),
        ]
    )
    func contradictory(_ accounts: String, _ rules: String, _ place: String, _ message: String, _ remedy: String) throws
    {
        try expect(edited(accounts, rules), place, message, remedy)
    }

    @Test(arguments: [("enabledValue: \"on\"", "on", ""), ("disabledValue: \"off\"", "", "off")])
    func theValueOfAFlagThatIsLeftOutIsAbsence(_ keys: String, _ enabled: Octets, _ disabled: Octets) throws {
        let rule = "{ad: userAccountControl, miniorange: status, type: account-enabled, \(keys)}"
        let text = try Workspace.edited("attributes: default", "attributes: {preset: default, rules: [\(rule)]}")
        let rules = try #require(try Workspace().load(text).objects.first).attributes
        #expect(rules.last?.type == .accountEnabledFlag(enabled: enabled, disabled: disabled))
    }

    private func expect(_ text: String, _ place: String, _ message: String, _ remedy: String) throws {
        let errors = try Workspace().errors(text)
        let shown = errors.map(\.description).joined(separator: "\n")
        #expect(errors.map { $0.position?.description } == [place], "\(shown)")
        #expect(errors.first?.message.contains(message) == true, "\(shown)")
        #expect(errors.first?.remedy.contains(remedy) == true, "\(shown)")
    }
}
