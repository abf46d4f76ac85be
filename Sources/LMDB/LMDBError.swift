internal import CLMDB
internal import Glibc

/// What an LMDB call, or a system call beside it, refused. Keys and values are never part of it.
package struct LMDBError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The map may not grow beyond `EnvironmentOptions.maximumMapOctets`.
        case mapFull
        /// Another process made the map larger; transactions adapt to it, so it is seen only from a nested one.
        case mapResized
        /// The file system has no room (or the quota none). The environment works on once there is room.
        case diskFull
        /// The data file is not a database, or its pages contradict each other.
        case damaged
        /// The data file ends before the last page that its header names.
        case truncated
        /// The data file has a format of another LMDB.
        case versionMismatch
        /// Another process, or another environment of this one, holds the writer lock.
        case writerActive(processIdentifier: Int32?)
        /// This process has this directory open already; LMDB forbids a second time.
        case alreadyOpen
        /// Nothing has been stored under this path or table name yet, and it was opened for reading.
        case missing
        /// An append that is not beyond the last key.
        case keyExists
        /// An empty key, or one above `Environment.maximumKeyOctets`.
        case badSize
        /// All reader slots are taken, see `EnvironmentOptions.maximumReaders`.
        case readersFull
        /// More named tables than `EnvironmentOptions.maximumTables`.
        case tablesFull
        /// This thread already has a transaction which excludes what was asked for.
        case nested
        /// The transaction was used after its closure returned.
        case transactionEnded
        /// A write through a reading transaction or environment.
        case readOnly
        /// The table belongs to another environment.
        case foreignTable
        /// The environment was closed.
        case closed
        /// LMDB can't go on with this environment; close it and open it again.
        case panic
        /// The file system refuses this user.
        case permission
        case other
    }

    /// LMDB's code, or errno.
    package let code: Int32
    /// The C function that gave the code.
    package let operation: String
    package let kind: Kind
    /// What a person reads: LMDB's text, or what the check found.
    package let text: String

    package init(code: Int32, operation: String, kind: Kind? = nil, text: String? = nil) {
        self.code = code
        self.operation = operation
        self.kind = kind ?? Self.kind(of: code)
        self.text = text ?? String(cString: mdb_strerror(code))
    }

    package var description: String { "\(operation): \(text) (\(code))" }

    private static func kind(of code: Int32) -> Kind {
        switch code {
        case MDB_MAP_FULL: .mapFull
        case MDB_MAP_RESIZED: .mapResized
        case ENOSPC, EDQUOT: .diskFull
        case MDB_CORRUPTED, MDB_INVALID, MDB_PAGE_NOTFOUND: .damaged
        case MDB_VERSION_MISMATCH: .versionMismatch
        case ENOENT, MDB_NOTFOUND: .missing
        case MDB_KEYEXIST: .keyExists
        case MDB_BAD_VALSIZE: .badSize
        case MDB_READERS_FULL: .readersFull
        case MDB_DBS_FULL: .tablesFull
        case MDB_PANIC: .panic
        case EACCES, EPERM, EROFS: .permission
        default: .other
        }
    }
}

/// The one way through which result codes come: a code that is dropped gives no warning in Swift.
@inline(__always)
func check(_ code: Int32, _ operation: StaticString) throws {
    if code != MDB_SUCCESS { throw LMDBError(code: code, operation: operation.description) }
}

/// The same for calls that answer -1 and set errno.
@discardableResult
func checkErrno<Result: SignedInteger>(
    _ result: Result,
    _ operation: StaticString,
    _ subject: String? = nil
) throws -> Result {
    if result != -1 { return result }
    let code = errno
    let text = subject.map { "\($0): \(String(cString: strerror(code)))" }
    throw LMDBError(code: code, operation: operation.description, text: text)
}
