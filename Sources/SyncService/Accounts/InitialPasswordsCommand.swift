import Configuration
import Cryptography
import Foundation

/// `syncline initial-passwords`: opens what was kept of new accounts' passwords for whoever hands them on. Needs the private key, and nothing else of
/// Syncline: the file may be opened on another machine.
package struct InitialPasswordsCommand {
    private let configurationPath: String
    private let file: String?
    private let keyFile: String
    private let json: Bool

    /// - Parameter file: nil for the one that the configuration names.
    package init(configurationPath: String, file: String?, keyFile: String, json: Bool) {
        self.configurationPath = configurationPath
        self.file = file
        self.keyFile = keyFile
        self.json = json
    }

    /// 0: all were opened; 1: some were not; 2: it could not be told.
    package func run() -> Int32 {
        guard let file = file ?? configuredFile() else { return CommandOutput.untold }
        guard let pem = FileManager.default.contents(atPath: keyFile) else {
            return CommandOutput.fail(
                "\(keyFile) can't be read; name the private key of accounts.handOver.certificateFile with --key"
            )
        }
        guard let key = MessageKey(pem: [UInt8](pem)) else {
            return CommandOutput.fail("\(keyFile) holds no private key in PEM, or its passphrase was another one")
        }
        guard let contents = FileManager.default.contents(atPath: file) else {
            guard !FileManager.default.fileExists(atPath: file) else {
                return CommandOutput.fail("\(file) can't be read; run this as a user who may")
            }
            return show([], unopened: 0)
        }
        let messages = Self.messages(String(decoding: contents, as: UTF8.self))
        let opened = messages.compactMap { message -> HandedPassword? in
            guard let content = try? key.open(message) else { return nil }
            return try? JSONDecoder().decode(HandedPassword.self, from: Data(content))
        }
        if opened.isEmpty, !messages.isEmpty {
            return CommandOutput.fail(
                "none of the \(messages.count) messages in \(file) is sealed to the key in \(keyFile)"
            )
        }
        return show(opened, unopened: messages.count - opened.count)
    }

    private func configuredFile() -> String? {
        guard let configuration = CommandOutput.configuration(at: configurationPath) else { return nil }
        guard let handOver = configuration.accounts.handOver else {
            CommandOutput.complain(
                "the configuration has no accounts.handOver: no initial password is kept; else name the file with --file"
            )
            return nil
        }
        return handOver.file
    }

    private func show(_ passwords: [HandedPassword], unopened: Int) -> Int32 {
        if json {
            CommandOutput.json(passwords)
        } else if passwords.isEmpty {
            CommandOutput.text("no initial passwords are kept")
        } else {
            CommandOutput.text(
                passwords.map { "\($0.time)  \($0.side)  \($0.account)  \($0.password)  \($0.entry)" }
                    .joined(separator: "\n")
            )
        }
        guard unopened > 0 else { return 0 }
        CommandOutput.complain("\(unopened) messages are sealed to another key, or damaged")
        return 1
    }

    /// The messages in a file, in its order; what stands between them is passed over.
    static func messages(_ text: String) -> [String] {
        var messages: [String] = []
        var lines: [Substring]?
        for line in text.split(separator: "\n") {
            if line == "-----BEGIN CMS-----" { lines = [] }
            lines?.append(line)
            if line == "-----END CMS-----", let message = lines {
                messages.append(message.joined(separator: "\n") + "\n")
                lines = nil
            }
        }
        return messages
    }
}
