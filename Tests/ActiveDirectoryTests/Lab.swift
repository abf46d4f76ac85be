import ActiveDirectory
import Foundation
import LDAPClient
import Logging
import SyncModel
import Testing

/// A domain controller on loopback, started by tools/lab for the tests of one suite.
struct Lab: Sendable {
    let facts: [String: String]

    @TaskLocal static var current: Lab?

    static func required() throws -> Lab { try #require(current) }

    subscript(fact: String) -> String { facts[fact] ?? "" }

    var people: String { self["AD_PEOPLE_BASE"] }
    var teams: String { self["AD_TEAMS_BASE"] }

    /// Where the machine can't have one the tests are left out, but not in CI.
    static var isPossible: Bool {
        if ProcessInfo.processInfo.environment["CI"] != nil { return true }
        return getuid() == 0 && ["/usr/sbin/samba", "/usr/bin/samba"].contains(where: FileManager.default.fileExists)
    }

    static let repository = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Foundation's Process takes a child for alive as long as the servers that it left behind are, so that it won't
    /// do.
    @discardableResult
    static func tool(_ arguments: [String]) async throws -> String {
        let output = "\(NSTemporaryDirectory())/lab-\(UUID().uuidString).out"
        defer { unlink(output) }
        let program = repository.appendingPathComponent("tools/lab").path
        let status = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: spawn([program] + arguments, output: output)) }
        }
        let text = try String(contentsOfFile: output, encoding: .utf8)
        guard status == 0 else { throw LabFailure(words: text) }
        return text
    }

    private static func spawn(_ words: [String], output: String) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var arguments = words.map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        var process = pid_t()
        let code = posix_spawn(&process, words[0], &actions, nil, arguments, environ)
        guard code == 0 else { return code }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return status
    }

    static func up(_ name: String, _ options: [String]) async throws -> Lab {
        let words = try await tool(["up", "--name", name] + options)
        guard
            let folder = words.split(separator: "\n").first(where: { $0.contains(" is up in ") })?.split(separator: " ")
                .last
        else { throw LabFailure(words: words) }
        let text = try String(contentsOfFile: "\(folder)/lab.env", encoding: .utf8)
        var facts: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
        }
        return Lab(facts: facts)
    }

    func tool(_ command: String, _ options: String...) async throws {
        try await Lab.tool([command, "--name", self["LAB_NAME"]] + options)
    }

    func settings(pulse: Duration = .milliseconds(100)) throws -> ActiveDirectorySettings {
        var timeouts = LDAPTimeouts()
        timeouts.operation = .seconds(90)
        return ActiveDirectorySettings(
            endpoints: [try LDAPEndpoint(self["AD_URI"])],
            tls: TLSSettings(caFile: self["CA_FILE"]),
            credentials: try credentials("SYNC"),
            timeouts: timeouts,
            pulse: pulse
        )
    }

    private func credentials(_ account: String) throws -> BindCredentials {
        let text = try String(contentsOfFile: self["AD_\(account)_PASSWORD_FILE"], encoding: .utf8)
        let password = text.trimmingCharacters(in: .newlines)
        return .simple(name: self["AD_\(account)_DN"], password: Octets(password))
    }

    /// Some other client's connection.
    func administrator() async throws -> LDAPConnection {
        try await LDAPConnection.open(
            LDAPEndpoint(self["AD_URI"]),
            tls: TLSSettings(caFile: self["CA_FILE"]),
            bind: try credentials("ADMIN")
        )
    }

    func view() throws -> DirectoryView {
        let user = Filter.and([.equality("objectClass", "user"), .not(.equality("objectClass", "computer"))])
        return DirectoryView(
            base: try DistinguishedName(parsing: self["AD_BASE"]),
            scopes: [
                DirectoryView.Scope(base: try DistinguishedName(parsing: people), filter: user),
                DirectoryView.Scope(
                    base: try DistinguishedName(parsing: teams),
                    filter: .equality("objectClass", "group")
                ),
            ],
            attributes: [
                "samaccountname", "userprincipalname", "displayname", "title", "givenname", "description", "manager",
                "member", "othertelephone", "thumbnailphoto", "useraccountcontrol",
            ],
            references: ["manager", "member"]
        )
    }

    /// The same with groups whose members are told apart.
    func viewOfGroups() throws -> DirectoryView {
        var view = try view()
        view.attributes.removeAll { $0 == "member" }
        view.references.remove("member")
        view.memberAttributes = ["member"]
        return view
    }
}

struct LabFailure: Error, CustomStringConvertible {
    let words: String
    var description: String { words }
}

/// Starts one lab for all tests of a suite and ends it after the last.
struct WithLab: SuiteTrait, TestScoping {
    let options: [String]

    var isRecursive: Bool { false }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        guard Lab.isPossible else { return try await function() }
        let name = "adtests-\(ProcessInfo.processInfo.processIdentifier)-\(test.name)"
        let lab = try await Lab.up(name, options)
        let failure: (any Error)?
        do {
            try await Lab.$current.withValue(lab) { try await function() }
            failure = nil
        } catch {
            failure = error
        }
        try await Lab.tool(["down", "--name", name])
        if let failure { throw failure }
    }
}

