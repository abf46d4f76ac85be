import ArgumentParser
import SyncService

struct CacheRekey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rekey",
        abstract: "Encrypts the cache with another key, or for the first time, or not at all.",
        discussion: """
            synclined must be stopped. All is copied to new files beside the old ones, which takes as much room again, and \
            replaces them at the end: stopped at any moment, the cache is the old one or the new one. The blocks of the old files \
            stay on the disk until the file system uses them again, and backups stay under their key.

            A new key: (umask 077 && openssl rand -base64 32 >FILE)
            """
    )
    @OptionGroup var options: CacheOptions
    @Option(name: .long, help: "The file with the new key.", completion: .file())
    var newKeyFile: String?
    @Option(
        name: .long,
        help: "The file with the old key, where the configuration does not name it.",
        completion: .file()
    )
    var oldKeyFile: String?
    @Flag(name: .long, help: "Leave the cache in the clear.")
    var plain = false

    func validate() throws {
        if plain == (newKeyFile != nil) { throw ValidationError("name either --new-key-file or --plain") }
    }

    func run() throws {
        let goal: CacheRekeyCommand.Goal = newKeyFile.map { .encrypted(keyFile: $0) } ?? .plain
        throw ExitCode(CacheRekeyCommand(options.inspector, goal: goal, oldKeyFile: oldKeyFile).run())
    }
}
