import Foundation
import Glibc
import Synchronization
import Testing

/// An slapd of the test's own: unprivileged, on a free loopback port, with its database in a temporary directory that
/// goes with it. Suffix `dc=syncline,dc=test`.
///
final class TestSlapd: Sendable {
    struct Options {
        var certificates: TestCertificates?
        /// Lines of slapd.conf after the database's own, for overlays.
        var overlays = ""
        /// Octets that one value of these tests may have is far below.
        var maximumSizeOctets = 1 << 30
        /// Entries below `ou=people`.
        var people = 0
    }

    static let suffix = "dc=syncline,dc=test"
    static let people = "ou=people,dc=syncline,dc=test"
    static let rootDN = "cn=admin,dc=syncline,dc=test"
    static let rootPassword = "correct horse"

    let directory: URL
    let port: UInt16
    let tlsPort: UInt16
    private let process: pid_t

    /// slapd is required where CI is set; elsewhere tests that need it are skipped without it.
    static var isAvailable: Bool {
        FileManager.default.isExecutableFile(atPath: "/usr/sbin/slapd")
            || ProcessInfo.processInfo.environment["CI"] != nil
    }

    static let comment: Comment = "slapd isn't installed"

    let uri: String
    /// The name that ``TestCertificates`` certifies.
    var tlsURI: String { "ldaps://127.0.0.1:\(tlsPort)" }
    let socketURI: String

    init(_ options: Options = Options()) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "syncline-slapd-\(UUID().uuidString)")
        port = try Self.freePort()
        tlsPort = try Self.freePort()
        uri = "ldap://127.0.0.1:\(port)"
        socketURI = "ldapi://" + directory.appending(path: "ldapi").path.replacingOccurrences(of: "/", with: "%2F")
        try FileManager.default.createDirectory(
            at: directory.appending(path: "data"),
            withIntermediateDirectories: true
        )
        let configuration = directory.appending(path: "slapd.conf")
        try Self.configuration(options, directory).write(to: configuration, atomically: true, encoding: .utf8)
        try Self.load(options, directory, configuration)
        let urls = "\(uri)/ \(socketURI)" + (options.certificates == nil ? "" : " ldaps://127.0.0.1:\(tlsPort)/")
        process = try spawn("/usr/sbin/slapd", ["-d", "0", "-h", urls, "-f", configuration.path])
        try waitUntilListening()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Ends the server without a chance to say anything.
    func kill() {
        // A second time it is no child of this process any more, and so not the target of anything.
        guard waitpid(process, nil, WNOHANG) == 0 else { return }
        Glibc.kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    /// A stopped server keeps its connections and answers nothing.
    func pause() {
        Glibc.kill(process, SIGSTOP)
        // Its threads may run on for a moment: the parent is told when all of them have stopped.
        waitpid(process, nil, WUNTRACED)
    }

    func resume() {
        Glibc.kill(process, SIGCONT)
    }

    private static func configuration(_ options: Options, _ directory: URL) -> String {
        let schemas = ["core", "cosine", "inetorgperson"].map { "include /etc/ldap/schema/\($0).schema" }
        let tls =
            options.certificates.map {
                """
                TLSCACertificateFile \($0.authority.path)
                TLSCertificateFile \($0.server.path)
                TLSCertificateKeyFile \($0.serverKey.path)
                """
            } ?? ""
        return """
            \(schemas.joined(separator: "\n"))
            modulepath /usr/lib/ldap
            moduleload back_mdb
            moduleload syncprov
            pidfile \(directory.path)/slapd.pid
            sizelimit unlimited
            threads 4
            \(tls)
            database mdb
            maxsize \(options.maximumSizeOctets)
            suffix "\(suffix)"
            rootdn "\(rootDN)"
            rootpw "\(rootPassword)"
            directory \(directory.path)/data
            dbnosync
            index objectClass,entryUUID,entryCSN,uid eq
            overlay syncprov
            \(options.overlays)

            """
    }

    private static func load(_ options: Options, _ directory: URL, _ configuration: URL) throws {
        var ldif = """
            dn: \(suffix)
            objectClass: dcObject
            objectClass: organization
            dc: syncline
            o: syncline

            dn: \(people)
            objectClass: organizationalUnit
            ou: people


            """
        for number in 0..<options.people {
            ldif += """
                dn: uid=u\(number),\(people)
                objectClass: inetOrgPerson
                uid: u\(number)
                cn: User \(number)
                sn: Number \(number)
                givenName: User
                mail: u\(number)@syncline.test
                telephoneNumber: +1 555 \(number)
                description: one of many
                title: Person
                employeeNumber: \(number)
                l: Somewhere


                """
        }
        let file = directory.appending(path: "load.ldif")
        try ldif.write(to: file, atomically: true, encoding: .utf8)
        try run("/usr/sbin/slapadd", ["-q", "-f", configuration.path, "-l", file.path])
    }

    private func waitUntilListening() throws {
        for _ in 0..<2000 {
            if Self.connects(port) { return }
            guard Glibc.kill(process, 0) == 0 else { break }
            usleep(5000)
        }
        throw TestFailure("slapd didn't start")
    }

    private static func connects(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return withLoopback(port) { Glibc.connect(descriptor, $0, $1) } == 0
    }

    /// None of those that the system gives to whoever asks for any: another test might be given it before slapd has it.
    private static func freePort() throws -> UInt16 {
        for _ in 0..<1000 {
            let port = nextPort.withLock { next in
                defer { next = next >= 29_999 ? 20_000 : next + 1 }
                return next
            }
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            if withLoopback(port, { bind(descriptor, $0, $1) }) == 0 { return port }
        }
        throw TestFailure("no port is free")
    }

    private static let nextPort = Mutex(UInt16(20_000 + Int(getpid()) % 10_000))
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A TCP socket that accepts connections (by its backlog) and never answers.
final class TestListener: Sendable {
    let descriptor: Int32
    let port: UInt16

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        guard withLoopback(0, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 16) == 0 else {
            throw TestFailure("no port is free")
        }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutableBytes(of: &address) {
            getsockname(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, &size)
        }
        guard code == 0 else { throw TestFailure("the socket has no name") }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(descriptor)
    }
}

private func withLoopback<Answer>(
    _ port: UInt16,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Answer
) -> Answer {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr = in_addr(s_addr: in_addr_t(0x7F00_0001).bigEndian)
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

/// Runs a command to its end; anything but success is thrown.
func run(_ command: String, _ arguments: [String]) throws {
    let process = try spawn(command, arguments)
    var status: Int32 = 0
    guard waitpid(process, &status, 0) == process, status == 0 else {
        throw TestFailure("\(command) ended with status \(status)")
    }
}

/// Starts a command with its output thrown away. Foundation's Process isn't used: to wait for one runs the thread's run
/// loop, and the threads of these tests are few.
func spawn(_ command: String, _ arguments: [String]) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
        posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    let words = ([command] + arguments).map { strdup($0) }
    defer { for word in words { free(word) } }
    var process = pid_t()
    let code = posix_spawn(&process, command, &actions, nil, words + [nil], environ)
    guard code == 0 else { throw TestFailure("\(command) can't be started: \(String(cString: strerror(code)))") }
    return process
}
