import Foundation
import Support
import SyncModel
import Testing

@testable import Cache

/// A cache gets another key, or its first, or none, and is the old one or the new one at any moment.
@Suite struct RekeyTests {
    private struct Stopped: Error {}

    private static let keys: [CacheEncryptionKey?] = [nil, .first, .second]
    private static let ways: [(CacheEncryptionKey?, CacheEncryptionKey?)] =
        keys.flatMap { old in keys.map { (old, $0) } }.filter { $0.0?.file != $0.1?.file }

    private let directory: TemporaryCache

    init() throws { directory = try TemporaryCache() }

    @Test("All is found under the other key", arguments: ways)
    func rekey(_ old: CacheEncryptionKey?, _ new: CacheEncryptionKey?) throws {
        let cache = try directory.open(options: .small, key: old)
        let marks = try PlantedValues.plant(in: cache)
        let expected = try PlantedValues.answers(of: cache)
        let problems = try cache.verify().map(\.problem)
        try cache.close()
        #expect(try Cache.rekey(at: directory.path, from: old, to: new, options: .small) > 50)
        #expect(throws: CacheError.self) { try directory.open(.readOnly, key: old) }
        let rekeyed = try directory.open(options: .small, key: new)
        #expect(try PlantedValues.answers(of: rekeyed) == expected)
        #expect(try rekeyed.verify().map(\.problem) == problems)
        #expect(try directory.marksInFiles(marks) == (new == nil ? marks : []))
        // What is found by name alone.
        #expect(try rekeyed.write { try $0.takeParked(.ad, name: "markerparked1") } == [PairID(2)])
        #expect(try rekeyed.write { try $0.takeParkedLinks(.ad, name: "markerheldshared").count } == 3)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(files.sorted() == ["data.mdb", "lock.mdb", "writer.lock"])
    }

    @Test("Stopped anywhere, it is the old one or the new one", arguments: RekeyStep.allCases, ways)
    func stopped(_ step: RekeyStep, _ way: (CacheEncryptionKey?, CacheEncryptionKey?)) throws {
        let (old, new) = way
        let cache = try directory.open(options: .small, key: old)
        let marks = try PlantedValues.plant(in: cache)
        let expected = try PlantedValues.answers(of: cache)
        try cache.close()
        #expect(throws: Stopped.self) {
            try Cache.rekey(at: directory.path, from: old, to: new, options: .small) {
                if $0 == step { throw Stopped() }
            }
        }
        let isNew = step == .exchanged
        let found = try directory.open(options: .small, key: isNew ? new : old)
        #expect(try PlantedValues.answers(of: found) == expected)
        try found.write { try $0.setFact("after", "wards") }
        try found.close()
        if !isNew { try Cache.rekey(at: directory.path, from: old, to: new, options: .small) }
        let rekeyed = try directory.open(.readOnly, key: new)
        #expect(try rekeyed.read { try $0.fact("after") } == "wards")
        #expect(try directory.marksInFiles(marks) == (new == nil ? marks : []))
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(files.sorted() == ["data.mdb", "lock.mdb", "writer.lock"])
    }

    @Test func itDoesNothingWhileAnotherWrites() throws {
        let cache = try directory.open()
        _ = try PlantedValues.plant(in: cache)
        let expected = try PlantedValues.answers(of: cache)
        #expect(throws: CacheError.self) { try Cache.rekey(at: directory.path, from: nil, to: .first) }
        #expect(try PlantedValues.answers(of: cache) == expected)
    }

    @Test func aWrongKeyChangesNothing() throws {
        let cache = try directory.open(key: .first)
        _ = try PlantedValues.plant(in: cache)
        let expected = try PlantedValues.answers(of: cache)
        try cache.close()
        #expect(throws: CacheError(.keyWrong(file: "/second"), path: directory.path)) {
            try Cache.rekey(at: directory.path, from: .second, to: .first)
        }
        let short = CacheEncryptionKey(file: "/short", contents: "short")
        #expect(throws: CacheError.self) { try Cache.rekey(at: directory.path, from: .first, to: short) }
        #expect(try PlantedValues.answers(of: directory.open(key: .first)) == expected)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(files.sorted() == ["data.mdb", "lock.mdb", "writer.lock"])
    }

    @Test func whereNothingIsNothingIsMade() throws {
        let error = CacheError(.missing, path: directory.path)
        #expect(throws: error) { try Cache.rekey(at: directory.path, from: nil, to: .first) }
        #expect(!FileManager.default.fileExists(atPath: directory.path))
    }

    /// More rows than one transaction of the copy takes.
    @Test func manyRowsAreCopiedInParts() throws {
        let cache = try directory.open()
        try cache.write { transaction in
            for number in 1...45_000 as ClosedRange<UInt64> {
                try transaction.markDirty(PairID(number), .init(since: .init(milliseconds: 1), cause: .retry))
            }
        }
        try cache.close()
        let options = CacheOptions(initialMapOctets: 64 << 10)
        try Cache.rekey(at: directory.path, from: nil, to: .first, options: options)
        let rekeyed = try directory.open(key: .first)
        #expect(try rekeyed.read { try $0.dirty(after: nil, limit: .max).count } == 45_000)
    }
}
