import ArgumentParser
import SyncService

@main
struct Syncline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "syncline",
        abstract: "Looks at, checks and steers the synchronisation of Active Directory and an LDAP directory.",
        discussion: """
            ENTRY is a DN, an objectGUID or entryUUID, or a name (sAMAccountName, uid, mail). Every command takes --json. \
            Exit codes: 0 all is well, 1 something was found, 2 it could not be told.
            """,
        version: ProductVersion.text,
        subcommands: [
            Check.self, Plan.self, TestMapping.self, Status.self, Pause.self, Resume.self, Resync.self,
            Reconcile.self, Conflicts.self, Explain.self, CacheInspector.self, InitialPasswords.self, Verify.self,
            Holds.self, Approve.self, Reject.self, Quarantine.self, Undo.self,
        ]
    )

    /// Before the command as well as behind it: a command's own are these, where they were given here.
    @OptionGroup var shared: SharedOptions
}

struct SharedOptions: ParsableArguments {
    @Option(name: .long, help: "The configuration file.", completion: .file(extensions: ["yaml", "yml"]))
    var config = "/etc/syncline/syncline.yaml"

    @Flag(name: .long, help: "Print JSON for machines.")
    var json = false
}

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks configuration, connections, TLS, rights, schema, overlays, indexes and clocks.",
        discussion: "Each finding comes with its remedy. Nothing is written."
    )
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        throw ExitCode(await CheckCommand(configurationPath: shared.config, json: shared.json).run())
    }
}

struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what would be written now, and why; writes nothing.",
        discussion: """
            Reads both directories as the daemon would and lets the same engine decide, on a copy of the cache. Exit code 1: \
            there is something to write.
            """
    )
    @OptionGroup var shared: SharedOptions
    @Option(name: .long, help: "List at most this many writes; 0 for all.")
    var limit = 50

    func run() async throws {
        throw ExitCode(await PlanCommand(configurationPath: shared.config, json: shared.json, limit: limit).run())
    }
}

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compares both live directories with each other; writes nothing.",
        discussion: """
            Reads both as a whole, beside the daemon or without it, and ends with how many pairs are equal, how many differ for a reason that is known, \
            and how many drift: differ though nothing explains it. Exit code 1: there is drift.
            """
    )
    @OptionGroup var shared: SharedOptions
    @Option(name: .long, help: "List at most this many pairs of each kind; 0 for all.")
    var limit = 50

    func run() async throws {
        throw ExitCode(await VerifyCommand(configurationPath: shared.config, json: shared.json, limit: limit).run())
    }
}

struct Reconcile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Has the daemon compare both directories with its cache now, and repair what drifted.",
        discussion: "Waits for the end and tells what was found. Exit code 1: there was drift."
    )
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        throw ExitCode(await ReconcileCommand(configurationPath: shared.config, json: shared.json).run())
    }
}

struct TestMapping: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test-mapping",
        abstract: "Shows both entries of one person, each rule, its result, and what would be written; writes nothing."
    )
    @OptionGroup var shared: SharedOptions
    @Argument(help: "A DN, an objectGUID or entryUUID, or a name.")
    var entry: String

    func run() async throws {
        throw ExitCode(
            await TestMappingCommand(configurationPath: shared.config, json: shared.json, entry: entry).run()
        )
    }
}

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows state, feeds, lag, backlog, pairs, open conflicts and quarantine.",
        discussion: "Exit codes: 0 live and nothing set aside, 1 something to look at, 2 the daemon does not answer."
    )
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        throw ExitCode(await StatusCommand(configurationPath: shared.config, json: shared.json).run())
    }
}

struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops all writes; changes are still taken in."
    )
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        throw ExitCode(
            await SteeringCommand(configurationPath: shared.config, json: shared.json, path: "/pause").run()
        )
    }
}

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Goes on after pause.")
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        throw ExitCode(
            await SteeringCommand(configurationPath: shared.config, json: shared.json, path: "/resume").run()
        )
    }
}

struct Resync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Has one entry, or every pair, looked at again, those set aside included."
    )
    @OptionGroup var shared: SharedOptions
    @Argument(help: "A DN, an objectGUID or entryUUID, or a name; without it, every pair.")
    var entry: String?

    func run() async throws {
        throw ExitCode(
            await SteeringCommand(configurationPath: shared.config, json: shared.json, path: "/resync", entry: entry)
                .run()
        )
    }
}
