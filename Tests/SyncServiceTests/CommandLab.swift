import Foundation
import Testing

/// Both directories on loopback, started by tools/lab for the tests of one suite.
struct CommandLab: Sendable {
    @TaskLocal static var current: CommandLab?

    let facts: [String: String]

    static func required() throws -> CommandLab { try #require(current) }

    subscript(fact: String) -> String { facts[fact] ?? "" }

    /// Where the machine can't have one the tests are left out, but not in CI.
    static var isPossible: Bool {
        if ProcessInfo.processInfo.environment["CI"] != nil { return true }
        return getuid() == 0 && ["/usr/sbin/samba", "/usr/bin/samba"].contains(where: FileManager.default.fileExists)
    }

    static func up(_ name: String, _ options: [String]) async throws -> CommandLab {
        let words = try await run([tool, "up", "--name", name] + options)
        guard
            let folder = words.split(separator: "\n").first(where: { $0.contains(" is up in ") })?.split(separator: " ")
                .last
        else { throw CommandLabFailure(words: words) }
        var facts: [String: String] = [:]
        for line in try String(contentsOfFile: "\(folder)/lab.env", encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
        }
        return CommandLab(facts: facts)
    }

    func down() async { _ = try? await CommandLab.run([CommandLab.tool, "down", "--name", self["LAB_NAME"]]) }

    /// The lab's configuration with parts replaced, as a file of its own.
    func configuration(_ replacements: [(String, String)] = []) throws -> String {
        var text = try String(contentsOfFile: self["SYNCLINE_CONFIG"], encoding: .utf8)
        for (old, new) in replacements {
            #expect(text.contains(old), "the lab's configuration has no \(old)")
            text = text.replacingOccurrences(of: old, with: new)
        }
        let path = try file(text, "yaml")
        return path
    }

    /// The gateway's section, to be replaced by nothing.
    func gatewaySection() throws -> String {
        let text = try String(contentsOfFile: self["SYNCLINE_CONFIG"], encoding: .utf8)
        let begin = try #require(text.range(of: "gateway:\n")).lowerBound
        return String(text[begin..<(try #require(text.range(of: "objects:\n")).lowerBound)])
    }

    /// A new file in the lab's folder, which goes with the lab.
    func file(_ text: String, _ type: String) throws -> String {
        let path = "\(self["LAB_DIR"])/test-\(UUID().uuidString.lowercased()).\(type)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o600)
        return path
    }

    /// Changes by a side's administrator.
    func modify(ad ldif: String) async throws { try await modify(ldif, self["AD_URI"], "AD_ADMIN") }
    func modify(ldap ldif: String) async throws { try await modify(ldif, self["LDAPS_URI"], "LDAP_ADMIN") }

    private func modify(_ ldif: String, _ uri: String, _ account: String) async throws {
        let input = try file(ldif, "ldif")
        try await CommandLab.run(
            [
                "/usr/bin/env", "LDAPTLS_CACERT=\(self["CA_FILE"])", "ldapmodify", "-x", "-H", uri, "-D",
                self["\(account)_DN"], "-y", self["\(account)_PASSWORD_FILE"], "-f", input,
            ]
        )
    }

    /// Changes of slapd's cn=config by root.
    func modify(ldapConfiguration ldif: String) async throws {
        let socket = "\(self["LAB_DIR"])/ldap/ldapi".replacingOccurrences(of: "/", with: "%2F")
        let input = try file(ldif, "ldif")
        try await CommandLab.run(
            ["/usr/bin/env", "ldapmodify", "-Q", "-Y", "EXTERNAL", "-H", "ldapi://\(socket)", "-f", input]
        )
    }

    /// What tells whether anything was written: AD's highestCommittedUSN and the LDAP side's contextCSN.
    func marks() async throws -> [String] {
        let usn = try await search(self["AD_URI"], "AD_SYNC", base: "", "highestCommittedUSN")
        let csn = try await search(self["LDAPS_URI"], "LDAP_SYNC", base: self["LDAP_BASE"], "contextCSN")
        return [usn, csn]
    }

    private func search(_ uri: String, _ account: String, base: String, _ attribute: String) async throws -> String {
        try await CommandLab.run(
            [
                "/usr/bin/env", "LDAPTLS_CACERT=\(self["CA_FILE"])", "ldapsearch", "-LLL", "-x", "-H", uri, "-D",
                self["\(account)_DN"], "-y", self["\(account)_PASSWORD_FILE"], "-s", "base", "-b", base, attribute,
            ]
        )
    }

    private static let tool = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("tools/lab").path

    /// Foundation's Process takes a child for alive as long as the servers that it left behind are, so that it won't do.
    @discardableResult
    private static func run(_ words: [String]) async throws -> String {
        let output = "\(NSTemporaryDirectory())/lab-\(UUID().uuidString).out"
        defer { unlink(output) }
        let status = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: spawn(words, output: output)) }
        }
        let text = try String(contentsOfFile: output, encoding: .utf8)
        guard status == 0 else { throw CommandLabFailure(words: text) }
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
}

struct CommandLabFailure: Error, CustomStringConvertible {
    let words: String
    var description: String { words }
}

/// Starts one lab for all tests of a suite and ends it after the last.
struct WithCommandLab: SuiteTrait, TestScoping {
    let name: String
    let options: [String]

    var isRecursive: Bool { false }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        let lab = try await CommandLab.up("\(name)-\(getpid())", options)
        do {
            try await CommandLab.$current.withValue(lab) { try await function() }
        } catch {
            await lab.down()
            throw error
        }
        await lab.down()
    }
}
