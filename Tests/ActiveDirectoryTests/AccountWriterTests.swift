import LDAPClient
import Logging
import SyncModel
import Testing

@testable import ActiveDirectory

extension RealDomainController {
    /// New accounts can be used, and none is enabled without a password.
    @Suite("Accounts")
    struct AccountWriterTests {
        private static func user(_ name: String, flags: String, _ lab: Lab) throws -> WriteOperation {
            let dn = try DistinguishedName(parsing: "CN=\(name),\(lab.people)")
            let attributes: Attributes = [
                "samaccountname": [Octets(name)], "useraccountcontrol": [Octets(flags)], "displayname": ["Given Name"],
            ]
            return .add(name: dn, objectClasses: ["user"], attributes: attributes)
        }

        private static func enabling(_ entry: EntrySnapshot) -> WriteOperation {
            let change = AttributeChange(name: "useraccountcontrol", old: ["514"], new: ["512"])
            return .modify(entry.anchor, name: entry.name, version: entry.version, changes: [change])
        }

        /// The code that a domain controller adds to its refusal of a bind; nil where it takes it.
        private static func bind(_ password: InitialPassword, _ lab: Lab) async throws -> UInt32? {
            let endpoint = try LDAPEndpoint(lab["AD_URI"])
            do throws(LDAPError) {
                let connection = try await LDAPConnection.open(
                    endpoint,
                    tls: TLSSettings(caFile: lab["CA_FILE"]),
                    bind: .simple(name: "\(password.account)@syncline.test", password: Octets(password.password))
                )
                connection.close()
                return nil
            } catch {
                return error.serverResult.flatMap { ActiveDirectoryDiagnostic($0.diagnosticMessage) }?.windowsCode
            }
        }

        @Test(arguments: [(false, nil), (true, 0x773)] as [(Bool, UInt32?)])
        func aNewAccountCanBeUsedWithThePasswordThatWasKept(mustChange: Bool, code: UInt32?) async throws {
            try await withAccounts(mustChange: mustChange) { lab, writer, kept in
                let name = mustChange ? "must" : "need"
                let added = try await writer.outcome(Self.user(name, flags: "512", lab)).required()
                #expect(added.attributes["useraccountcontrol"] == ["512"])
                let password = try #require(kept.all.first)
                #expect(kept.all.count == 1 && password.name == added.name && password.side == .ad)
                #expect(try await Self.bind(password, lab) == code)
            }
        }

        @Test func anAccountThatIsMadeDisabledIsEnabledWithItsPassword() async throws {
            try await withAccounts { lab, writer, kept in
                let added = try await writer.outcome(Self.user("later", flags: "514", lab)).required()
                let password = try #require(kept.all.first)
                #expect(try await Self.bind(password, lab) == 0x533)
                let enabled = try await writer.outcome(Self.enabling(added)).required()
                #expect(enabled.attributes["useraccountcontrol"] == ["512"])
                #expect(kept.all.count == 1)
                #expect(try await Self.bind(password, lab) == nil)
            }
        }

        @Test func anAccountThatNeverHadAPasswordGetsOneBeforeItIsEnabled() async throws {
            try await withAccounts { lab, writer, kept in
                let administrator = try await lab.administrator()
                defer { administrator.close() }
                try await administrator.addUser("bare", in: lab.people)
                let entry = try await writer.outcome(.readName(DistinguishedName(parsing: "CN=bare,\(lab.people)")))
                let enabled = try await writer.outcome(Self.enabling(entry.required())).required()
                #expect(enabled.attributes["useraccountcontrol"] == ["512"])
                #expect(try await Self.bind(try #require(kept.all.first), lab) == nil)
            }
        }

        @Test func whereNoneIsGivenAnAccountStaysDisabled() async throws {
            try await withAccounts(isGiven: false) { lab, writer, kept in
                let added = try await writer.outcome(Self.user("none", flags: "512", lab)).required()
                #expect(added.attributes["useraccountcontrol"] == ["514"])
                let refusal = await writer.outcome(Self.enabling(added)).refusal
                #expect(refusal?.reason == .notAllowed && refusal?.message.contains("initialPassword: none") == true)
                #expect(kept.all.isEmpty)
            }
        }

        @Test func aPasswordThatCannotBeKeptIsNotGiven() async throws {
            try await withAccounts(canKeep: false) { lab, writer, _ in
                let refusal = try await writer.outcome(Self.user("unkept", flags: "512", lab)).refusal
                #expect(refusal?.reason == .other && refusal?.message.contains("no room") == true)
                let name = try DistinguishedName(parsing: "CN=unkept,\(lab.people)")
                #expect(await writer.outcome(.readName(name)) == .gone)
            }
        }

        /// Also where the policy became stricter since the writer asked for it.
        @Test func aPasswordIsAsLongAsTheDomainWantsIt() async throws {
            try await withAccounts { lab, writer, kept in
                let administrator = try await lab.administrator()
                defer { administrator.close() }
                _ = try await writer.outcome(Self.user("short", flags: "512", lab)).required()
                try await administrator.set("minPwdLength", "60", of: lab["AD_BASE"])
                let added = await writer.outcome(try Self.user("stricter", flags: "512", lab))
                try await withAccounts { lab, writer, kept in
                    _ = try await writer.outcome(Self.user("long", flags: "512", lab)).required()
                    #expect(kept.all.map(\.password.count) == [60])
                }
                try await administrator.set("minPwdLength", "7", of: lab["AD_BASE"])
                #expect(try added.required().attributes["useraccountcontrol"] == ["512"])
                #expect(kept.all.map(\.password.count) == [32, 32, 127])
                #expect(try await Self.bind(try #require(kept.all.last), lab) == nil)
            }
        }

        private func withAccounts(
            isGiven: Bool = true,
            mustChange: Bool = false,
            canKeep: Bool = true,
            _ body: (Lab, ActiveDirectoryWriter, Collected<InitialPassword>) async throws -> Void
        ) async throws {
            let lab = try Lab.required()
            let kept = Collected<InitialPassword>()
            let passwords = NewAccountPasswords(
                isGiven: isGiven,
                mustChange: mustChange,
                keep: { password in
                    guard canKeep else { throw LabFailure(words: "no room") }
                    kept.add(password)
                }
            )
            let writer = try ActiveDirectoryWriter(
                settings: lab.settings(),
                view: lab.view(),
                logger: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() }),
                passwords: passwords
            )
            do {
                try await body(lab, writer, kept)
            } catch {
                await writer.close()
                throw error
            }
            await writer.close()
        }
    }
}
