package import Mapping
package import SyncModel

/// A configuration in which nothing is known to be wrong.
package struct Configuration: Sendable, Hashable {
    /// The file as it was named to ``load(path:)``.
    package var file: String
    /// The directory of the cache, absolute.
    package var cachePath: String
    /// Nil: what is in the cache stands there as it is.
    package var cacheEncryption: CacheEncryption?
    /// How long the cache keeps what was changed where and why, in milliseconds; nil: for ever.
    package var historyRetention: Int64?
    /// The path of the admin API's socket, absolute.
    package var adminSocket: String
    package var adminAccess = AdminAccess()
    /// Where the admin API listens for HTTP, on a loopback address; nil: nowhere.
    package var adminHTTP: HostAndPort?
    package var logLevel: LogLevel
    package var ad: SideConfiguration
    package var miniorange: SideConfiguration
    package var conflicts: ConflictSettings
    /// When both directories are compared as a whole.
    package var reconcile: Schedule
    /// Whether changes are followed between two of these times.
    package var isLive: Bool
    package var accounts: AccountSettings
    /// Nil: there is none.
    package var gateway: GatewayConfiguration?
    /// In the order of the file; never empty.
    package var objects: [ObjectSpecification]

    package subscript(side: Side) -> SideConfiguration { side == .ad ? ad : miniorange }

    /// Reads and checks a file, and reads the passwords that it names.
    ///
    /// - Throws: everything that is wrong with it, with places and remedies.
    package static func load(path: String) throws(ConfigurationErrors) -> Configuration {
        try load(path: path, credentialsDirectory: Environment.credentialsDirectory)
    }

    /// - Parameter credentialsDirectory: what `${CREDENTIALS_DIRECTORY}` stands for; nil where systemd did not set it.
    package static func load(
        path: String,
        credentialsDirectory: String?
    ) throws(ConfigurationErrors) -> Configuration {
        let problems = Problems(file: path)
        let text = readText(path, problems)
        if let text, let document = Document(text: text, problems: problems) {
            let directory = FileReader.directory(of: path)
            let files = FileReader(directory: directory, credentialsDirectory: credentialsDirectory)
            let reading = Reading(document: document, problems: problems, files: files)
            let configuration = ConfigurationReader(reading: reading).read()
            if problems.collected == nil, let configuration { return configuration }
        }
        throw problems.collected
            ?? ConfigurationErrors([
                ConfigurationError(
                    file: path,
                    position: .start,
                    message: "the file could not be understood",
                    remedy: "compare it with the annotated `conf/syncline.yaml`"
                )
            ])
    }

    static func readText(_ path: String, _ problems: Problems) -> String? {
        let bytes: [UInt8]
        do throws(FileReader.Failure) {
            bytes = try FileReader.read(path).bytes
        } catch {
            let remedy = "name the configuration with `--config FILE`, and let Syncline's account read it"
            problems.report("the configuration cannot be read: \(error.reason)", at: nil, remedy: remedy)
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let line = 1 + String(decoding: bytes, as: UTF8.self).prefix { $0 != "\u{FFFD}" }.count { $0.isNewline }
            let position = Position(line: line, column: 1)
            problems.report("the line is not UTF-8", at: position, remedy: "save the file as UTF-8")
            return nil
        }
        return text
    }
}

/// How much is logged, least important first.
package enum LogLevel: String, Hashable, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
}
