import Foundation
import Mapping
import SyncModel
import Testing

@testable import Configuration

@Suite struct ShippedFileTests {
    private static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("conf")

    private static let files = ["syncline.yaml"] + examples
    private static let examples = [
        "minimal", "one-way", "own-rules", "groups-member", "groups-uniquemember", "groups-memberuid",
        "groups-memberof-dns", "groups-memberof-names", "containers", "conflicts", "accounts", "gateway",
    ].map { "examples/\($0).yaml" }

    private func shipped(_ name: String) throws -> String {
        try String(contentsOf: Self.directory.appendingPathComponent(name), encoding: .utf8)
    }

    /// What is wrong with the text once the files that it names exist.
    private func errors(_ text: String) throws -> [String] {
        let workspace = try Workspace()
        for name in ["ad.password", "miniorange.password"] { try workspace.write(name, "secret\n") }
        try workspace.write("gateway.key", "-----BEGIN PRIVATE KEY-----\n")
        for name in ["ad-ca.pem", "ldap-ca.pem", "provisioning.crt", "gateway.crt"] {
            try workspace.write(name, "-----BEGIN CERTIFICATE-----\n")
        }
        return try workspace.errors(
            text.replacingOccurrences(of: "/etc/syncline", with: workspace.path),
            credentialsDirectory: workspace.path
        ).map(\.description)
    }

    @Test("A shipped file is sound", arguments: files)
    func isSound(_ name: String) throws {
        #expect(try errors(shipped(name)) == [])
    }

    @Test func everyExampleIsTested() throws {
        let found = try FileManager.default.contentsOfDirectory(
            atPath: Self.directory.appendingPathComponent("examples").path
        )
        #expect(found.sorted().map { "examples/\($0)" } == Self.examples.sorted())
    }

    @Test func theRulesInCommentsAreSound() throws {
        let text = try shipped("syncline.yaml").replacing("# - {ad:", with: "- {ad:")
        #expect(try errors(text) == [])
    }

    @Test func theConflictSettingsInCommentsAreSound() throws {
        var text = try shipped("syncline.yaml")
        for key in ["clockTolerance:", "provenance:", "  - {author:", "  - {server:", "oscillation:", "retention:"] {
            #expect(text.contains("  # \(key)"), "\(key)")
            text = text.replacing("  # \(key)", with: "  \(key)")
        }
        #expect(text.contains("\n    # conflicts:"))
        text = text.replacing("\n    # conflicts:", with: "\n    conflicts:")
        #expect(try errors(text) == [])
    }

    @Test func theDefaultsInCommentsAreTheDefaults() throws {
        let shown = try shipped("syncline.yaml")
        for setting in [
            "pulse: 100ms", "connect: 5s", "operation: 30s", "writesInFlight: 16", "accesslogBase: cn=accesslog",
            "hierarchy: tree", "feed: auto", "rdn: cn", "rdn: uid",
            "filter: \"\(KindDefaults.user(.ad).filter)\"",
            "filter: \"\(KindDefaults.user(.miniorange).filter)\"",
            "objectClass: [\(KindDefaults.user(.ad).objectClasses.joined(separator: ", "))]",
            "objectClass: [\(KindDefaults.user(.miniorange).objectClasses.joined(separator: ", "))]",
            "filter: \"\(KindDefaults.groupAtAD.filter)\"",
            "filter: \"\(KindDefaults.groupAtMiniOrange(.member, given: nil).filter)\"",
            "objectClass: [\(KindDefaults.groupAtAD.objectClasses.joined(separator: ", "))]",
            "objectClass: [top, \(MembershipName.member.classes[0])]",
            "filter: \"\(KindDefaults.containerAtAD(rdn: "ou").filter)\"",
            "userValues: dns", "entries: true", "createMissing: false", "rdn: ou", "rule: newest", "prefer: ad",
            "deleteAgainstChange: change-wins", "clockTolerance: 2s", "oscillation: {changes: 6, within: 60s}",
            "retention: 90d", "history: 90d", "mustChange: false", "initialPassword: random", "initialPassword: none",
            "authority: ad", "resetProtected: false", "pending: 1h", "connections: 2000", "connectionsPerAddress: 500",
            "handshake: 10s", "idle: 5m", "failuresPerAccount: 10", "failuresPerAddress: 100", "failureWindow: 5m",
        ] {
            #expect(
                shown.contains("# \(setting)") || shown.contains("#   \(setting)") || shown.contains("#     \(setting)")
                    || shown.contains("  \(setting)"),
                "\(setting)"
            )
        }
    }

    @Test("Every key is documented", arguments: Grammar.sections.keys.sorted())
    func isDocumented(_ section: String) throws {
        let text = try shipped("syncline.yaml")
        for key in Grammar.keys(of: section) {
            #expect(text.contains("\(key.name):"), "\(section).\(key.name)")
        }
    }
}
