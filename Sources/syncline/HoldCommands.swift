import ArgumentParser
import SyncService

struct Holds: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists writes that are stopped until a person decides, by cause; with ID, entry by entry.",
        discussion: "Exit codes: 0 nothing is held, 1 something is, 2 it could not be told."
    )
    @OptionGroup var shared: SharedOptions
    @Argument(help: "The hold's number: lists its entries.")
    var id: UInt64?
    @Option(name: .long, help: "Only entries with this cause, as the list without ID names it.")
    var cause: String?
    @Flag(name: .long, help: "Those that have ended as well.")
    var ended = false

    func validate() throws {
        if cause != nil && id == nil { throw ValidationError("--cause goes with the hold's number") }
    }

    func run() async throws {
        let command = HoldsCommand(shared.inspector, id: id, cause: cause, showsEnded: ended)
        throw ExitCode(await command.run())
    }
}

/// What `approve` and `reject` are told.
struct HoldDecisionOptions: ParsableArguments {
    @Argument(help: "The hold's number, as syncline holds lists it.")
    var id: UInt64?
    @Option(name: .long, help: "Only entries with this cause.")
    var cause: String?
    @Option(name: .long, parsing: .upToNextOption, help: "Only these entries: DNs, GUIDs or names.")
    var entry: [String] = []
    @Flag(name: .long, help: "All deletions that are held, instead of one hold.")
    var all = false
    @Option(name: .long, help: "Instead of a hold: entries that this side does not show any more.")
    var vanished: SideArgument?
    @Flag(name: .long, help: "Do it. Without it more than one is only shown.")
    var yes = false

    func validate() throws {
        guard [id != nil, all, vanished != nil].filter(\.self).count == 1 else {
            throw ValidationError("give the hold's number, --all, or --vanished and the side")
        }
        if cause != nil && id == nil { throw ValidationError("--cause goes with the hold's number") }
        if all && !entry.isEmpty { throw ValidationError("--entry goes with a number or with --vanished") }
    }

    var subject: HoldDecisionCommand.Subject {
        if let vanished { return .vanished(side: vanished.rawValue, entries: entry) }
        return id.map { .hold($0, cause: cause, entries: entry) } ?? .allDeletions
    }
}

struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets what a hold stops be written: all of it, one cause, or single entries.",
        discussion: """
            Shows first what will be done; more than one needs --yes. What was brought back or decided meanwhile is left alone, and \
            named. With --vanished: entries that a side does not show any more, without proof of their deletion, were deleted, and the \
            other side follows. Exit codes: 0 done, 1 not or not all, 2 it could not be told or the daemon does not answer.
            """
    )
    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: HoldDecisionOptions

    func run() async throws {
        let command = HoldDecisionCommand(shared.inspector, .approve, options.subject, isConfirmed: options.yes)
        throw ExitCode(await command.run())
    }
}

struct Reject: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes back what a hold stops: deleted entries are made again, with their memberships.",
        discussion: """
            Shows first what will be done, and what can't come back; more than one needs --yes. With --vanished: entries that a side \
            does not show any more were lost there, and are made again. Exit codes: 0 done, 1 not or not \
            all, 2 it could not be told or the daemon does not answer.
            """
    )
    @OptionGroup var shared: SharedOptions
    @OptionGroup var options: HoldDecisionOptions

    func run() async throws {
        let command = HoldDecisionCommand(shared.inspector, .reject, options.subject, isConfirmed: options.yes)
        throw ExitCode(await command.run())
    }
}

struct Quarantine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists entries that are set aside: why, and what to do. All others flow.",
        subcommands: [QuarantineList.self, QuarantineRetry.self, QuarantineDrop.self],
        defaultSubcommand: QuarantineList.self
    )
}

struct QuarantineList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists them. Exit codes: 0 none, 1 some, 2 it could not be told."
    )
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        throw ExitCode(await QuarantineCommand(shared.inspector, .list).run())
    }
}

struct QuarantineRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "retry", abstract: "Has entries tried now.")
    @OptionGroup var shared: SharedOptions
    @Argument(help: "DNs, GUIDs or names.")
    var entries: [String] = []
    @Flag(name: .long, help: "All that are set aside.")
    var all = false

    func validate() throws {
        if entries.isEmpty != all { throw ValidationError("name the entries, or give --all") }
    }

    func run() async throws {
        let subject: QuarantineCommand.Subject = all ? .retryAll : .act(.retry, entries: entries)
        throw ExitCode(await QuarantineCommand(shared.inspector, subject).run())
    }
}

struct QuarantineDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Has entries not tried again before they change. They stay listed."
    )
    @OptionGroup var shared: SharedOptions
    @Argument(help: "DNs, GUIDs or names.")
    var entries: [String]

    func run() async throws {
        throw ExitCode(await QuarantineCommand(shared.inspector, .act(.drop, entries: entries)).run())
    }
}

extension SharedOptions {
    var inspector: InspectorOptions { InspectorOptions(configurationPath: config, isJSON: json) }
}
