import ArgumentParser
import Foundation
import SyncService

@main
struct Synclined: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synclined",
        abstract: "Keeps Active Directory and an LDAP directory in agreement, both ways.",
        discussion: """
            Runs in the foreground, logs to standard error, tells systemd when it is ready, and ends cleanly on SIGTERM. \
            SIGHUP loads the configuration anew. Exit code 78: the configuration is bad; nothing was started.
            """,
        version: ProductVersion.text
    )

    @Option(name: .long, help: "The configuration file.", completion: .file(extensions: ["yaml", "yml"]))
    var config = "/etc/syncline/syncline.yaml"

    mutating func run() async throws {
        throw ExitCode(await Daemon(configurationPath: config).run())
    }
}
