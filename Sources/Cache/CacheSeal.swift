internal import Cryptography
internal import LMDB
internal import Synchronization

/// The keys of an encrypted cache, and the ciphers that use them.
///
/// Two keys are made of the one in the file and of a salt that each cache draws for itself: one seals records, the other makes the digests that stand in keys in place of names.
/// What `meta` says of it, in the clear, is the salt and an identifier that is a third key: it tells a wrong file, and nothing of the others.
final class CacheSeal: Sendable {
    /// The row of `meta`, which is never sealed.
    static let rowKey = [UInt8]("encryption".utf8)
    private static let saltOctets = 32
    private static let identifierOctets = 16

    let path: String
    private let row: [UInt8]
    private let recordKey: KeyMaterial
    private let digestKey: KeyMaterial
    private let ciphers = Mutex<[IdleCipher]>([])

    /// Of a new cache.
    convenience init(_ key: CacheEncryptionKey, path: String) throws {
        let salt = try KeyMaterial(random: Self.saltOctets).withOctets { [UInt8]($0) }
        let identifier = try Self.derived(key, salt, "identifier", Self.identifierOctets, path)
        let row = [CacheFormat.recordVersion] + salt + identifier.withOctets { [UInt8]($0) }
        try self.init(key, salt: salt, row: row, path: path)
    }

    /// Of a cache that is there. Throws ``CacheError``: `keyUnusable`, `keyWrong`, `damaged`.
    convenience init(_ key: CacheEncryptionKey, row: [UInt8], path: String) throws {
        guard row.count == 1 + Self.saltOctets + Self.identifierOctets, row[0] == CacheFormat.recordVersion else {
            throw CacheError(
                .damaged(table: .meta, key: [], reason: "what it is encrypted with is unreadable"),
                path: path
            )
        }
        let salt = Array(row[1...Self.saltOctets])
        let identifier = try Self.derived(key, salt, "identifier", Self.identifierOctets, path)
        let isRight = row.withUnsafeBytes {
            identifier.equals(UnsafeRawBufferPointer(rebasing: $0[(1 + Self.saltOctets)...]))
        }
        guard isRight else { throw CacheError(.keyWrong(file: key.file), path: path) }
        try self.init(key, salt: salt, row: row, path: path)
    }

    private init(_ key: CacheEncryptionKey, salt: [UInt8], row: [UInt8], path: String) throws {
        self.path = path
        self.row = row
        recordKey = try Self.derived(key, salt, "records", GaloisCounter.keyOctets, path)
        digestKey = try Self.derived(key, salt, "names", KeyedDigest.octets, path)
    }

    private static func derived(
        _ key: CacheEncryptionKey,
        _ salt: [UInt8],
        _ purpose: String,
        _ count: Int,
        _ path: String
    ) throws -> KeyMaterial {
        guard var octets = key.octets else { throw CacheError(.keyUnusable(file: key.file), path: path) }
        let information = [UInt8]("syncline cache: \(purpose)".utf8)
        return try KeyMaterial(wiping: &octets).derived(salt: salt, information: information, count: count)
    }

    func store(in meta: Table, _ transaction: WriteTransaction) throws {
        try meta.put(Self.rowKey, row, in: transaction)
    }

    func makeDigest() throws -> KeyedDigest { try KeyedDigest(key: digestKey) }

    /// Runs `body` with a cipher that nobody else uses meanwhile.
    func withCipher<Result>(_ body: (RecordCipher) throws -> Result) throws -> Result {
        let idle = try ciphers.withLock { $0.popLast() } ?? IdleCipher(cipher: RecordCipher(master: recordKey))
        defer { ciphers.withLock { $0.append(idle) } }
        return try body(idle.cipher)
    }

    func changed(_ table: CacheTable, _ key: UnsafeRawBufferPointer) -> CacheError {
        let reason = "the record was changed, or is not of this place"
        return CacheError(.damaged(table: table, key: [UInt8](key), reason: reason), path: path)
    }
}

/// `@unchecked Sendable`: whoever uses the cipher took it out of the list and puts it back afterwards, so it has one user at any time.
private struct IdleCipher: @unchecked Sendable {
    let cipher: RecordCipher
}
