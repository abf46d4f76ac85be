import ArgumentParser
import Foundation
import Testing

@testable import syncline

/// What `syncline` takes, and what it leaves behind.
struct CommandLineTests {
    @Test(
        "the configuration is named before the command or behind it",
        arguments: [
            ["--config", "x.yaml", "--json", "cache", "get", "anna"],
            ["cache", "--config", "x.yaml", "get", "anna", "--json"],
            ["--json", "cache", "get", "anna", "--config", "x.yaml"],
        ]
    )
    func configurationAnywhere(words: [String]) throws {
        let command = try #require(try Syncline.parseAsRoot(words) as? CacheGet)
        #expect(command.entry == "anna")
        #expect(command.options.shared.config == "x.yaml" && command.options.shared.json)
    }

    @Test("the usual configuration is meant where none is named")
    func usualConfiguration() throws {
        let command = try #require(try Syncline.parseAsRoot(["status"]) as? syncline.Status)
        #expect(command.shared.config == "/etc/syncline/syncline.yaml" && !command.shared.json)
    }

    /// Ours: a sanitizer has files of its own there.
    private func folders(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasPrefix("syncline-") }
    }

    /// The moment in which its copy of the cache is begun is the one in which a folder could be left behind.
    @Test("Ctrl-C in a plan leaves nothing behind, at any moment")
    func interrupted() async throws {
        let files = FileManager.default
        let folder = files.temporaryDirectory.appending(path: "interrupted-\(UUID().uuidString)").path
        let temporary = "\(folder)/tmp"
        try files.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: folder) }
        try Data("secret".utf8).write(to: URL(fileURLWithPath: "\(folder)/password"))
        chmod("\(folder)/password", 0o600)
        let side = "bind: {dn: \"cn=x,dc=x\", passwordFile: password}"
        let text = """
            version: 1
            cache: {path: cache}
            admin: {socket: admin.sock}
            ad: {servers: ["ldaps://127.0.0.1:1"], base: "DC=x", \(side)}
            miniorange: {servers: ["ldaps://127.0.0.1:1"], base: "dc=x", \(side)}
            objects: [{name: people, kind: user, ad: {base: "OU=p,DC=x"}, miniorange: {base: "ou=p,dc=x"}, attributes: default}]
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/syncline.yaml"))
        for _ in 0..<5 {
            let program = try RunningProgram.start(
                [
                    "/usr/bin/env", "TMPDIR=\(temporary)", "\(Daemon.folder)/syncline", "plan", "--config",
                    "\(folder)/syncline.yaml",
                ],
                input: "/dev/null",
                output: "\(folder)/out",
                errors: nil
            )
            var hasBegun = false
            while program.isRunning, !hasBegun { hasBegun = try !folders(in: temporary).isEmpty }
            program.send(SIGINT)
            let status = await program.ended(within: .seconds(60))
            let words = try String(contentsOfFile: "\(folder)/out", encoding: .utf8)
            #expect(hasBegun && status == 2, "\(status): \(words)")
            #expect(try folders(in: temporary) == [])
        }
    }
}
