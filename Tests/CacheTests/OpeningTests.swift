import Glibc
import LMDB
import SyncModel
import Testing

@testable import Cache

@Suite struct OpeningTests {
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

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test func aCacheIsForItsUserAlone() throws {
        let cache = try directory.open()
        #expect(mode(directory.path) == 0o700)
        #expect(mode(directory.path + "/data.mdb") == 0o600)
        #expect(mode(directory.path + "/lock.mdb") == 0o600)
        try cache.close()
    }

    @Test func whatWasCommittedIsThereWhenItIsOpenedAgain() throws {
        let replica = Replica.sample(1, parent: .entry(.number(2)), keys: ["0anna"])
        let cache = try directory.open()
        let id = try cache.write { transaction throws in
            try transaction.put(replica, replacing: nil)
            return try transaction.makePairID()
        }
        try cache.close()
        let again = try directory.open()
        try again.write { transaction throws in
            #expect(try transaction.replica(.ad, .number(1)) == replica)
            #expect(try transaction.makePairID() > id)
        }
    }

    @Test func aClosedCacheRefuses() throws {
        let cache = try directory.open()
        try cache.close()
        #expect(kind { try cache.read { _ in } } == .closed)
        #expect(kind { try cache.write { _ in } } == .closed)
    }

    @Test func nothingIsReadWhereNothingWasWritten() throws {
        #expect(kind { _ = try directory.open(.readOnly) } == .missing)
        #expect(mkdir(directory.path, 0o700) == 0)
        #expect(kind { _ = try directory.open(.readOnly) } == .missing)
    }

