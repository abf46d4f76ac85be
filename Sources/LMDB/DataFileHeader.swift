internal import CLMDB
internal import Glibc

/// The two meta pages of a data file, read without mapping it. LMDB trusts them: a page beyond the end of the file is
/// a SIGBUS, which ends the process, so they are compared with the file's size first.
///
/// That a sound file reaches its last page is true because the writer extends the file to the whole map before it
/// uses it: LMDB by itself may leave a page unwritten that a transaction allocated and freed.
struct DataFileHeader {
    static let fileName = "data.mdb"

    /// Offsets in the format of LMDB 0.9 (data version 1) on 64-bit machines: a 16-octet page header, then MDB_meta.
    private enum Offset {
        static let magic = 16
        static let version = 20
        static let pageOctets = 40
        static let freeRoot = 80
        static let mainRoot = 128
        static let lastPage = 136
        static let end = 152
    }
    private static let magic: UInt32 = 0xBEEF_C0DE
    private static let dataVersion: UInt32 = 1

    let fileOctets: Int

    /// Nil where there is no data file.
    init?(directory: String) throws {
        let path = directory + "/" + Self.fileName
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor == -1 && errno == ENOENT { return nil }
        try checkErrno(descriptor, "open", path)
        defer { close(descriptor) }
        var status = stat()
        try checkErrno(fstat(descriptor, &status), "fstat", path)
        fileOctets = Int(status.st_size)
        let first = try Self.meta(descriptor, at: 0, path)
        let pageOctets = Int(first.loadUnaligned(fromByteOffset: Offset.pageOctets, as: UInt32.self))
        guard pageOctets.nonzeroBitCount == 1, (512...65536).contains(pageOctets) else {
            throw Self.refusal(.damaged, MDB_CORRUPTED, "\(path): page size of \(pageOctets) octets")
        }
        let second = try Self.meta(descriptor, at: pageOctets, path)
        for meta in [first, second] { try check(meta, pageOctets, path) }
    }

    private func check(_ meta: [UInt8], _ pageOctets: Int, _ path: String) throws {
        let lastPage = meta.loadUnaligned(fromByteOffset: Offset.lastPage, as: UInt64.self)
        for offset in [Offset.freeRoot, Offset.mainRoot] {
            let root = meta.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard root == .max || root <= lastPage else {
                throw Self.refusal(.damaged, MDB_CORRUPTED, "\(path): root page \(root) after last page \(lastPage)")
            }
        }
        // Compared in pages: a damaged number times the page size could overflow.
        guard lastPage < UInt64(fileOctets / pageOctets) else {
            throw Self.refusal(
                .truncated,
                MDB_CORRUPTED,
                "\(path) has \(fileOctets) octets, its header names page \(lastPage) of \(pageOctets) octets"
            )
        }
    }

    private static func meta(_ descriptor: Int32, at offset: Int, _ path: String) throws -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: Offset.end)
        let count = try checkErrno(pread(descriptor, &octets, octets.count, off_t(offset)), "pread", path)
        guard count == octets.count else {
            throw refusal(.truncated, MDB_INVALID, "\(path) ends within its header")
        }
        guard octets.loadUnaligned(fromByteOffset: Offset.magic, as: UInt32.self) == magic else {
            throw refusal(.damaged, MDB_INVALID, "\(path) is not an LMDB data file")
        }
        let version = octets.loadUnaligned(fromByteOffset: Offset.version, as: UInt32.self)
        guard version == dataVersion else {
            throw refusal(.versionMismatch, MDB_VERSION_MISMATCH, "\(path) has data version \(version)")
        }
        return octets
    }

    private static func refusal(_ kind: LMDBError.Kind, _ code: Int32, _ text: String) -> LMDBError {
        LMDBError(code: code, operation: "mdb_env_open", kind: kind, text: text)
    }
}

extension [UInt8] {
    fileprivate func loadUnaligned<Value: BitwiseCopyable>(fromByteOffset offset: Int, as type: Value.Type) -> Value {
        withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }
}
