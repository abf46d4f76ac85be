import Foundation
import Glibc
import LDAPClient
import MiniOrange
import SyncModel
import Synchronization

/// An slapd of the test's own: unprivileged, on a free loopback port, with its databases in a temporary folder that goes with it.
final class TestSlapd: @unchecked Sendable {  // Each test owns its server and calls it from one task at a time.
    enum Overlays {
        case none, syncprov, accesslog
    }

    static let suffix = "dc=syncline,dc=test"
    static let people = "ou=people,dc=syncline,dc=test"
    static let groups = "ou=groups,dc=syncline,dc=test"
    static let rootDN = "cn=admin,dc=syncline,dc=test"

    let directory: URL
    let port: UInt16
    private let configuration: URL
    private var process: pid_t = 0

    /// Where CI is set slapd must be there; elsewhere tests that need it are skipped without it.
    static var isAvailable: Bool {
        FileManager.default.isExecutableFile(atPath: "/usr/sbin/slapd")
            || ProcessInfo.processInfo.environment["CI"] != nil
    }

    /// `extra`: lines for the directory's database. `ofLog`: lines for the access log's. `followsReferences`: with the memberof and refint overlays as production has them.
    init(
        _ overlays: Overlays,
        sizeLimit: String = "unlimited",
        extra: String = "",
        ofLog: String = "",
        followsReferences: Bool = false,
        people: Int = 0
    ) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "syncline-miniorange-\(UUID().uuidString)")
        port = try Self.freePort()
        for name in ["data", "log"] {
            try FileManager.default.createDirectory(
                at: directory.appending(path: name),
                withIntermediateDirectories: true
            )
        }
        configuration = directory.appending(path: "slapd.conf")
        let extra = followsReferences ? extra + Self.references : extra
        try Self.text(overlays, directory, sizeLimit, extra, ofLog).write(
            to: configuration,
            atomically: true,
            encoding: .utf8
        )
        try load(people, overlays)
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: directory)
    }

    func start() throws {
        process = try spawn(
            "/usr/sbin/slapd",
            ["-d", "0", "-h", "ldap://127.0.0.1:\(port)/", "-f", configuration.path]
        )
        for _ in 0..<2000 {
            if Self.connects(port) { return }
            guard Glibc.kill(process, 0) == 0 else { break }
            usleep(5000)
        }
        throw TestFailure("slapd did not start")
    }

    func stop(_ signal: Int32 = SIGTERM) {
        guard process > 0 else { return }
        Glibc.kill(process, signal)
        // A paused one would never see it.
        Glibc.kill(process, SIGCONT)
        waitpid(process, nil, 0)
        process = 0
    }

    /// A paused server keeps its connections and answers nothing.
    func pause() {
        Glibc.kill(process, SIGSTOP)
        // Its threads stop one after the other.
        waitpid(process, nil, WUNTRACED)
    }

    /// Waits until the paused server has a request that it has not read.
    func untilRequestIsPending() async throws {
        let end = ContinuousClock.now + .seconds(20)
        let address = "0100007F:" + String(format: "%04X", port)
        while true {
            let table = try FileHandle(forReadingFrom: URL(filePath: "/proc/net/tcp")).readToEnd() ?? Data()
            let isPending = String(decoding: table, as: UTF8.self).split(separator: "\n").contains { line in
                let words = line.split(separator: " ")
                return words.count > 4 && words[1] == address && words[3] == "01" && !words[4].hasSuffix(":00000000")
            }
            if isPending { return }
            guard ContinuousClock.now < end else { throw TestFailure("no request came") }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func settings(_ feed: MiniOrangeSettings.FeedChoice = .auto) throws -> MiniOrangeSettings {
        MiniOrangeSettings(
            endpoints: [try LDAPEndpoint("ldap://127.0.0.1:\(port)")],
            credentials: .simple(name: Self.rootDN, password: "secret"),
            timeouts: LDAPTimeouts(connect: .seconds(2), bind: .seconds(5), operation: .seconds(10)),
            feed: feed,
            pollInterval: .milliseconds(50)
        )
    }

    func connect(as name: String = rootDN) async throws -> LDAPConnection {
        try await LDAPConnection.open(
            try LDAPEndpoint("ldap://127.0.0.1:\(port)"),
            bind: .simple(name: name, password: "secret")
        )
    }

    static func view(filter: String = "(objectClass=inetOrgPerson)") throws -> DirectoryView {
        let base = try DistinguishedName(parsing: suffix)
        return DirectoryView(
            base: base,
            scopes: [
                DirectoryView.Scope(base: try DistinguishedName(parsing: people), filter: try Filter(parsing: filter))
            ],
            attributes: [
                "cn", "sn", "description", "mail", "title", "uid", "jpegphoto", "usercertificate", "manager",
                "pwdaccountlockedtime",
            ],
            references: ["manager"]
        )
    }

    /// With groups in a place of their own, whose members are told.
    static func viewOfGroups() throws -> DirectoryView {
        var view = try view()
        view.scopes.append(
            DirectoryView.Scope(
                base: try DistinguishedName(parsing: groups),
                filter: try Filter(
                    parsing: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"
                )
            )
        )
        view.memberAttributes = ["member", "uniquemember", "memberuid"]
        return view
    }

    /// Octets that the server has sent on all connections since it started.
    func octetsSent(_ connection: LDAPConnection) async throws -> Int {
        let request = SearchRequest(
            base: "cn=Bytes,cn=Statistics,cn=Monitor",
            scope: .base,
            attributes: ["monitorCounter"]
        )
        let text = try await connection.search(request).entries.first?.text("monitorCounter")
        return try text.flatMap { Int($0) } ?? { throw TestFailure("no monitor") }()
    }

    private static let references = """

        overlay memberof
        memberof-group-oc groupOfNames
        memberof-member-ad member
        memberof-memberof-ad memberOf
        overlay refint
        refint_attributes member uniqueMember manager seeAlso owner secretary

        """

    /// Removes all records from the log while the server is down, as a purge does.
    func purgeLog() throws {
        stop()
        for file in try FileManager.default.contentsOfDirectory(
            at: directory.appending(path: "log"),
            includingPropertiesForKeys: nil
        ) {
            try FileManager.default.removeItem(at: file)
        }
    }

    private static func text(
        _ overlays: Overlays,
        _ directory: URL,
        _ sizeLimit: String,
        _ extra: String,
        _ ofLog: String
    ) -> String {
        let schemas = ["core", "cosine", "nis", "inetorgperson"].map { "include /etc/ldap/schema/\($0).schema" }
        let log = """
            database mdb
            maxsize 268435456
            suffix cn=accesslog
            rootdn "\(rootDN)"
            directory \(directory.path)/log
            dbnosync
            index reqStart,reqEnd,reqResult,objectClass,entryCSN,reqEntryUUID eq
            \(ofLog)
            overlay syncprov
            syncprov-nopresent TRUE
            syncprov-reloadhint TRUE

            """
        let accesslog = """
            overlay accesslog
            logdb cn=accesslog
            logops writes
            logold (objectClass=*)
            logsuccess TRUE

            """
        return """
            \(schemas.joined(separator: "\n"))
            modulepath /usr/lib/ldap
            moduleload back_mdb
            moduleload syncprov
            moduleload accesslog
            moduleload ppolicy
            moduleload memberof
            moduleload refint
            moduleload constraint
            moduleload retcode
            moduleload back_monitor
            pidfile \(directory.path)/slapd.pid
            sizelimit \(sizeLimit)
            threads 4
            database monitor
            access to * by users read
            \(overlays == .accesslog ? log : "")
            database mdb
            maxsize 1073741824
            suffix "\(suffix)"
            rootdn "\(rootDN)"
            rootpw secret
            directory \(directory.path)/data
            dbnosync
            index objectClass,entryUUID,entryCSN,modifyTimestamp,uid,member,uniqueMember,manager eq
            \(extra)
            overlay ppolicy
            \(overlays == .none ? "" : "overlay syncprov\nsyncprov-checkpoint 1 1")
            \(overlays == .accesslog ? accesslog : "")

            """
    }

    private func load(_ people: Int, _ overlays: Overlays) throws {
        var ldif = """
            dn: \(Self.suffix)
            objectClass: dcObject
            objectClass: organization
            dc: syncline
            o: syncline

            dn: \(Self.people)
            objectClass: organizationalUnit
            ou: people

            dn: \(Self.groups)
            objectClass: organizationalUnit
            ou: groups

            dn: ou=away,\(Self.suffix)
            objectClass: organizationalUnit
            ou: away


            """
        for number in 0..<people {
            ldif += """
                dn: uid=u\(number),\(Self.people)
                objectClass: inetOrgPerson
                uid: u\(number)
                cn: User \(number)
                sn: Number \(number)
                mail: u\(number)@syncline.test
                description: one of many
                title: Person


                """
        }
        try load(ldif, overlays)
    }

    /// Puts entries into the database past the log, while the server is down.
    func load(_ ldif: String, _ overlays: Overlays) throws {
        let file = directory.appending(path: "load.ldif")
        try ldif.write(to: file, atomically: true, encoding: .utf8)
        let words = ["-q", "-w", "-b", Self.suffix, "-f", configuration.path, "-l", file.path]
        var status: Int32 = 0
        let process = try spawn("/usr/sbin/slapadd", words)
        guard waitpid(process, &status, 0) == process, status == 0 else { throw TestFailure("slapadd failed") }
    }

    private static func connects(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return withLoopback(port) { Glibc.connect(descriptor, $0, $1) } == 0
    }

    /// The next port that nobody listens on, below those that the system gives to connections: one of these would be taken before the server starts.
    private static func freePort() throws -> UInt16 {
        for _ in 0..<1000 {
            let port = nextPort.withLock { next in
                defer { next = next >= 19_999 ? 10_000 : next + 1 }
                return next
            }
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            if withLoopback(port, { bind(descriptor, $0, $1) }) == 0 { return port }
        }
        throw TestFailure("no port is free")
    }

    private static let nextPort = Mutex(UInt16(10_000 + Int(getpid()) % 10_000))
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

private func withLoopback<Answer>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Answer) -> Answer {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr = in_addr(s_addr: in_addr_t(0x7F00_0001).bigEndian)
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

/// Starts a command with its output thrown away.
private func spawn(_ command: String, _ arguments: [String]) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // A worker thread blocks nearly all signals, and a child inherits that: without this it could only be killed.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
        posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    let words = ([command] + arguments).map { strdup($0) }
    defer { for word in words { free(word) } }
    var process = pid_t()
    let code = posix_spawn(&process, command, &actions, &attributes, words + [nil], environ)
    guard code == 0 else { throw TestFailure("\(command) can't be started: \(String(cString: strerror(code)))") }
    return process
}
