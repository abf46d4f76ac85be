import Foundation

/// A certification authority, a server certificate of it for 127.0.0.1 alone, and an authority that no one knows.
final class TestCertificates: Sendable {
    /// Made once for all tests, which don't change them.
    static let shared = Result { try TestCertificates() }

    let directory: URL
    let authority: URL
    let otherAuthority: URL
    let server: URL
    let serverKey: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "syncline-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        authority = directory.appending(path: "ca.pem")
        otherAuthority = directory.appending(path: "other.pem")
        server = directory.appending(path: "server.pem")
        serverKey = directory.appending(path: "server.key")
        let authorityKey = directory.appending(path: "ca.key")
        try Self.selfSigned(authority, authorityKey, "Syncline test authority")
        try Self.selfSigned(otherAuthority, directory.appending(path: "other.key"), "Another authority")
        let request = directory.appending(path: "server.csr")
        let extensions = directory.appending(path: "server.ext")
        try "subjectAltName=IP:127.0.0.1\n".write(to: extensions, atomically: true, encoding: .utf8)
        try run(
            "/usr/bin/openssl",
            [
                "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", serverKey.path,
                "-out", request.path,
            ]
                + ["-subj", "/CN=127.0.0.1"]
        )
        try run(
            "/usr/bin/openssl",
            ["x509", "-req", "-in", request.path, "-CA", authority.path, "-CAkey", authorityKey.path]
                + ["-CAcreateserial", "-out", server.path, "-days", "2", "-extfile", extensions.path]
        )
    }

    private static func selfSigned(_ certificate: URL, _ key: URL, _ name: String) throws {
        try run(
            "/usr/bin/openssl",
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key.path]
                + ["-out", certificate.path, "-days", "2", "-subj", "/CN=\(name)"]
        )
    }
}
