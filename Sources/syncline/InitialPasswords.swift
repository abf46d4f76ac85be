import ArgumentParser
import SyncService

struct InitialPasswords: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "initial-passwords",
        abstract: "Opens the initial passwords of new accounts, for whoever hands them on.",
        discussion: """
            Shows one line each: time, side, account, password, entry. Of several of one account the last counts; one whose add was \
            refused belongs to no account. Delete the file when they are handed on: synclined begins another one.

            The same by hand, message by message: openssl cms -decrypt -inform pem -inkey KEY
            """
    )
    @OptionGroup var shared: SharedOptions
    @Option(name: .long, help: "The private key of accounts.handOver.certificateFile, in PEM.", completion: .file())
    var key: String
    @Option(name: .long, help: "The file with them, where the configuration does not name it.", completion: .file())
    var file: String?

    func run() throws {
        throw ExitCode(
            InitialPasswordsCommand(configurationPath: shared.config, file: file, keyFile: key, json: shared.json).run()
        )
    }
}
