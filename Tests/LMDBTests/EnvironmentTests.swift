import Glibc
import LMDB
import Synchronization
import Testing

@Suite struct EnvironmentTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test func filesAreTheOwnersAlone() throws {
        let path = directory.path + "/cache"
        let environment = try Environment(directory: path)
        #expect(mode(path) == 0o700)
        for file in ["data.mdb", "lock.mdb", "writer.lock"] { #expect(mode("\(path)/\(file)") == 0o600) }
        let copy = directory.path + "/copy"
        try environment.copy(to: copy, compact: true)
        #expect(mode(copy) == 0o700)
        #expect(mode(copy + "/data.mdb") == 0o600)
    }

    @Test func whatWasCommittedIsThereAfterReopening() throws {
        for round in 0..<3 {
            let environment = try directory.environment { $0.initialMapOctets = 64 << 10 }
            let table = try environment.table("entries")
            #expect(try environment.read { try table.count(in: $0) } == round * 100)
            try environment.write { transaction in
                for number in 0..<100 {
                    let value = [UInt8](repeating: 1, count: 3000)
                    try table.put(key(round * 100 + number), value, in: transaction)
                }
            }
            try environment.close()
            #expect(kind { try environment.read { _ in } } == .closed)
        }
    }

    @Test func aDirectoryOpensOnceInAProcess() throws {
        let environment = try directory.environment()
        #expect(kind { _ = try directory.environment() } == .alreadyOpen)
        #expect(kind { _ = try directory.environment { $0.access = .readOnly } } == .alreadyOpen)
        try environment.close()
        _ = try directory.environment()
    }

    @Test func readingWhatIsNotThereMakesNothing() throws {
        let path = directory.path + "/none"
        var options = EnvironmentOptions()
        options.access = .readOnly
        #expect(kind { _ = try Environment(directory: path, options: options) } == .missing)
        #expect(mode(path) == 0)
        #expect(kind { _ = try directory.environment { $0.access = .readOnly } } == .missing)
        #expect(mode(directory.dataFile) == 0)
    }

    @Test func aReadOnlyEnvironmentRefusesToWrite() throws {
        let writer = try directory.environment()
        let written = try writer.table("entries")
        try writer.write { try written.put(key(1), [1], in: $0) }
        try writer.close()
        let environment = try directory.environment { $0.access = .readOnly }
        let table = try environment.table("entries")
        #expect(try environment.read { try table.get(key(1), in: $0) } == [1])
        #expect(kind { try environment.write { _ in } } == .readOnly)
        #expect(kind { _ = try environment.table("other") } == .missing)
    }

    @Test(arguments: [false, true])
    func aCopyHoldsTheSame(compact: Bool) throws {
        let environment = try directory.environment()
        let table = try environment.table("entries")
        try environment.write { transaction in
            for number in 0..<1000 { try table.put(key(number), key(number), in: transaction) }
        }
        try environment.write { transaction in
            for number in 0..<500 { try table.delete(key(number), in: transaction) }
        }
        let copy = directory.path + "/copy"
        try environment.copy(to: copy, compact: compact)
        #expect(throws: LMDBError.self) { try environment.copy(to: copy, compact: compact) }
        let copied = try Environment(directory: copy)
        let copiedTable = try copied.table("entries")
        try copied.read { (transaction) throws in
            #expect(try copiedTable.count(in: transaction) == 500)
            #expect(try copiedTable.get(key(999), in: transaction) == key(999))
        }
    }

    @Test func statisticsCountWhatIsThere() throws {
        let environment = try directory.environment()
        let table = try environment.table("entries")
        try environment.write { transaction in
            for number in 0..<1000 { try table.put(key(number), key(number), in: transaction) }
            try table.put(key(5000), [UInt8](repeating: 0, count: 10_000), in: transaction)
        }
        let statistics = try environment.read { try table.statistics(in: $0) }
        #expect(statistics.entries == 1001)
        #expect(statistics.depth == 2 && statistics.branchPages == 1 && statistics.overflowPages == 3)
        #expect(try environment.statistics().lastTransaction == 2)
        #expect(try environment.clearStaleReaders() == 0)
        try environment.sync()
    }
}