extension Trait where Self == WithLab {
    static func lab(_ options: String...) -> WithLab { WithLab(options: options) }
}

/// Keeps what a feed delivers, and lets a test wait for it.
actor FeedRecorder {
    private(set) var events: [FeedEvent] = []
    private(set) var times: [ContinuousClock.Instant] = []
    private var waiter: (test: @Sendable (FeedEvent) -> Bool, continuation: CheckedContinuation<FeedEvent?, Never>)?
    private var read = 0

    func take(_ event: FeedEvent) {
        events.append(event)
        times.append(.now)
        guard let waiting = waiter, waiting.test(event) else { return }
        waiter = nil
        read = events.count
        waiting.continuation.resume(returning: event)
    }

    var newest: ContinuousClock.Instant? { times.last }

    /// The next event, among those not yet waited for, that passes; nil after 30 seconds.
    func next(_ test: @escaping @Sendable (FeedEvent) -> Bool) async -> FeedEvent? {
        while read < events.count {
            read += 1
            if test(events[read - 1]) { return events[read - 1] }
        }
        let patience = Task {
            try await Task.sleep(for: .seconds(30))
            giveUp()
        }
        defer { patience.cancel() }
        return await withCheckedContinuation { waiter = (test, $0) }
    }

    private func giveUp() {
        waiter?.continuation.resume(returning: nil)
        waiter = nil
    }
}

extension FeedEvent {
    var changes: [Change] {
        if case .changes(let changes, _) = self { changes } else { [] }
    }

    var cursor: Cursor? {
        switch self {
        case .changes(_, let cursor): cursor
        case .complete(_, let cursor): cursor
        case .connected, .steppedBack, .disconnected, .clock: nil
        }
    }

    var cookie: Octets? {
        guard let cursor else { return nil }
        return FeedCursor(cursor)?.dirSyncCookie
    }

    var isComplete: Bool {
        if case .complete = self { true } else { false }
    }

    func snapshot(named name: String) -> EntrySnapshot? {
        guard let name = try? DistinguishedName(parsing: name) else { return nil }
        for case .present(let entry) in changes where entry.name.normalized == name.normalized { return entry }
        return nil
    }
}

/// Runs a feed beside a test's body.
func withFeed<Value: Sendable>(
    _ settings: ActiveDirectorySettings,
    _ view: DirectoryView,
    from cursor: Cursor? = nil,
    ownWrites: OwnWrites = OwnWrites(),
    logger: Logger = Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() }),
    status: @escaping @Sendable (ActiveDirectoryFeedStatus) -> Void = { _ in },
    _ body: @Sendable (FeedRecorder) async throws -> Value
) async throws -> Value {
    let recorder = FeedRecorder()
    let feed = try ActiveDirectoryFeed(
        settings: settings,
        view: view,
        logger: logger,
        ownWrites: ownWrites,
        status: status
    )
    let running = Task { try await feed.run(from: cursor, .none) { await recorder.take($0) } }
    let result: Result<Value, any Error>
    do { result = .success(try await body(recorder)) } catch { result = .failure(error) }
    running.cancel()
    _ = await running.result
    return try result.get()
}

extension LDAPConnection {
    func addUser(_ name: String, _ attributes: [LDAPAttribute] = [], in base: String) async throws {
        let list =
            [
                LDAPAttribute("objectClass", ["user"]), LDAPAttribute("sAMAccountName", [Octets(name)]),
                LDAPAttribute("userAccountControl", ["514"]),
            ] + attributes
        _ = try await perform(.add(dn: "CN=\(name),\(base)", attributes: list))
    }

    func addGroup(_ name: String, members: [String] = [], in base: String) async throws {
        let member = LDAPAttribute("member", members.map { Octets($0) })
        let list = [LDAPAttribute("objectClass", ["group"]), LDAPAttribute("sAMAccountName", [Octets(name)])]
        let attributes = list + (members.isEmpty ? [] : [member])
        _ = try await perform(.add(dn: "CN=\(name),\(base)", attributes: attributes))
    }

    func editMembers(of dn: String, add: [String] = [], remove: [String] = []) async throws {
        let changes =
            (remove.isEmpty ? [] : [Modification(.delete, "member", remove.map { Octets($0) })])
            + (add.isEmpty ? [] : [Modification(.add, "member", add.map { Octets($0) })])
        _ = try await perform(.modify(dn: dn, modifications: changes))
    }

    func set(_ attribute: String, _ value: String, of dn: String) async throws {
        _ = try await perform(.modify(dn: dn, modifications: [Modification(.replace, attribute, [Octets(value)])]))
    }

    func delete(_ dn: String) async throws {
        _ = try await perform(.delete(dn: dn))
    }

    func rename(_ dn: String, to rdn: String, under parent: String? = nil) async throws {
        _ = try await perform(.rename(dn: dn, newRDN: rdn, newSuperior: parent))
    }
}