    @Test func aReaderMayNotWrite() throws {
        try directory.open().close()
        let cache = try directory.open(.readOnly)
        #expect(kind { try cache.write { _ in } } == .readOnly)
        #expect(
            kind { try cache.read { try $0.markDirty(PairID(1), .init(since: .init(milliseconds: 0), cause: .retry)) } }
                == .readOnly
        )
        #expect(kind { try cache.read { _ = try $0.makePairID() } } == .readOnly)
        #expect(kind { try cache.read { _ = try $0.takeWaiters(on: PairID(1)) } } == .readOnly)
        let link = LinkID(side: .ad, group: .number(1), member: .number(2))
        #expect(kind { try cache.read { try $0.put(Link(sources: .group), for: link) } } == .readOnly)
        #expect(kind { try cache.read { try $0.parkLink(.ad, name: "anna", holder: .number(1)) } } == .readOnly)
        #expect(kind { try cache.read { _ = try $0.takeParkedLinks(.ad, name: "anna") } } == .readOnly)
        #expect(kind { try cache.read { try $0.pend(link, of: PairID(1)) } } == .readOnly)
        #expect(try cache.read { try $0.count(.replicas) } == 0)
    }

    @Test func aFileIsNotACache() throws {
        try write([1, 2, 3], to: directory.path)
        #expect(kind { _ = try directory.open() } == .notACache("it is a file, not a directory"))
        #expect(kind { _ = try directory.open(.readOnly) } == .notACache("it is a file, not a directory"))
    }

    @Test func aFileOfSomethingElseIsNotOverwritten() throws {
        #expect(mkdir(directory.path, 0o700) == 0)
        let octets = [UInt8](repeating: 7, count: 20_000)
        try write(octets, to: directory.path + "/data.mdb")
        guard case .damaged = kind({ _ = try directory.open() }) else {
            Issue.record("opened")
            return
        }
        #expect(try contents(of: directory.path + "/data.mdb") == octets)
    }

    @Test(arguments: ["others", "meta"])
    func theDatabaseOfAnotherProgramIsRefusedAndLeftAsItIs(table: String) throws {
        let environment = try Environment(directory: directory.path)
        let handle = try environment.table(table)
        try environment.write { try handle.put([1], [2], in: $0) }
        let octets = try contents(of: directory.path + "/data.mdb")
        try environment.close()
        for mode in [Cache.Mode.readWrite, .readOnly] {
            guard case .notACache = kind({ _ = try directory.open(mode) }) else {
                Issue.record("opened")
                return
            }
        }
        #expect(try contents(of: directory.path + "/data.mdb") == octets)
    }

    @Test func anInterruptedFirstStartGoesOn() throws {
        let environment = try Environment(directory: directory.path)
        _ = try environment.table("meta")
        try environment.close()
        #expect(kind { _ = try directory.open(.readOnly) } == .missing)
        try directory.open().close()
        try directory.open(.readOnly).close()
    }

    @Test func aNewerFormatIsRefusedByWriterAndReader() throws {
        let supported = CacheFormat.current.number
        let newer = supported + 1
        try openFormat(CacheFormat(number: newer, steps: [])).close()
        for mode in [Cache.Mode.readWrite, .readOnly] {
            #expect(kind { _ = try directory.open(mode) } == .newerFormat(found: newer, supported: supported))
        }
        let text = CacheError(.newerFormat(found: newer, supported: supported), path: directory.path).description
        #expect(text.contains("format is \(newer)") && text.contains("later"))
    }

    private func openFormat(_ format: CacheFormat, _ mode: Cache.Mode = .readWrite) throws -> Cache {
        try Cache.open(at: directory.path, mode: mode, options: CacheOptions(), format: format)
    }

    /// A fact is renamed by one step, its value changed by the next.
    private static let steps = [
        CacheFormat.Step(from: 0) { try $0.cursors.put([0], [1], in: $1) },
        CacheFormat.Step(from: 1) { tables, transaction in
            let old = try tables.cursors.get([0], in: transaction)
            try tables.cursors.put([1], (old ?? []) + [2], in: transaction)
            try tables.cursors.delete([0], in: transaction)
        },
    ]

    @Test func anOlderFormatIsUpgradedStepByStep() throws {
        try openFormat(CacheFormat(number: 0, steps: [])).close()
        let latest = CacheFormat(number: 2, steps: Self.steps.reversed())
        #expect(kind { _ = try openFormat(latest, .readOnly) } == .olderFormat(found: 0, supported: 2))
        let cache = try openFormat(latest)
        #expect(try cache.environment.read { try cache.tables.cursors.get([1], in: $0) } == [1, 2])
        try cache.close()
        try openFormat(latest, .readOnly).close()
        #expect(kind { _ = try openFormat(CacheFormat(number: 1, steps: [])) } == .newerFormat(found: 2, supported: 1))
    }

    @Test func anUpgradeThatFailsChangesNothing() throws {
        try openFormat(CacheFormat(number: 0, steps: [])).close()
        let failing = CacheFormat.Step(from: 1) { _, _ in throw CacheError(.closed, path: "") }
        #expect(kind { _ = try openFormat(CacheFormat(number: 2, steps: [Self.steps[0], failing])) } == .closed)
        #expect(
            kind { _ = try openFormat(CacheFormat(number: 2, steps: [Self.steps[0]])) }
                == .olderFormat(found: 0, supported: 2)
        )
        let cache = try openFormat(CacheFormat(number: 0, steps: []))
        #expect(try cache.environment.read { try cache.tables.cursors.count(in: $0) } == 0)
    }

    @Test func aSecondWriterIsRefused() async throws {
        let cache = try directory.open()
        #expect(kind { _ = try directory.open() } == .inUse(processIdentifier: nil))
        await #expect(processExitsWith: .exitCode(17)) {
            [path = directory.path as String, holder = getpid() as Int32] in
            do {
                _ = try Cache.open(at: path)
            } catch let error as CacheError {
                exit(error.kind == .inUse(processIdentifier: holder) ? 17 : 1)
            }
        }
        try cache.close()
    }

    /// The reader of another process opens in the middle of a transaction and sees all of what was before, nothing of it.
    @Test func aReaderOfAnotherProcessDoesNotWaitForTheWriter() async throws {
        let cache = try directory.open()
        try cache.write { try $0.put(.sample(1), replacing: nil) }
        let request = directory.path + "/request"
        let answer = directory.path + "/answer"
        #expect(mkfifo(request, 0o600) == 0 && mkfifo(answer, 0o600) == 0)
        async let ended = #expect(processExitsWith: .exitCode(17)) { [path = directory.path as String] in
            close(open(path + "/request", O_WRONLY))
            let cache = try Cache.open(at: path, mode: .readOnly)
            let replicas = try cache.read { try $0.count(.replicas) }
            let first = try cache.read { try $0.replica(.ad, .number(1)) }
            close(open(path + "/answer", O_WRONLY))
            exit(replicas == 1 && first == .sample(1) ? 17 : 1)
        }
        try await onThread {
            close(open(request, O_RDONLY))
            try cache.write { transaction throws in
                try transaction.put(.sample(2), replacing: nil)
                close(open(answer, O_RDONLY))
            }
        }
        _ = await ended
        #expect(try cache.read { try $0.count(.replicas) } == 2)
    }

    @Test func theMapGrowsAndTheTransactionRunsAgain() throws {
        let cache = try directory.open(options: CacheOptions(initialMapOctets: 256 << 10))
        var generator = NounGenerator(seed: 1)
        var runs = 0
        let replicas = (0..<300 as Range<UInt64>).map { number in
            var replica = Replica.sample(number, name: "Anna \(number)", keys: [Octets("0\(number)")])
            replica.attributes["jpegphoto"] = [Octets((0..<20_000).map { _ in UInt8(generator.below(256)) })]
            return replica
        }
        try cache.write { transaction throws in
            runs += 1
            for replica in replicas {
                try transaction.put(replica, replacing: nil)
                _ = try transaction.makePairID()
            }
        }
        #expect(runs > 1)
        #expect(try cache.read { try $0.count(.replicas) } == 300)
        #expect(try cache.write { try $0.makePairID() } == PairID(301))
        #expect(try cache.verify() == [])
        #expect(try cache.statistics().mapOctets > 6_000_000)
    }

    @Test func aMapAtItsLimitRefusesAndWorksOn() throws {
        let options = CacheOptions(initialMapOctets: 512 << 10, maximumMapOctets: 512 << 10)
        let cache = try directory.open(options: options)
        try cache.write { try $0.setFact("before", Octets("value")) }
        let large = Octets([UInt8](repeating: 1, count: 1 << 20))
        #expect(kind { try cache.write { try $0.setFact("large", large) } } == .mapFull)
        try cache.write { transaction throws in
            #expect(try transaction.fact("before") == "value")
            try transaction.setFact("after", Octets("value"))
        }
    }

    @Test func aBackupIsACache() throws {
        let cache = try directory.open()
        try cache.write { try $0.put(.sample(1), replacing: nil) }
        let copy = directory.path + "/copy"
        try cache.backup(to: copy)
        let opened = try Cache.open(at: copy, mode: .readOnly)
        #expect(try opened.read { try $0.replica(.ad, .number(1)) } == .sample(1))
        guard case .storage = kind({ try cache.backup(to: copy) }) else {
            Issue.record("overwritten")
            return
        }
    }

    private func write(_ octets: [UInt8], to path: String) throws {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        defer { close(descriptor) }
        try #require(Glibc.write(descriptor, octets, octets.count) == octets.count)
    }

    private func contents(of path: String) throws -> [UInt8] {
        let descriptor = Glibc.open(path, O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: 1 << 20)
        let count = Glibc.read(descriptor, &octets, octets.count)
        return Array(octets[..<count])
    }
}

/// Runs what blocks on a thread of its own, so that the test's tasks go on.
func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let box = Unmanaged.passRetained(Work { continuation.resume(with: Result(catching: body)) })
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { argument in
                Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            },
            box.toOpaque()
        )
        pthread_detach(thread)
    }
}

private final class Work: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
