import LDAPClient
import SyncModel
import Testing

@Suite(.enabled(if: TestSlapd.isAvailable, TestSlapd.comment))
struct StreamTests {
    private let everything = SearchRequest(base: TestSlapd.suffix, scope: .subtree, attributes: ["uid"])

    @Test func aStreamOfMoreThanItHoldsGivesEverythingOnce() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 3000))
        let connection = try await server.connect()
        var names: [String] = []
        var result: LDAPResult?
        for try await event in connection.stream(everything, capacity: 8) {
            switch event {
            case .entry(let entry, _): names.append(entry.dn)
            case .done(let done): result = done
            case .reference, .intermediate: Issue.record("\(event)")
            }
        }
        #expect(names.count == 3002)
        #expect(Set(names).count == 3002)
        #expect(result?.code == .success)
    }

    @Test func aStreamThatIsNotReadKeepsTheConnectionAndALaterReaderGetsAll() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 3000))
        let connection = try await server.connect()
        let stream = connection.stream(everything, capacity: 10)
        var count = try await stream.nextBatch(limit: 1).count
        while case let batch = try await stream.nextBatch(limit: 7), !batch.isEmpty { count += batch.count }
        #expect(count == 3003)
        #expect(try await connection.search(SearchRequest(base: TestSlapd.suffix, scope: .base)).entries.count == 1)
    }

    @Test func refreshAndPersistGivesWhatIsThereThenWhatChanges() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 3))
        let writer = try await server.connect()
        let reader = try await server.connect()
        var request = everything
        request.controls = [SyncRequest(mode: .refreshAndPersist).control]
        var iterator = reader.stream(request).makeAsyncIterator()
        var refreshed = 0
        refresh: while let event = try await iterator.next() {
            switch event {
            case .entry(_, let controls):
                #expect(try SyncState(in: controls)?.state == .add)
                refreshed += 1
            case .intermediate(let oid, let value, _):
                guard case .refreshDelete(let cookie, true) = try SyncInfo(oid: oid, value: value) else {
                    if case .refreshPresent(_, true) = try SyncInfo(oid: oid, value: value) { break refresh }
                    continue
                }
                #expect(cookie != nil)
                break refresh
            case .reference, .done: Issue.record("\(event)")
            }
        }
        #expect(refreshed == 5)
        _ = try await writer.perform(person("late"))
        guard case .entry(let entry, let controls) = try await iterator.next() else {
            Issue.record("no entry")
            return
        }
        #expect(entry.text("uid") == "late")
        let state = try #require(try SyncState(in: controls))
        #expect(state.state == .add)
        #expect(state.cookie != nil)
    }

    @Test func cancellingTheConsumerEndsTheStreamAndNotTheConnection() async throws {
        let server = try TestSlapd()
        let connection = try await server.connect()
        var request = everything
        request.controls = [SyncRequest(mode: .refreshAndPersist).control]
        let stream = connection.stream(request)
        let (refreshed, signal) = AsyncStream.makeStream(of: Void.self)
        let consumer = Task {
            try await ldapError {
                for try await event in stream {
                    if case .intermediate = event { signal.yield() }
                }
            }
        }
        for await _ in refreshed.prefix(1) {}
        consumer.cancel()
        #expect(try await consumer.value == .cancelled(.search, wasSent: true))
        // slapd has dropped the persistent search: its monitor isn't there to ask, but the connection answers.
        #expect(try await connection.search(SearchRequest(base: TestSlapd.suffix, scope: .base)).entries.count == 1)
    }

    @Test func aStreamLetGoOfFullSetsTheConnectionFree() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 3000))
        let connection = try await server.connect()
        func takeOne() async throws {
            let stream = connection.stream(everything, capacity: 4)
            #expect(try await stream.nextBatch(limit: 1).count == 1)
        }
        try await takeOne()
        #expect(try await connection.search(SearchRequest(base: TestSlapd.suffix, scope: .base)).entries.count == 1)
    }

    @Test func aRefusedStreamThrowsTheRefusalAfterWhatCame() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 50))
        let connection = try await server.connect()
        var request = everything
        request.sizeLimit = 10
        var count = 0
        let error = try await ldapError {
            for try await _ in connection.stream(request) { count += 1 }
        }
        #expect(error.code == .sizeLimitExceeded)
        #expect(count == 10)
    }
}
