import Foundation
import SyncModel
import Testing

@testable import Configuration

/// What the file says of the password gateway.
@Suite struct GatewayConfigurationTests {
    private func workspace(keyMode: Int = 0o600, key: String = "-----BEGIN PRIVATE KEY-----\n") throws -> Workspace {
        let workspace = try Workspace()
        try workspace.write("gw.key", key, mode: keyMode)
        try workspace.write("gw.crt", "-----BEGIN CERTIFICATE-----\n", mode: 0o644)
        return workspace
    }

    private func edited(_ gateway: String) throws -> String {
        try Workspace.edited("direction: both", "direction: both\ngateway: \(gateway)")
    }

    @Test func theLeastIsAnAddressAndACertificate() throws {
        let workspace = try workspace()
        let text = try edited("{listen: \"0.0.0.0:636\", certificateFile: gw.crt, keyFile: gw.key}")
        let gateway = try #require(try workspace.load(text).gateway)
        #expect(gateway.listen.description == "0.0.0.0:636")
        #expect(gateway.keyFile == "\(workspace.path)/gw.key")
        #expect(gateway.startTLS == nil)
        #expect(gateway.authority == .ad)
        #expect(gateway.administrators.isEmpty)
        #expect(!gateway.resetsProtected)
        #expect(gateway.keepsPending == .seconds(3_600))
        #expect(gateway.limits == GatewayConfiguration.Limits())
    }

    @Test func everythingCanBeSaid() throws {
        let text = try edited(
            """
            {listen: "[::]:1636", startTLS: "[::]:1389", certificateFile: gw.crt, keyFile: gw.key, authority: miniorange,
              administrators: ["cn=Help,dc=syncline,dc=test"], resetProtected: true, pending: 10m,
              limits: {connections: 5, connectionsPerAddress: 4, handshake: 3s, idle: 2s, failuresPerAccount: 7,
                failuresPerAddress: 8, failureWindow: 9s}}
            """
        )
        let gateway = try #require(try workspace().load(text).gateway)
        #expect(gateway.listen.description == "[::]:1636")
        #expect(gateway.startTLS?.description == "[::]:1389")
        #expect(gateway.authority == .miniorange)
        #expect(gateway.administrators.map(\.normalized) == ["cn=help,dc=syncline,dc=test"])
        #expect(gateway.resetsProtected)
        #expect(gateway.keepsPending == .seconds(600))
        var limits = GatewayConfiguration.Limits()
        limits.connections = 5
        limits.connectionsPerAddress = 4
        limits.handshake = .seconds(3)
        limits.idle = .seconds(2)
        limits.failuresPerAccount = 7
        limits.failuresPerAddress = 8
        limits.failureWindow = .seconds(9)
        #expect(gateway.limits == limits)
    }

    @Test(
        "A gateway that cannot work is refused",
        arguments: [
            ("{certificateFile: gw.crt, keyFile: gw.key}", "13:10", "`gateway.listen` is missing", "0.0.0.0:636"),
            ("{listen: \"0.0.0.0:636\", keyFile: gw.key}", "13:10", "`gateway.certificateFile` is missing", "add"),
            ("{listen: \"0.0.0.0\", certificateFile: gw.crt, keyFile: gw.key}", "13:19", "must be host:port", "write"),
            (
                "{listen: \"h:636\", startTLS: \"h:636\", certificateFile: gw.crt, keyFile: gw.key}", "13:38",
                "the same address", "h:389"
            ),
            (
                "{listen: \"h:636\", certificateFile: gw.crt, keyFile: gw.key, authority: both}", "13:81",
                "does not know `both`", "`ad`"
            ),
            (
                "{listen: \"h:636\", certificateFile: gw.key, keyFile: gw.key}", "13:45", "no certificate in PEM",
                "CERTIFICATE"
            ),
            (
                "{listen: \"h:636\", certificateFile: gw.crt, keyFile: gw.crt}", "13:62", "others than its owner",
                "chmod 600"
            ),
            (
                "{listen: \"h:636\", certificateFile: gw.crt, keyFile: gw.key, administrators: [anna]}", "13:91",
                "is not a distinguished name", "cn=helpdesk"
            ),
            (
                "{listen: \"h:636\", certificateFile: gw.crt, keyFile: gw.key, limits: {connections: 0}}", "13:92",
                "whole number", "2000"
            ),
        ]
    )
    func mistakes(gateway: String, place: String, message: String, remedy: String) throws {
        let errors = try workspace().errors(edited(gateway))
        let found = errors.filter { $0.message.contains(message) }
        #expect(found.count == 1, "\(errors.map(\.description))")
        #expect(found.first?.position.map { "\($0.line):\($0.column)" } == place)
        #expect(found.first?.remedy.contains(remedy) == true, "\(found.first?.remedy ?? "")")
    }

    @Test func aKeyWithAPassphraseIsRefused() throws {
        let workspace = try workspace(key: "-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
        let text = try edited("{listen: \"h:636\", certificateFile: gw.crt, keyFile: gw.key}")
        #expect(try workspace.errors(text).map(\.message).contains { $0.contains("without a passphrase") })
    }

    @Test func passwordsAreNotCarriedInTheClear() throws {
        let gateway = "gateway: {listen: \"h:636\", certificateFile: gw.crt, keyFile: gw.key}"
        let text = try edited("{listen: \"h:636\", certificateFile: gw.crt, keyFile: gw.key}")
            .replacingOccurrences(of: "ldaps://ldap.example.com", with: "\"ldap://127.0.0.1:389\"")
        #expect(text.contains(gateway))
        let errors = try workspace().errors(text)
        #expect(errors.map(\.message) == ["`gateway` would send passwords to `ldap://127.0.0.1:389` without TLS"])
    }
}
