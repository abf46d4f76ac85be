import Cryptography
import Foundation
import Testing

struct SealedMessageTests {
    /// Made by openssl(1): a key and its certificate.
    private static func pair(_ algorithm: [String]) throws -> (key: [UInt8], certificate: [UInt8]) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sealed-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.currentDirectoryURL = folder
        process.arguments =
            ["req", "-x509"] + algorithm + ["-nodes", "-keyout", "key", "-out", "crt", "-days", "9", "-subj", "/CN=x"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return (
            [UInt8](try Data(contentsOf: folder.appending(path: "key"))),
            [UInt8](try Data(contentsOf: folder.appending(path: "crt")))
        )
    }

    static let rsa = ["-newkey", "rsa:2048"]
    static let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]

    @Test(arguments: [rsa, curve])
    func `What is sealed to a certificate its key opens, and no other`(_ algorithm: [String]) throws {
        let (key, certificate) = try Self.pair(algorithm)
        let recipient = try MessageRecipient(pem: certificate)
        let content = Array("a password, and ÿ\u{0}".utf8)
        let message = try recipient.seal(content)
        #expect(message.hasPrefix("-----BEGIN CMS-----\n") && message.hasSuffix("-----END CMS-----\n"))
        #expect(!message.contains("password"))
        #expect(try #require(MessageKey(pem: key)).open(message) == content)
        #expect(try recipient.seal(content) != message)
        let other = try #require(MessageKey(pem: try Self.pair(algorithm).key))
        #expect(throws: CryptographyError.self) { try other.open(message) }
    }

    @Test func `A message of which a bit was changed is not opened`() throws {
        let (key, certificate) = try Self.pair(Self.rsa)
        let message = try MessageRecipient(pem: certificate).seal(Array("secret".utf8))
        var lines = message.split(separator: "\n").map(String.init)
        let data = try #require(Data(base64Encoded: lines[1..<(lines.count - 1)].joined()))
        let opener = try #require(MessageKey(pem: key))
        for position in [data.count - 1, data.count - 20, data.count - 40] {
            var damaged = data
            damaged[position] ^= 1
            lines = [
                "-----BEGIN CMS-----", damaged.base64EncodedString(options: .lineLength64Characters),
                "-----END CMS-----", "",
            ]
            let text = lines.joined(separator: "\n").replacingOccurrences(of: "\r", with: "")
            let opened = try? opener.open(text)
            #expect(opened == nil, "at \(position)")
        }
    }

    @Test func `What can't be sealed to is said at once`() throws {
        #expect(throws: CertificateError.self) { try MessageRecipient(pem: Array("nothing".utf8)) }
        let (_, certificate) = try Self.pair(["-newkey", "ed25519"])
        #expect(throws: CertificateError.self) { try MessageRecipient(pem: certificate) }
        #expect(MessageKey(pem: certificate) == nil)
    }
}
