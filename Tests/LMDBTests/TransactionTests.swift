import LMDB
import Testing

@Suite struct TransactionTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    struct Interruption: Error {}

    @Test func aThrowUndoesTheTransactionInAllTables() throws {
        let environment = try directory.environment()
        let (first, second) = (try environment.table("first"), try environment.table("second"))
        try environment.write { try first.put(key(1), [1], in: $0) }
        #expect(throws: Interruption.self) {
            try environment.write { (transaction) throws in
                try first.put(key(1), [2], in: transaction)
                try second.put(key(1), [2], in: transaction)
                throw Interruption()
            }
        }
        try environment.read { (transaction) throws in
            #expect(try first.get(key(1), in: transaction) == [1])
            #expect(try second.count(in: transaction) == 0)
        }
    }

    @Test func aReaderKeepsItsViewWhileAWriterCommits() async throws {
        let environment = try directory.environment()
        let table = try environment.table("entries")
        try environment.write { try table.put(key(1), [1], in: $0) }
        let (started, starting) = AsyncStream<Void>.makeStream()
        let gate = BlockingGate()
        async let seen = onThread {
            try environment.read { transaction in
                starting.yield()
                gate.wait()
                return (try table.get(key(1), in: transaction), try transaction.identifier)
            }
        }
        for await _ in started { break }
        try environment.write { try table.put(key(1), [2], in: $0) }
        gate.open()
        let (value, identifier) = try await seen
        #expect(value == [1])
        #expect(try environment.read { try $0.identifier } == identifier + 1)
        #expect(try environment.read { try table.get(key(1), in: $0) } == [2])
    }

    @Test func anEscapedTransactionIsRefused() throws {
        let environment = try directory.environment()
        let table = try environment.table("entries")
        var escaped: WriteTransaction?
        try environment.write { escaped = $0 }
        let ended = try #require(escaped)
        #expect(kind { try table.put(key(1), [1], in: ended) } == .transactionEnded)
        #expect(kind { _ = try table.get(key(1), in: ended) } == .transactionEnded)
        #expect(kind { try table.scan(in: ended) { _, _ in .next } } == .transactionEnded)
    }

    @Test func transactionsOfOneThreadNestOnlyToRead() throws {
        let environment = try directory.environment()
        let table = try environment.table("entries")
        try environment.write { (transaction) throws in
            try table.put(key(1), [1], in: transaction)
            #expect(try environment.read { try table.count(in: $0) } == 0)
            #expect(kind { try environment.write { _ in } } == .nested)
            #expect(kind { _ = try environment.table("other") } == .nested)
        }
        try environment.read { (_) throws in
            #expect(try environment.read { try table.count(in: $0) } == 1)
            #expect(kind { try environment.write { _ in } } == .nested)
        }
    }

    @Test func aTableOfAnotherEnvironmentIsRefused() throws {
        let other = try TemporaryDirectory()
        let (environment, otherEnvironment) = (try directory.environment(), try other.environment())
        _ = try otherEnvironment.table("own")
        let foreign = try otherEnvironment.table("foreign")
        #expect(kind { try environment.write { _ = try foreign.put(key(1), [1], in: $0) } } == .foreignTable)
    }

    @Test func concurrentWritersAndReadersSeeWholeTransactions() async throws {
        let environment = try directory.environment { $0.initialMapOctets = 64 << 10 }
        let table = try environment.table("entries")
        let (writers, rounds) = (4, 50)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    for round in 0..<rounds {
                        try environment.write { (transaction) throws in
                            for number in 0..<10 {
                                let key = key((writer * rounds + round) * 10 + number)
                                try table.put(key, [UInt8](repeating: 1, count: 300), in: transaction)
                            }
                        }
                        let count = try environment.read { try table.count(in: $0) }
                        #expect(count % 10 == 0 && count > 0)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try environment.read { try table.count(in: $0) } == writers * rounds * 10)
    }

    @Test(arguments: [1, 10, 5000])
    func aMapGrowsUnderWrites(transactions: Int) throws {
        let environment = try directory.environment { $0.initialMapOctets = 64 << 10 }
        let table = try environment.table("entries")
        let (values, octets) = (5000, 10_000)
        var attempts = 0
        for part in 0..<transactions {
            try environment.write { (transaction) throws in
                attempts += 1
                for number in stride(from: part, to: values, by: transactions) {
                    try table.put(key(number), [UInt8](repeating: UInt8(number & 0xFF), count: octets), in: transaction)
                }
            }
        }
        #expect(attempts > transactions)
        try environment.read { (transaction) throws in
            #expect(try table.count(in: transaction) == values)
            for number in 0..<values {
                let sound = try table.get(key(number), in: transaction) { value in
                    value.count == octets && value.allSatisfy { $0 == UInt8(number & 0xFF) }
                }
                #expect(sound == true)
            }
        }
        let statistics = try environment.statistics()
        #expect(statistics.usedOctets >= values * octets && statistics.mapOctets >= statistics.usedOctets)
    }

    @Test func anErrorPutInPlaceOfAFullMapStillGrows() throws {
        let environment = try directory.environment { $0.initialMapOctets = 64 << 10 }
        let table = try environment.table("entries")
        try environment.write { (transaction) throws in
            do {
                try table.put(key(1), [UInt8](repeating: 1, count: 1 << 20), in: transaction)
            } catch {
                throw Interruption()
            }
        }
        #expect(try environment.read { try table.count(in: $0) } == 1)
    }

    @Test func aMapStopsAtItsLimit() throws {
        let environment = try directory.environment {
            $0.initialMapOctets = 64 << 10
            $0.maximumMapOctets = 1 << 20
        }
        let table = try environment.table("entries")
        let large = [UInt8](repeating: 1, count: 2 << 20)
        #expect(kind { try environment.write { _ = try table.put(key(1), large, in: $0) } } == .mapFull)
        try environment.write { try table.put(key(1), [1], in: $0) }
        #expect(try environment.read { try table.get(key(1), in: $0) } == [1])
    }
}
