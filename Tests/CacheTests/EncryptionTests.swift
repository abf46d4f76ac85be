import Foundation
import LMDB
import Support
import SyncModel
import Testing

@testable import Cache

/// What encryption promises: nothing of a value or a name in the files, nothing changed or moved unnoticed, and a clear word about keys.
@Suite struct EncryptionTests {
    let directory: TemporaryCache

    init() throws { directory = try TemporaryCache() }

    private func kind(_ body: () throws -> Void) -> CacheError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? CacheError)?.kind
        }
    }

    // MARK: - Keys

    @Test func aKeyInBase64IsItsOctets() {
        let octets = [UInt8](0..<32)
        let text = Data(octets).base64EncodedString()
        #expect(text.utf8.count == 44)
        for form in [text, text + "\n", " \(text)\r\n"] {
            #expect(CacheEncryptionKey(file: "f", contents: Octets(form)).octets == octets)
        }
        // No padding, or no base64: taken as it is.
        let other = [UInt8](String(repeating: "k", count: 44).utf8)
        #expect(CacheEncryptionKey(file: "f", contents: Octets(other)).octets == other)
        #expect(CacheEncryptionKey(file: "f", contents: Octets(octets)).octets == octets)
        #expect(CacheEncryptionKey(file: "f", contents: Octets(Array(octets.dropLast()))).octets == nil)
    }

    @Test func noDescriptionShowsTheKey() {
        let key = CacheEncryptionKey(file: "/etc/key", contents: Octets(String(repeating: "k", count: 40)))
        for text in ["\(key)", "\(String(reflecting: key))", "\(Mirror(reflecting: key).children.map { "\($0)" })"] {
            #expect(!text.contains("kkkk"))
        }
    }

    @Test(arguments: [Cache.Mode.readWrite, .readOnly])
    func onlyItsOwnKeyOpensIt(mode: Cache.Mode) throws {
        try directory.open(options: .small, key: .first).close()
        #expect(kind { _ = try directory.open(mode, key: nil) } == .keyMissing)
        #expect(kind { _ = try directory.open(mode, key: .second) } == .keyWrong(file: "/second"))
        let short = CacheEncryptionKey(file: "/short", contents: "0123456789")
        #expect(kind { _ = try directory.open(mode, key: short) } == .keyUnusable(file: "/short"))
        try directory.open(mode, key: .first).close()
    }

    @Test(arguments: [Cache.Mode.readWrite, .readOnly])
    func oneInTheClearIsNotTakenForEncrypted(mode: Cache.Mode) throws {
        try directory.open().close()
        #expect(kind { _ = try directory.open(mode, key: .first) } == .notEncrypted(file: "/first"))
        try directory.open(mode).close()
    }

    @Test func theErrorsSayWhatToDo() {
        let errors: [(CacheError.Kind, String)] = [
            (.keyMissing, "cache.keyFile"), (.keyWrong(file: "/a/key"), "/a/key"),
            (.keyUnusable(file: "/a/key"), "openssl rand -base64 32 >/a/key"),
            (.notEncrypted(file: "/a/key"), "syncline cache rekey --new-key-file /a/key"),
        ]
        for (kind, words) in errors { #expect("\(CacheError(kind, path: "/cache"))".contains(words)) }
    }

    @Test func twoCachesUnderOneKeyShareNoDigest() throws {
        func digest(_ directory: TemporaryCache) throws -> [UInt8] {
            let cache = try directory.open(options: .small, key: .first)
            return try cache.read { [UInt8]($0.key.name(.ad, parent: .number(1), rdn: "cn=anna")) }
        }
        #expect(try digest(directory) != digest(TemporaryCache()))
    }

    // MARK: - What the files hold

    @Test func theFilesHoldNoValueAndNoName() throws {
        let cache = try directory.open(options: .small, key: .first)
        let marks = try PlantedValues.plant(in: cache)
        #expect(try directory.marksInFiles(marks) == [])
        try cache.close()
        #expect(try directory.marksInFiles(marks) == [])
        // The search finds them where they are.
        let plain = try TemporaryCache()
        let other = try plain.open(options: .small)
        #expect(Set(try PlantedValues.plant(in: other)) == Set(marks))
        #expect(try plain.marksInFiles(marks) == marks)
    }

    @Test func whatWasWrittenIsReadAgain() throws {
        let cache = try directory.open(options: .small, key: .first)
        _ = try PlantedValues.plant(in: cache)
        let expected = try PlantedValues.answers(of: cache)
        try cache.close()
        #expect(try PlantedValues.answers(of: directory.open(.readOnly, key: .first)) == expected)
        let plain = try TemporaryCache().open()
        _ = try PlantedValues.plant(in: plain)
        #expect(try PlantedValues.answers(of: plain) == expected)
    }

    @Test func aBackupNeedsTheSameKey() throws {
        let cache = try directory.open(options: .small, key: .first)
        let marks = try PlantedValues.plant(in: cache)
        let expected = try PlantedValues.answers(of: cache)
        let other = try TemporaryCache()
        try cache.backup(to: other.path)
        #expect(try other.marksInFiles(marks) == [])
        #expect(kind { _ = try other.open(.readOnly) } == .keyMissing)
        #expect(try PlantedValues.answers(of: other.open(.readOnly, key: .first)) == expected)
    }

    // MARK: - Tampering

    @Test func anOctetThatWasChangedIsNoticed() throws {
        let cache = try directory.open(options: .small, key: .first)
        try cache.write { try $0.put(Replica.sample(1), replacing: nil) }
        let key = [Side.ad.rawValue] + Anchor.number(1).octets
        let stored = try #require(try cache.stored(.replicas, key))
        for index in stored.indices {
            var changed = stored
            changed[index] ^= 0x10
            try cache.store(changed, .replicas, key)
            guard case .damaged(.replicas, key, _) = kind({ _ = try cache.read { try $0.replica(.ad, .number(1)) } })
            else {
                Issue.record("octet \(index) was changed unnoticed")
                return
            }
        }
        for changed in [Array(stored.dropLast()), stored + [0], [], [1]] {
            try cache.store(changed, .replicas, key)
            #expect(throws: CacheError.self) { try cache.read { try $0.replica(.ad, .number(1)) } }
        }
        #expect(try cache.verify().map(\.problem).contains(.unreadable))
        try cache.store(stored, .replicas, key)
        #expect(try cache.read { try $0.replica(.ad, .number(1)) } == .sample(1))
    }

    @Test func recordsThatWereExchangedAreNoticed() throws {
        let cache = try directory.open(options: .small, key: .first)
        try cache.write {
            try $0.put(Replica.sample(1), replacing: nil)
            try $0.put(Replica.sample(2), replacing: nil)
            try $0.markDirty(PairID(1), .init(since: .init(milliseconds: 0), cause: .retry))
        }
        let keys = [1, 2].map { [Side.ad.rawValue] + Anchor.number($0).octets }
        let stored = try keys.map { try #require(try cache.stored(.replicas, $0)) }
        try cache.store(stored[0], .replicas, keys[1])
        try cache.store(stored[1], .replicas, keys[0])
        for number in [1, 2] as [UInt64] {
            #expect(throws: CacheError.self) { try cache.read { try $0.replica(.ad, .number(number)) } }
        }
        // Of the same key in another table.
        let key = PairID(1).rawValue.bigEndianOctets
        try cache.store(try #require(try cache.stored(.dirty, key)), .quarantine, key)
        guard case .damaged(.quarantine, _, _) = kind({ _ = try cache.read { try $0.quarantine(PairID(1)) } }) else {
            Issue.record("unnoticed")
            return
        }
    }

    @Test func theCheckGoesOnAfterADamagedRecord() throws {
        let cache = try directory.open(options: .small, key: .first)
        try cache.write { for number in 1...4 { try $0.put(Replica.sample(UInt64(number)), replacing: nil) } }
        for number in [1, 3] as [UInt64] { try cache.store([1, 2, 3], .replicas, [0] + Anchor.number(number).octets) }
        let findings = try cache.verify().filter { $0.table == .replicas }
        #expect(findings.map(\.problem) == [.unreadable, .unreadable])
    }
}

extension CacheEncryptionKey {
    static let first = CacheEncryptionKey(file: "/first", contents: Octets(String(repeating: "a", count: 40)))
    static let second = CacheEncryptionKey(file: "/second", contents: Octets(String(repeating: "b", count: 40)))
}

extension CacheOptions {
    /// For files that are searched.
    static let small = CacheOptions(initialMapOctets: 1 << 20)
}

extension Cache {
    /// A value as it is in the file.
    func stored(_ table: CacheTable, _ key: [UInt8]) throws -> [UInt8]? {
        try environment.read { try tables[table].stored.get(key, in: $0) }
    }

    func store(_ value: [UInt8], _ table: CacheTable, _ key: [UInt8]) throws {
        _ = try environment.write { try tables[table].stored.put(key, value, in: $0) }
    }
}
