import Cache
import Configuration
import Foundation

/// `syncline cache rekey`: encrypts the cache with another key, or for the first time, or puts it into the clear. The daemon must be stopped.
package struct CacheRekeyCommand {
    package enum Goal: Sendable {
        /// With the key in this file.
        case encrypted(keyFile: String)
        case plain
    }

    private let options: InspectorOptions
    private let goal: Goal
    private let oldKeyFile: String?

    /// - Parameter oldKeyFile: the file with the key that it is encrypted with, where the configuration does not name it, or names the new one already.
    package init(_ options: InspectorOptions, goal: Goal, oldKeyFile: String? = nil) {
        self.options = options
        // The configuration takes a path from where it lies itself.
        self.goal = if case .encrypted(let file) = goal { .encrypted(keyFile: Self.absolute(file)) } else { .plain }
        self.oldKeyFile = oldKeyFile
    }

    private static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output) {
            let configuration = try Configuration.load(path: options.configurationPath)
            let path = options.cachePath ?? configuration.cachePath
            let new = try newKey()
            if isDone(path, new) {
                report(path, records: nil, output)
                return 0
            }
            let old = try oldKeyFile.map { try CacheEncryptionKey(readingFile: $0) } ?? configuration.cacheKey
            let records = try rekey(path, from: old, to: new)
            report(path, records: records, output)
            return 0
        }
    }

    private func newKey() throws -> CacheEncryptionKey? {
        switch goal {
        case .encrypted(let keyFile): try CacheEncryptionKey(readingFile: keyFile)
        case .plain: nil
        }
    }

    /// So that a second run after one that was stopped at its end has nothing to do.
    private func isDone(_ path: String, _ new: CacheEncryptionKey?) -> Bool {
        guard let cache = try? Cache.open(at: path, mode: .readOnly, key: new) else { return false }
        try? cache.close()
        return true
    }

    /// A configuration that names a key already, or still, is no hindrance where the cache is not encrypted.
    private func rekey(_ path: String, from old: CacheEncryptionKey?, to new: CacheEncryptionKey?) throws -> Int {
        do {
            return try Cache.rekey(at: path, from: old, to: new)
        } catch let error as CacheError {
            guard case .notEncrypted = error.kind else { throw error }
            return try Cache.rekey(at: path, from: nil, to: new)
        }
    }

    /// - Parameter records: nil where nothing was to be done.
    private func report(_ path: String, records: Int?, _ output: InspectorOutput) {
        guard !options.isJSON else {
            let isEncrypted = if case .encrypted = goal { true } else { false }
            let members: [(String, JSONValue)] = [
                ("path", .string(path)), ("encrypted", .bool(isEncrypted)), ("changed", .bool(records != nil)),
                ("records", records.map { .int($0) } ?? .null),
            ]
            return output.json(.object(members), isPretty: true)
        }
        let done = records.map { "\($0) records, " } ?? "nothing to do: "
        switch goal {
        case .encrypted(let keyFile):
            output.line("\(path): \(done)encrypted with the key in \(keyFile)")
            output.line("Before synclined starts, the configuration has to say:")
            output.line("    cache: {encrypt: true, keyFile: \(keyFile)}")
            if records != nil { output.line("Keep the old key as long as there are backups that need it.") }
        case .plain:
            output.line("\(path): \(done)not encrypted")
            output.line("Before synclined starts, take cache.encrypt and cache.keyFile out of the configuration.")
        }
    }
}
