import Foundation
import SyncModel
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// The real `synclined` with a test's configuration, steered and looked at as an admin does: by signals, its log and `syncline`.
final class Daemon: Sendable {
    let ground: Ground
    private let program: RunningProgram

    /// Where the two executables are: SYNCLINE_BIN_DIR, or beside the tests.
    static let folder: String = {
        if let folder = ProcessInfo.processInfo.environment["SYNCLINE_BIN_DIR"] { return folder }
        return URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    }()

    private init(_ ground: Ground, _ program: RunningProgram) {
        self.ground = ground
        self.program = program
    }

    static func start(_ ground: Ground) throws -> Daemon {
        let program = try RunningProgram.start(
            ["\(folder)/synclined", "--config", ground.configurationFile],
            input: "/dev/null",
            output: "\(ground.folder)/log",
            errors: nil
        )
        return Daemon(ground, program)
    }

    var identifier: Int32 { program.identifier }
    var isRunning: Bool { program.isRunning }
    /// What this daemon and those before it on the same ground have logged.
    var log: String { (try? String(contentsOfFile: "\(ground.folder)/log", encoding: .utf8)) ?? "" }

    func ended() async -> Int32 { await program.ended() }

    func terminate(within limit: Duration = .seconds(300)) async -> Int32 {
        program.send(SIGTERM)
        return await program.ended(within: limit)
    }

    func kill() async {
        program.send(SIGKILL)
        _ = await program.ended()
    }

    func reload() { program.send(SIGHUP) }

    /// `syncline COMMAND` with this daemon's configuration.
    func tool(_ words: String...) async throws -> Program.Answer {
        try await Program.run(["\(Daemon.folder)/syncline"] + words + ["--config", ground.configurationFile])
    }

    /// The beginning of `syncline COMMAND` by another user of the machine, in no group but the user's own.
    static func tool(as user: String) -> [String] {
        ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "\(folder)/syncline"]
    }

    /// Nil while the daemon does not answer.
    func status() async throws -> Status? {
        let answer = try await tool("status", "--json")
        guard answer.status != 2 else { return nil }
        return try JSONDecoder().decode(Status.self, from: Data(answer.output.utf8))
    }

    /// Waits until both feeds are live and everything that is known is done.
    @discardableResult
    func settled(within limit: Duration = .seconds(240), at location: SourceLocation = #_sourceLocation) async throws
        -> Status
    {
        var last: Status?
        try await eventually("live and nothing left to do", within: limit, at: location) {
            guard isRunning else { throw ProgramFailure(words: "the daemon ended with \(await ended())") }
            last = try await status()
            guard let last else { return false }
            return last.state == "live" && last.backlog == 0
        }
        return try #require(last)
    }
}

/// What the tests read of `syncline status --json`.
struct Status: Decodable, Sendable {
    struct OfSide: Decodable, Sendable {
        var state: String
        var feed: String
        var problem: String?
        var entries: Int
        var writesMade: Int
        var changesSeen: Int
        var lastSetBack: String?
    }

    struct OfGateway: Decodable, Sendable {
        var connections: Int
        var refusedConnections: Int
    }

    struct SetAside: Decodable, Sendable {
        var entry: String
        var reason: String
    }

    var state: String
    var problems: [String]
    var ad: OfSide
    var miniorange: OfSide
    var pairs: Int
    var backlog: Int
    var conflicts: Int
    var quarantined: Int
    var quarantine: [SetAside]
    var waitingReferences: Int
    var gateway: OfGateway?

    subscript(side: Side) -> OfSide { side == .ad ? ad : miniorange }
}

/// Runs a daemon beside a test's body; it ends whatever happens, and cleanly where nothing did.
func withDaemon<Value>(_ ground: Ground, isLive: Bool = true, _ body: (Daemon) async throws -> Value) async throws
    -> Value
{
    let daemon = try Daemon.start(ground)
    let value: Value
    do {
        if isLive { try await daemon.settled() }
        value = try await body(daemon)
    } catch {
        let state = try? await daemon.tool("status", "--json").output
        await daemon.kill()
        Issue.record("\(error)\n\(state ?? "")\nend of the log:\n\(daemon.log.suffix(3_000))")
        throw error
    }
    let status = await daemon.terminate()
    #expect(status == 0, "the daemon's end; its log: \(daemon.log.suffix(2_000))")
    return value
}
