package import LMDB

/// Why the cache can't be used, or a call on it was refused. Never holds a value of an entry.
package struct CacheError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// There is no cache under this path, and it was to be read only.
        case missing
        /// Something else is under this path.
        case notACache(String)
        /// A later Syncline wrote it.
        case newerFormat(found: Int, supported: Int)
        /// An earlier Syncline wrote it, and only a writer may upgrade it.
        case olderFormat(found: Int, supported: Int)
        /// Another process writes, or this process has the cache open already.
        case inUse(processIdentifier: Int32?)
        /// The database, or one record, contradicts itself.
        case damaged(table: CacheTable?, key: [UInt8], reason: String)
        case diskFull
        /// The map is at its configured limit, or the system gives no more address space.
        case mapFull
        case permission
        /// It is encrypted, and no key was given.
        case keyMissing
        /// It is encrypted with another key than the one in this file.
        case keyWrong(file: String)
        /// The file holds less than a key of 256 bits.
        case keyUnusable(file: String)
        /// A key was given, from this file, and the cache is not encrypted.
        case notEncrypted(file: String)
        /// A write where the cache was opened or the transaction begun for reading.
        case readOnly
        /// A transaction within another one of the same thread.
        case nested
        case closed
        /// Anything else that the database refuses; see `cause`.
        case storage
    }

    package let kind: Kind
    /// The directory of the cache.
    package let path: String
    /// What LMDB or the system said.
    package let cause: LMDBError?

    package init(_ kind: Kind, path: String, cause: LMDBError? = nil) {
        self.kind = kind
        self.path = path
        self.cause = cause
    }

    init(_ error: LMDBError, path: String) {
        let kind: Kind =
            switch error.kind {
            case .mapFull: .mapFull
            case .diskFull: .diskFull
            case .damaged, .truncated: .damaged(table: nil, key: [], reason: error.text)
            case .versionMismatch: .notACache(error.text)
            case .writerActive(let process): .inUse(processIdentifier: process)
            case .alreadyOpen: .inUse(processIdentifier: nil)
            case .missing: .missing
            case .readOnly: .readOnly
            case .permission: .permission
            case .nested: .nested
            case .closed: .closed
            default: .storage
            }
        self.init(kind, path: path, cause: error)
    }

    /// What happened, then what to do.
    package var description: String {
        let detail = cause.map { " [\($0.operation), code \($0.code)]" } ?? ""
        return "cache \(path): \(problem)\(detail). \(remedy)"
    }

    package var problem: String {
        switch kind {
        case .missing: "there is none yet"
        case .notACache(let reason): "this is not a cache of Syncline: \(reason)"
        case .newerFormat(let found, let supported):
            "its format is \(found), and this program knows formats up to \(supported)"
        case .olderFormat(let found, let supported):
            "its format is \(found), and this program reads format \(supported)"
        case .inUse(let process): "in use by \(process.map { "process \($0)" } ?? "this process")"
        case .damaged(let table, let key, let reason): "damaged\(Self.place(table, key)): \(reason)"
        case .diskFull: "no space is left on its file system"
        case .mapFull: "it can't grow"
        case .permission: "access was refused by the file system"
        case .keyMissing: "it is encrypted, and no key was given"
        case .keyWrong(let file): "it is encrypted with another key than the one in \(file)"
        case .keyUnusable(let file): "\(file) holds no key of 256 bits"
        case .notEncrypted: "it is not encrypted, and the configuration says that it shall be"
        case .readOnly: "a write in a cache that is open for reading"
        case .nested: "a transaction within another one"
        case .closed: "it was closed"
        case .storage: cause?.text ?? "the database refused"
        }
    }

    package var remedy: String {
        switch kind {
        case .missing: "Start synclined: it makes the cache."
        case .notACache: "Set cache.path to a directory of its own."
        case .newerFormat: "Use the version of Syncline that wrote it, or a later one."
        case .olderFormat: "Start synclined of this version once: it upgrades the cache."
        case .inUse: "Stop the other one first; there is one writer."
        case .damaged:
            "Restore a backup, or stop synclined and move the directory away: it is built again from both servers,"
                + " and joined entries find each other by the match rules."
        case .diskFull: "Make room; work goes on from where it stopped."
        case .mapFull: "Allow more address space to the process, or raise the limit of the cache."
        case .permission: "The directory and its files belong to the user who runs synclined, with modes 0700 and 0600."
        case .keyMissing:
            "Set cache.encrypt: true and cache.keyFile to the file with the key that it was encrypted with."
        case .keyWrong(let file):
            "Set cache.keyFile to the file with the key that it was encrypted with, or put that key back into \(file)."
                + " Without it move the directory away: the cache is built again from both servers."
        case .keyUnusable(let file): "Make a key: `(umask 077 && openssl rand -base64 32 >\(file))`."
        case .notEncrypted(let file):
            "Stop synclined and run `syncline cache rekey --new-key-file \(file)`, or remove cache.encrypt."
        case .readOnly, .nested, .closed: "This is an error in the program."
        case .storage: "The code says what the system refused."
        }
    }

    private static func place(_ table: CacheTable?, _ key: [UInt8]) -> String {
        guard let table else { return "" }
        if key.isEmpty { return " in \(table.rawValue)" }
        guard table.hasPlainKeys else { return " in \(table.rawValue), a key of \(key.count) octets" }
        let digits = Array("0123456789abcdef")
        let text = String(key.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] })
        return " in \(table.rawValue), key \(text)"
    }
}

extension RecordDamage {
    var text: String {
        switch self {
        case .tooShort: "the record ends too early"
        case .tooLong: "octets follow the record's end"
        case .unknownVersion(let version): "record version \(version) is not known"
        case .invalid(let field): "invalid \(field)"
        }
    }
}
