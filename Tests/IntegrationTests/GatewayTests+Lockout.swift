import Foundation
import SyncModel
import Testing

extension GatewayTests {
    /// AD locks an account after wrong passwords; the LDAP side shows it, and lifts it.
    @Test func aLockoutOfADShowsAndIsLiftedAtTheLDAPSide() async throws {
        let rule = "{ad: lockoutTime, miniorange: pwdAccountLockedTime, type: lockout}"
        let ground = try await ground("gwl", attributes: "{preset: default, rules: [\(rule)]}")
        let domain = ground.lab["AD_BASE"]
        try await ground.ad.set(domain, "lockoutThreshold", "3")
        let result: Result<Void, any Error>
        do { result = .success(try await lockOut(ground)) } catch { result = .failure(error) }
        try await ground.ad.set(domain, "lockoutThreshold", "0")
        try result.get()
    }

    private func lockOut(_ ground: Ground) async throws {
        try await withDaemon(ground) { daemon in
            let anna = try await person("anna", "Erstes-Wort-1", ground)
            #expect(try await bind(uri(ground), anna.account, "Erstes-Wort-1", ground) == 0)
            try await eventually("both have it") { try await works("Erstes-Wort-1", anna, ground) }
            for _ in 0..<3 {
                #expect(try await ground.ad.signIn(anna.ad, "falsch").contains("(49)"))
            }
            #expect(try await ground.ad.signIn(anna.ad, "Erstes-Wort-1").contains("data 775"))
            try await eventually("it shows") {
                let shown = try await ground.miniorange.entry(anna.miniorange)?.text("pwdAccountLockedTime")
                return shown.map { $0 != "000001010000Z" } ?? false
            }
            #expect(try await ground.miniorange.signIn(anna.miniorange, "Erstes-Wort-1").contains("(49)"))
            #expect(try await bind(uri(ground), anna.account, "Erstes-Wort-1", ground) == 49)
            // It is no disabled account.
            #expect(try await ground.ad.entry(anna.ad)?["userAccountControl"] == ["512"])

            try await ground.miniorange.set(anna.miniorange, "pwdAccountLockedTime")
            try await eventually("lifted") { try await ground.ad.entry(anna.ad)?["lockoutTime"] == ["0"] }
            #expect(try await works("Erstes-Wort-1", anna, ground))
            #expect(try await bind(uri(ground), anna.account, "Erstes-Wort-1", ground) == 0)
            #expect(try await daemon.settled().conflicts == 0)
            for word in ["locked", "unlocked"] { #expect(daemon.log.contains("account \(word)"), "\(word)") }
        }
    }
}
