import SyncModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads the configuration and the files that it names.
struct FileReader {
    /// Relative paths begin here.
    let directory: String
    /// Where systemd puts the service's credentials; nil outside of it.
    let credentialsDirectory: String?

    /// The longest file that is read, in octets.
    static let maximumOctets = 4_194_304

    struct Contents {
        var bytes: [UInt8]
        /// The permission bits.
        var mode: UInt32
    }

    enum Failure: Error {
        /// An operation failed with this errno.
        case system(operation: String, errno: Int32)
        case notAFile
        case tooLong

        var reason: String {
            switch self {
            case .system(let operation, let code): "cannot \(operation) it: \(String(cString: strerror(code)))"
            case .notAFile: "it is not a regular file"
            case .tooLong: "it is longer than \(FileReader.maximumOctets / 1_048_576) MiB"
            }
        }
    }

    /// Everything in the file, with the mode of the very file that was read.
    static func read(_ path: String) throws(Failure) -> Contents {
        // O_NONBLOCK: a named pipe in the file's place must not stop the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(operation: "open", errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(operation: "examine", errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        guard status.st_size <= maximumOctets else { throw .tooLong }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = readOnce(descriptor, &buffer)
            if count == 0 { return Contents(bytes: bytes, mode: UInt32(status.st_mode & 0o7777)) }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw .system(operation: "read", errno: errno)
            }
            bytes.append(contentsOf: buffer.prefix(count))
            guard bytes.count <= maximumOctets else { throw .tooLong }
        }
    }

    /// The absolute directory of the file at `path`.
    static func directory(of path: String) -> String {
        let absolute = path.hasPrefix("/") ? path : "\(Environment.workingDirectory)/\(path)"
        return absolute.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    }

    private static func readOnce(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int {
        buffer.withUnsafeMutableBytes { bytes in
            #if canImport(Glibc)
                Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            #elseif canImport(Musl)
                Musl.read(descriptor, bytes.baseAddress, bytes.count)
            #else
                Darwin.read(descriptor, bytes.baseAddress, bytes.count)
            #endif
        }
    }

    /// The path with `${CREDENTIALS_DIRECTORY}` replaced and made absolute; nil, and reported, where that cannot be.
    func resolve(_ value: Value) -> String? {
        guard let text = value.asText() else { return nil }
        let variable = "${CREDENTIALS_DIRECTORY}"
        var path = text
        if text.hasPrefix(variable) {
            guard let credentialsDirectory else {
                value.report(
                    "`\(value.path)`: CREDENTIALS_DIRECTORY is not set",
                    remedy: "start the service by systemd with LoadCredential=, or write the file's own path"
                )
                return nil
            }
            path = credentialsDirectory + text.dropFirst(variable.count)
        }
        guard !path.contains("${") else {
            value.report(
                "`\(value.path)`: only `\(variable)` is replaced, and only at the beginning",
                remedy: "write the path itself"
            )
            return nil
        }
        return path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }

    /// The password in the file that `value` names, without the line's end. An empty one stands where it was reported.
    func password(_ value: Value) -> Secret {
        let nothing = Secret(Octets())
        guard let path = resolve(value), let contents = contents(of: path, named: value) else { return nothing }
        checkMode(of: contents, path, named: value, ifSeen: "change the password")
        var bytes = contents.bytes[...]
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        if bytes.isEmpty {
            // An empty password makes a bind anonymous (RFC 4513 §5.1.2), and it succeeds.
            value.report("`\(value.path)`: \(path) is empty", remedy: "write the password into it, on one line")
        } else if bytes.contains(0x0A) || bytes.contains(0) {
            let message = "`\(value.path)`: \(path) holds more than one line"
            value.report(message, remedy: "keep nothing but the password in it, on one line")
        }
        return Secret(Octets(bytes))
    }

    /// The file with a key that `value` names, as it is; nil where something else was reported.
    func key(_ value: Value) -> (path: String, key: Secret)? {
        guard let path = resolve(value), let contents = contents(of: path, named: value) else { return nil }
        checkMode(of: contents, path, named: value, ifSeen: "make a new key")
        // 256 bits, and what some form of text makes of them.
        guard 32...4096 ~= contents.bytes.count else {
            value.report(
                "`\(value.path)`: \(path) holds no key of 256 bits (\(contents.bytes.count) octets)",
                remedy: "make one: `(umask 077 && openssl rand -base64 32 >\(path))`"
            )
            return nil
        }
        return (path, Secret(Octets(contents.bytes)))
    }

    /// The path of a file with a private key in PEM that nobody else may read; nil where something else was reported.
    func privateKey(_ value: Value) -> String? {
        guard let path = resolve(value), let contents = contents(of: path, named: value) else { return nil }
        checkMode(of: contents, path, named: value, ifSeen: "get a new key and certificate")
        let text = String(decoding: contents.bytes, as: UTF8.self)
        guard text.contains("PRIVATE KEY-----"), !text.contains("ENCRYPTED") else {
            value.report(
                "`\(value.path)`: no private key in PEM without a passphrase in \(path)",
                remedy: "name the certificate's key; take a passphrase away by `openssl pkey -in \(path) -out FILE`"
            )
            return nil
        }
        return path
    }

    private func checkMode(of contents: Contents, _ path: String, named value: Value, ifSeen remedy: String) {
        // systemd grants its copies by an ACL, whose mask the mode shows as the group's; it guards them itself.
        let isCredential = credentialsDirectory.map { path.hasPrefix($0 + "/") } ?? false
        guard !isCredential, contents.mode & 0o077 != 0 else { return }
        let mode = String(contents.mode & 0o777, radix: 8)
        value.report(
            "`\(value.path)`: others than its owner may use \(path) (mode \(mode))",
            remedy: "run `chmod 600 \(path)`, and \(remedy) if others could read it"
        )
    }

    /// The path of a readable file with certificates in PEM; nil where something else was reported.
    func certificates(_ value: Value) -> String? {
        guard let path = resolve(value), let contents = contents(of: path, named: value) else { return nil }
        let markers = ["-----BEGIN CERTIFICATE-----", "-----BEGIN TRUSTED CERTIFICATE-----"]
        let text = String(decoding: contents.bytes, as: UTF8.self)
        guard markers.contains(where: { text.contains($0) }) else {
            value.report(
                "`\(value.path)`: no certificate in PEM in \(path)",
                remedy: contents.bytes.first == 0x30
                    ? "convert it: `openssl x509 -inform der -in \(path) -out \(path).pem`, and name that file"
                    : "name the file with the CA's certificate; it holds a line `-----BEGIN CERTIFICATE-----`"
            )
            return nil
        }
        return path
    }

    private func contents(of path: String, named value: Value) -> Contents? {
        do throws(Failure) {
            return try Self.read(path)
        } catch {
            // What is no path may be the secret itself, written in the wrong place.
            let written = value.written ?? ""
            let isSecret = ["passwordFile", "keyFile"].contains(value.path.lastKey)
            let shown = written.contains("/") || !isSecret ? path : "the file named there"
            value.report("`\(value.path)`: \(shown): \(error.reason)", remedy: remedy(for: error, at: value.path))
            return nil
        }
    }

    private func remedy(for failure: Failure, at path: String) -> String {
        switch failure {
        case .system(_, ENOENT), .system(_, ENOTDIR):
            "create the file, or write the path of the right one (`\(Grammar.example(of: path))`)"
        case .system(_, EACCES), .system(_, EPERM):
            "give the file to the account that Syncline runs as: `chown`, and `chmod 600` for a password"
        case .system, .notAFile, .tooLong:
            "write the path of the right file (`\(Grammar.example(of: path))`)"
        }
    }
}
