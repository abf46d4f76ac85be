import Foundation
import SyncModel
import Testing

@testable import Configuration

/// How the cache is encrypted.
@Suite struct CacheEncryptionTests {
    private static let key = String(repeating: "k", count: 44) + "\n"

    private func edited(_ cache: String) throws -> String {
        try Workspace.edited("direction: both", "direction: both\ncache: \(cache)")
    }

    @Test func theKeyIsTheFileToItsLastOctet() throws {
        let workspace = try Workspace()
        let file = try workspace.write("cache.key", Self.key)
        let configuration = try workspace.load(
            edited("{encrypt: true, keyFile: cache.key}")
        )
        let encryption = try #require(configuration.cacheEncryption)
        #expect(encryption.keyFile == file)
        #expect(encryption.key.octets == Octets(Self.key))
        #expect(!"\(configuration)".contains("kkkk"))
    }

    @Test func whatIsNotEncryptedNeedsNoKey() throws {
        let configuration = try Workspace().load(edited("{encrypt: false}"))
        #expect(configuration.cacheEncryption == nil)
    }

    @Test func aCredentialOfSystemdServesWhateverItsMode() throws {
        let credentials = try Workspace()
        try credentials.write("key", Self.key, mode: 0o440)
        let configuration = try Workspace().load(
            edited("{encrypt: true, keyFile: \"${CREDENTIALS_DIRECTORY}/key\"}"),
            credentialsDirectory: credentials.path
        )
        #expect(configuration.cacheEncryption?.keyFile == "\(credentials.path)/key")
    }

    @Test(
        "An encryption that cannot work is refused",
        arguments: [
            ("{encrypt: true}", 0o600, 44, "13:18", "needs a file with the key", "add `keyFile: /etc/syncline/"),
            ("{keyFile: cache.key}", 0o600, 44, "13:9", "has a meaning only with `encrypt: true`", "remove it"),
            ("{encrypt: false, keyFile: cache.key}", 0o600, 44, "13:25", "has a meaning only with", "remove it"),
            ("{encrypt: maybe, keyFile: cache.key}", 0o600, 44, "13:18", "must be true or false", "encrypt: false"),
            ("{encrypt: true, keyFile: cache.key}", 0o640, 44, "13:33", "(mode 640)", "chmod 600"),
            ("{encrypt: true, keyFile: cache.key}", 0o604, 44, "13:33", "others than its owner", "make a new key"),
            (
                "{encrypt: true, keyFile: cache.key}", 0o600, 31, "13:33", "no key of 256 bits (31 octets)",
                "openssl rand"
            ),
            ("{encrypt: true, keyFile: cache.key}", 0o600, 0, "13:33", "no key of 256 bits", "openssl rand"),
            ("{encrypt: true, keyFile: cache.key}", 0o600, 5000, "13:33", "no key of 256 bits", "openssl rand"),
            ("{encrypt: true, keyFile: hunter2}", 0o600, 44, "13:33", "the file named there", "create the file"),
            (
                "{encrypt: true, keyFile: cache.key, path: .}", 0o600, 44, "13:33", "the cache's own directory",
                "move it"
            ),
        ]
    )
    func unfit(_ cache: String, _ mode: Int, _ octets: Int, _ place: String, _ message: String, _ remedy: String) throws
    {
        let workspace = try Workspace()
        try workspace.write("cache.key", String(repeating: "k", count: octets), mode: mode)
        let text = try edited(cache.replacing("path: .", with: "path: \(workspace.path)"))
        let errors = try workspace.errors(text)
        let shown = errors.map(\.description).joined(separator: "\n")
        #expect(errors.map { $0.position?.description } == [place], "\(shown)")
        #expect(errors.first?.message.contains(message) == true, "\(shown)")
        #expect(errors.first?.remedy.contains(remedy) == true, "\(shown)")
        #expect(!shown.contains("hunter2") && !shown.contains("kkkk"))
    }
}
