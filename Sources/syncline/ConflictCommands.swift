import ArgumentParser
import SyncService

struct Conflicts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The conflict report: what both sides set to different values, and what became of it.",
        discussion: """
            Reads the cache, whether or not the daemon runs; only resolve needs the daemon. Exit codes: 0 nothing waits for a \
            person, 1 something does, 2 it could not be told.
            """,
        subcommands: [ConflictList.self, ConflictShow.self, ConflictResolve.self, ConflictExport.self],
        defaultSubcommand: ConflictList.self
    )
}

enum KindArgument: String, ExpressibleByArgument, CaseIterable { case user, group, container }
enum RuleArgument: String, ExpressibleByArgument, CaseIterable { case newest, ad, miniorange, hold }
enum StateArgument: String, ExpressibleByArgument, CaseIterable { case held, automatic, person, agreed }
enum SortArgument: String, ExpressibleByArgument, CaseIterable { case time, attribute, entry }
enum TakeArgument: String, ExpressibleByArgument, CaseIterable { case ad, miniorange, base }
enum ExportArgument: String, ExpressibleByArgument, CaseIterable { case json, csv, html }

/// Which conflicts a command is about.
struct ConflictSelectionOptions: ParsableArguments {
    @Option(name: .long, help: "Found at this time or later: 2026-01-31, 2026-01-31T12:00Z, or 2h, 3d for so long ago.")
    var since: String?
    @Option(name: .long, help: "Found before this time.")
    var until: String?
    @Option(name: .long, help: "Whose value stands: ad or miniorange.")
    var side: SideArgument?
    @Option(name: .long, help: "Of users, groups or containers: user, group, container.")
    var kind: KindArgument?
    @Option(name: .long, help: "Of this configured object.")
    var object: String?
    @Option(name: .long, help: "About this attribute, by either side's name; or place, existence, member.")
    var attribute: String?
    @Option(name: .long, help: "About this entry.")
    var entry: String?
    @Option(name: .long, help: "Under this rule: newest, ad, miniorange, hold.")
    var rule: RuleArgument?
    @Option(name: .long, help: "held: waits for a person; automatic: a rule decided; person; agreed: settled itself.")
    var state: StateArgument?
    @Flag(name: .long, help: "Also differences that were found when entries were joined.")
    var joins = false

    var selection: ConflictSelection {
        var selection = ConflictSelection()
        selection.since = since
        selection.until = until
        selection.object = object
        selection.attribute = attribute
        selection.entry = entry
        selection.joins = joins ? .included : .leftOut
        selection.choose(side: side?.rawValue, kind: kind?.rawValue, rule: rule?.rawValue, state: state?.rawValue)
        return selection
    }
}

struct ConflictSortOptions: ParsableArguments {
    @Option(name: .long, help: "time (the newest first), attribute or entry.")
    var sort = SortArgument.time
    @Flag(name: .long, help: "The other way around.")
    var reverse = false

    var order: ConflictSelection.Order { ConflictSelection.Order(rawValue: sort.rawValue) ?? .time }
}

struct ConflictList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists conflicts, a page at a time; the newest first.",
        discussion: """
            STANDS says whose value stands, or that it is held for a person; BY says by which step. Exit code 1: one of those \
            listed waits for a person.
            """
    )
    @OptionGroup var options: CacheOptions
    @OptionGroup var filters: ConflictSelectionOptions
    @OptionGroup var sorting: ConflictSortOptions
    @Option(name: .long, help: "List at most this many; 0 for all.")
    var limit = 50
    @Option(name: .long, help: "Go on after the conflict with this number.")
    var after: UInt64?

    func run() async throws {
        let command = ConflictListCommand(
            options.inspector,
            filters.selection,
            order: sorting.order,
            isReversed: sorting.reverse,
            limit: limit,
            after: after
        )
        throw ExitCode(await command.run())
    }
}

struct ConflictShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows who set what, where and when, what decided, and the command that reverses it."
    )
    @OptionGroup var options: CacheOptions
    @Argument(help: "The conflict's number.")
    var id: UInt64

    func run() async throws {
        throw ExitCode(await ConflictShowCommand(options.inspector, id: id).run())
    }
}

struct ConflictResolve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve",
        abstract: "Has a value written to both sides, unless one of them has moved since the conflict.",
        discussion: """
            Shows first what will be done; more than one needs --yes. The daemon writes it as a new change. Exit codes: 0 done, \
            1 not done, 2 it could not be told or the daemon does not answer.
            """
    )
    @OptionGroup var shared: SharedOptions
    @Argument(help: "The conflicts' numbers.")
    var ids: [UInt64] = []
    @Flag(name: .long, help: "All that the filters select, instead of numbers.")
    var all = false
    @OptionGroup var filters: ConflictSelectionOptions
    @Option(name: .long, help: "The value to stand: that of ad or miniorange, or base, what both last agreed on.")
    var take: TakeArgument?
    @Option(
        name: .long,
        parsing: .unconditionalSingleValue,
        help: "Another value to stand; once for each. Of a reference, the name of an entry."
    )
    var value: [String] = []
    @Flag(name: .long, help: "The values are in base64.")
    var base64 = false
    @Flag(name: .long, help: "Settle more than one.")
    var yes = false

    func validate() throws {
        if ids.isEmpty != all { throw ValidationError("give the conflicts' numbers, or --all with filters") }
        if !all && !filters.selection.isEmpty { throw ValidationError("filters go with --all") }
        if (take == nil) == value.isEmpty { throw ValidationError("give --take or --value") }
    }

    func run() async throws {
        let command = ConflictResolveCommand(
            InspectorOptions(configurationPath: shared.config, isJSON: shared.json),
            all ? .all(filters.selection) : .ids(ids),
            take.map { .take($0.rawValue) } ?? .values(value, isBase64: base64),
            isConfirmed: yes
        )
        throw ExitCode(await command.run())
    }
}

struct ConflictExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Prints the report as JSON, as CSV, or as one HTML file with charts that can be mailed."
    )
    @OptionGroup var options: CacheOptions
    @OptionGroup var filters: ConflictSelectionOptions
    @OptionGroup var sorting: ConflictSortOptions
    @Option(name: .long, help: "json, csv or html.")
    var format: ExportArgument

    func run() throws {
        let command = ConflictExportCommand(
            options.inspector,
            filters.selection,
            format: ConflictExportCommand.Format(rawValue: format.rawValue) ?? .json,
            order: sorting.order,
            isReversed: sorting.reverse
        )
        throw ExitCode(command.run())
    }
}

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells why a value is what it is: both sides, who set it when, the rule, what waits.",
        discussion: """
            Without ATTRIBUTE all that have a value. syncline explain GROUP member MEMBER tells why somebody is, or is not, in a \
            group. A running daemon asks both servers for the stamps first; else they are shown as the cache has them.
            """
    )
    @OptionGroup var options: CacheOptions
    @Argument(help: "A DN, an objectGUID or entryUUID, or a name (sAMAccountName, uid, mail, cn).")
    var entry: String
    @Argument(help: "An attribute by either side's name, or place.")
    var attribute: String?
    @Argument(help: "With the attribute member: who.")
    var member: String?

    func run() async throws {
        let command = ExplainCommand(options.inspector, entry: entry, attribute: attribute, member: member)
        throw ExitCode(await command.run())
    }
}
