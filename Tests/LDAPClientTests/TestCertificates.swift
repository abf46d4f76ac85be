import Foundation

/// A certification authority, server certificates of it for 127.0.0.1 alone, and an authority that no one knows.
final class TestCertificates: Sendable {
    /// Made once for all tests, which don't change them.
    static let shared = Result { try TestCertificates() }

    let directory: URL
    let authority: URL
    let otherAuthority: URL
    let server: URL
    let serverKey: URL

    enum Kind: String, Sendable, CaseIterable {
        case sound, expired, notYetValid
    }

    /// All have one key.
    func pair(_ kind: Kind) -> (certificate: URL, key: URL) {
        (kind == .sound ? server : directory.appending(path: "\(kind.rawValue).pem"), serverKey)
    }

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
        // The authority's own form of the command is the only one that takes both dates.
        let database = directory.appending(path: "index.txt")
        try Data().write(to: database)
        let settings = directory.appending(path: "ca.conf")
        try """
        [ca]
        default_ca = own
        [own]
        database = \(database.path)
        new_certs_dir = \(directory.path)
        rand_serial = yes
        default_md = sha256
        unique_subject = no
        policy = any
        [any]
        commonName = supplied
        """.write(to: settings, atomically: true, encoding: .utf8)
        let now = Date()
        let validity: [(Kind, Double, Double)] = [(.sound, -1, 2), (.expired, -30, -1), (.notYetValid, 1, 30)]
        for (kind, start, end) in validity {
            try run(
                "/usr/bin/openssl",
                ["ca", "-batch", "-config", settings.path, "-cert", authority.path, "-keyfile", authorityKey.path]
                    + [
                        "-in", request.path, "-out", pair(kind).certificate.path, "-notext", "-extfile",
                        extensions.path,
                    ]
                    + ["-startdate", Self.time(now, days: start), "-enddate", Self.time(now, days: end)]
            )
        }
    }

    private static func time(_ now: Date, days: Double) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = .gmt
        formatter.dateFormat = "yyyyMMddHHmmss'Z'"
        return formatter.string(from: now.addingTimeInterval(days * 86_400))
    }

    private static func selfSigned(_ certificate: URL, _ key: URL, _ name: String) throws {
        try run(
            "/usr/bin/openssl",
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key.path]
                + ["-out", certificate.path, "-days", "2", "-subj", "/CN=\(name)"]
        )
    }
}
