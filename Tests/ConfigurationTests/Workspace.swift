import Foundation
import Testing

@testable import Configuration

/// A directory with the files that a configuration names; gone with the value.
final class Workspace {
    let path: String

    /// A configuration in which nothing is wrong, one setting a line, so that tests can name places in it.
    static let sound = """
        version: 1
        ad:
          servers: [ldaps://dc1.example.com]
          base: DC=syncline,DC=test
          bind: {dn: svc@syncline.test, passwordFile: ad.password}
          tls: {caFile: ca.pem}
        miniorange:
          servers: [ldaps://ldap.example.com]
          base: dc=syncline,dc=test
          bind: {dn: "cn=sync,dc=syncline,dc=test", passwordFile: mo.password}
          tls: {caFile: ca.pem}
        direction: both
        conflicts: {prefer: ad}
        deletes: {policy: delete}
        schedule: {reconcile: off}
        objects:
          - name: people
            kind: user
            ad: {base: "OU=People,DC=syncline,DC=test"}
            miniorange: {base: "ou=people,dc=syncline,dc=test"}
            match: [{ad: sAMAccountName, miniorange: uid}]
            attributes: default

        """

    /// ``sound`` with groups and containers besides; they begin on line 23 and line 28.
    static let groups =
        sound + """
              - name: teams
                kind: group
                ad: {base: "OU=Teams,DC=syncline,DC=test"}
                miniorange: {base: "ou=teams,dc=syncline,dc=test"}
                memberships: {nested: keep}
              - name: departments
                kind: container
                ad: {base: "OU=People,DC=syncline,DC=test"}
                miniorange: {base: "ou=people,dc=syncline,dc=test"}

            """

    /// ``sound`` with groups that users name, which begin on line 23.
    static let userAttribute =
        sound + """
              - name: teams
                kind: group
                ad: {base: "OU=Teams,DC=syncline,DC=test"}
                miniorange: {membership: user-attribute}
                memberships: {userAttribute: memberOf, userValues: names}

            """

    init() throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("syncline-configuration-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        path = directory.path
        try write("ad.password", "first\n", mode: 0o600)
        try write("mo.password", "zebra-42", mode: 0o600)
        try write("ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", mode: 0o644)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    @discardableResult
    func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        try write(name, Data(text.utf8), mode: mode)
    }

    @discardableResult
    func write(_ name: String, _ data: Data, mode: Int = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        try data.write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    func load(
        _ text: String,
        credentialsDirectory: String? = nil
    ) throws -> Configuration {
        let file = try write("syncline.yaml", text)
        return try Configuration.load(
            path: file,
            credentialsDirectory: credentialsDirectory
        )
    }

    /// What is wrong with the text; nothing if it loads.
    func errors(
        _ text: String,
        credentialsDirectory: String? = nil
    ) throws -> [ConfigurationError] {
        let file = try write("syncline.yaml", text)
        do throws(ConfigurationErrors) {
            _ = try Configuration.load(
                path: file,
                credentialsDirectory: credentialsDirectory
            )
            return []
        } catch {
            return error.errors
        }
    }

    /// The text with one piece replaced, which must occur exactly once.
    static func edited(_ piece: String, _ replacement: String, in text: String = sound) throws -> String {
        try #require(text.components(separatedBy: piece).count == 2, "not exactly once: \(piece)")
        return text.replacingOccurrences(of: piece, with: replacement)
    }
}
