import Foundation
import SyncModel
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Both servers on a loopback address of their own, started by tools/lab. Labs of one machine share tools/lab's registry, by which they get
/// different addresses; this process's are told from others' by their names.
struct Lab: Sendable {
    let facts: [String: String]

    @TaskLocal static var current: Lab?

    subscript(fact: String) -> String { facts[fact] ?? "" }

    /// Where the machine can't have one the tests are left out, but not in CI.
    static var isPossible: Bool {
        if ProcessInfo.processInfo.environment["CI"] != nil { return true }
        return getuid() == 0 && ["/usr/sbin/samba", "/usr/bin/samba"].contains(where: FileManager.default.fileExists)
    }

    static let repository = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @discardableResult
    private static func tool(_ arguments: [String]) async throws -> String {
        try await Program.succeed([repository.appendingPathComponent("tools/lab").path] + arguments)
    }

    static func up(_ name: String, _ options: [String]) async throws -> Lab {
        let full = "int-\(ProcessInfo.processInfo.processIdentifier)-\(name)"
        let words = try await tool(["up", "--name", full] + options)
        guard
            let folder = words.split(separator: "\n").first(where: { $0.contains(" is up in ") })?
                .split(separator: " ").last
        else { throw ProgramFailure(words: words) }
        var facts: [String: String] = [:]
        for line in try String(contentsOfFile: "\(folder)/lab.env", encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
        }
        return Lab(facts: facts)
    }

    func down() async throws { try await Lab.tool(["down", "--name", self["LAB_NAME"]]) }

    enum Verb: String { case start, stop, restart }

    /// Takes a server away or brings it back.
    func server(_ verb: Verb, _ side: Side, kill: Bool = false) async throws {
        let server = side == .ad ? "ad" : "ldap"
        try await Lab.tool(["\(verb.rawValue)-\(server)", "--name", self["LAB_NAME"]] + (kill ? ["--kill"] : []))
    }

    /// What stands on its own in both servers.
    enum Place: String {
        case people = "PEOPLE"
        case teams = "TEAMS"
    }

    /// Another client of a side's server, with its administrator's rights. `base` is relative to the place's container; empty for that itself.
    func directory(_ side: Side, _ place: Place = .people, below base: String = "") -> Directory {
        let prefix = side == .ad ? "AD" : "LDAP"
        let container = self["\(prefix)_\(place.rawValue)_BASE"]
        return Directory(
            side: side,
            uri: side == .ad ? self["AD_URI"] : self["LDAPS_URI"],
            account: self["\(prefix)_ADMIN_DN"],
            passwordFile: self["\(prefix)_ADMIN_PASSWORD_FILE"],
            caFile: self["CA_FILE"],
            base: base.isEmpty ? container : "\(base),\(container)"
        )
    }
}

/// Starts one lab for all tests of a suite, those of suites within it included, and ends it after the last.
struct WithLab: SuiteTrait, TestScoping {
    let options: [String]

    var isRecursive: Bool { false }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        guard Lab.isPossible else { return try await function() }
        await LabSlots.shared.take()
        let lab: Lab
        do {
            lab = try await Lab.up(test.name, options)
        } catch {
            await LabSlots.shared.give()
            throw error
        }
        let failure: (any Error)?
        do {
            try await Lab.$current.withValue(lab) { try await function() }
            failure = nil
        } catch {
            failure = error
        }
        let leftover: (any Error)?
        do {
            try await lab.down()
            leftover = nil
        } catch {
            leftover = error
        }
        await LabSlots.shared.give()
        if let failure = failure ?? leftover { throw failure }
    }
}

extension Trait where Self == WithLab {
    static func lab(_ options: String...) -> WithLab { WithLab(options: options) }
}

/// At most so many labs at once: each has two servers, and a small machine should measure the product, not its own lack of processors.
actor LabSlots {
    static let shared = LabSlots()
    private var free = 3
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func give() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
