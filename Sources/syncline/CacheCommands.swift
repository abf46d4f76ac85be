import ArgumentParser
import SyncService

struct CacheInspector: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Looks into the cache, whether or not the daemon runs; changes nothing.",
        discussion: """
            Asks no server. search, diff and export print entry by entry what the cache holds at that moment; for one state of \
            everything make a backup and name it with --cache.
            """,
        subcommands: [
            CacheStats.self, CacheGet.self, CacheSearch.self, CacheDiff.self, CacheHistory.self, CacheVerify.self,
            CacheExport.self, CacheBackup.self, CacheUpgrade.self, CacheRekey.self,
        ]
    )
}

struct CacheOptions: ParsableArguments {
    @OptionGroup var shared: SharedOptions
    @Option(
        name: .long,
        help: "Look at the cache in this directory, such as a backup, instead of the configured one.",
        completion: .directory
    )
    var cache: String?

    var inspector: InspectorOptions {
        InspectorOptions(configurationPath: shared.config, cachePath: cache, isJSON: shared.json)
    }
}

enum SideArgument: String, ExpressibleByArgument, CaseIterable {
    case ad, miniorange
}

struct CacheStats: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Shows entries, pairs, sizes, cursors and age, table by table."
    )
    @OptionGroup var options: CacheOptions
    @Flag(name: .long, help: "Read every record, to tell how full the tables' pages are.")
    var fill = false

    func run() throws {
        throw ExitCode(CacheStatsCommand(options.inspector, measuresFill: fill).run())
    }
}

struct CacheGet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Shows all that is known of one entry, both sides next to each other.",
        discussion: "Also its base, memberships, what is waiting, quarantine and conflicts. Exit code 2: no such entry."
    )
    @OptionGroup var options: CacheOptions
    @Argument(help: "A DN, an objectGUID or entryUUID, or a name (sAMAccountName, uid, mail, cn).")
    var entry: String
    @Option(name: .long, help: "Name at most this many members or groups on each side.")
    var members = 20

    func run() throws {
        throw ExitCode(CacheGetCommand(options.inspector, entry: entry, memberLimit: members).run())
    }
}

struct CacheSearch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Finds entries by an LDAP filter (RFC 4515), as they are in the cache.",
        discussion: """
            Besides the attributes that Syncline reads, a filter may ask for entryDN, objectGUID or entryUUID, member and \
            memberOf. An equality on sAMAccountName, uid, mail or cn is answered at once; anything else looks at all entries. \
            --json prints one object a line.
            """
    )
    @OptionGroup var options: CacheOptions
    @Argument(help: "The filter, such as '(&(sn=Berg)(department=Sales))'.")
    var filter: String
    @Argument(help: "Print these attributes only.")
    var attributes: [String] = []
    @Option(name: .long, help: "Only this side's entries: ad or miniorange.")
    var side: SideArgument?
    @Flag(name: .long, help: "Print DNs only.")
    var names = false
    @Option(name: .long, help: "End after this many entries; 0 for all.")
    var limit = 0

    func run() throws {
        let command = CacheSearchCommand(
            options.inspector,
            side: side?.rawValue,
            filter: filter,
            attributes: attributes,
            namesOnly: names,
            limit: limit
        )
        throw ExitCode(command.run())
    }
}

struct CacheDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Lists the pairs whose sides, or whose base, differ, and why.",
        discussion: "Exit code 1: a pair differs. --json prints one object a line."
    )
    @OptionGroup var options: CacheOptions
    @Option(name: .long, help: "End after this many pairs; 0 for all.")
    var limit = 0

    func run() throws {
        throw ExitCode(CacheDiffCommand(options.inspector, limit: limit).run())
    }
}

struct CacheHistory: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract:
            "Shows what was written for an entry, where, when and why, the newest first; or its state at one time."
    )
    @OptionGroup var options: CacheOptions
    @Argument(help: "A DN, an objectGUID or entryUUID, or a name (sAMAccountName, uid, mail, cn).")
    var entry: String
    @Option(name: .long, help: "Show at most this many lines; 0 for all.")
    var limit = 100
    @Option(
        name: .long,
        help: "Show what both sides agreed on at this time instead: 2026-01-31T12:00Z, or 3d for three days ago."
    )
    var at: String?

    func run() throws {
        throw ExitCode(CacheHistoryCommand(options.inspector, entry: entry, limit: limit, at: at).run())
    }
}

struct CacheVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks every record, and that the tables agree with each other.",
        discussion: "Exit codes: 0 all is well, 1 something was found, 2 the cache can't be read."
    )
    @OptionGroup var options: CacheOptions
    @Option(name: .long, help: "List at most this many findings.")
    var limit = 1_000

    func run() throws {
        throw ExitCode(CacheVerifyCommand(options.inspector, limit: limit).run())
    }
}

struct CacheExport: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case ldif, jsonl
    }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Prints one side as LDIF, or all pairs as JSON lines.",
        discussion: "Holds the attributes that Syncline reads, and no others."
    )
    @OptionGroup var options: CacheOptions
    @Option(name: .long, help: "ldif: one side (RFC 2849). jsonl: pairs, one object a line.")
    var format = Format.ldif
    @Option(name: .long, help: "The side for ldif: ad or miniorange.")
    var side: SideArgument?

    func validate() throws {
        if format == .ldif && side == nil {
            throw ValidationError("--format ldif needs --side ad or --side miniorange")
        }
        if format == .jsonl && side != nil { throw ValidationError("a pair has both sides: leave --side out") }
    }

    func run() throws {
        let chosen: CacheExportCommand.Format = side.map { .ldif(side: $0.rawValue) } ?? .jsonLines
        throw ExitCode(CacheExportCommand(options.inspector, format: chosen).run())
    }
}

struct CacheBackup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Makes one consistent copy, while the daemon goes on.",
        discussion: """
            The copy is a cache of its own: --cache looks into it, and in the place of cache.path the daemon goes on from it.
            """
    )
    @OptionGroup var options: CacheOptions
    @Argument(help: "The directory to make.", completion: .directory)
    var directory: String
    @Flag(inversion: .prefixedNo, help: "Leave free pages out.")
    var compact = true

    func run() throws {
        throw ExitCode(CacheBackupCommand(options.inspector, destination: directory, isCompact: compact).run())
    }
}

struct CacheUpgrade: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract:
            "Brings the cache of an older version into this one's form; synclined does so by itself when it starts.",
        discussion: "The daemon must not run. Make a backup first with the older version if you may want to go back."
    )
    @OptionGroup var options: CacheOptions

    func run() throws {
        throw ExitCode(CacheUpgradeCommand(options.inspector).run())
    }
}
