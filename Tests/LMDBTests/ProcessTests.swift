import Glibc
import LMDB
import Testing

/// What other processes may do, and what their end leaves behind. Exit tests run their closure in a process of its own.
@Suite struct ProcessTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func aSecondWritingProcessIsRefusedByTheFirstOnesIdentifier() async throws {
        let environment = try directory.environment()
        await #expect(processExitsWith: .exitCode(17)) {
            [path = directory.path as String, holder = getpid() as Int32] in
            do {
                _ = try Environment(directory: path)
            } catch let error as LMDBError {
                exit(error.kind == .writerActive(processIdentifier: holder) ? 17 : 1)
            }
        }
        try environment.close()
    }

    @Test(.timeLimit(.minutes(1))) func aReadingProcessSeesWhatTheWriterGrew() async throws {
        let environment = try directory.environment { $0.initialMapOctets = 64 << 10 }
        let table = try environment.table("entries")
        try environment.write { try table.put(key(0), [1], in: $0) }
        let options = (request: directory.path + "/request", answer: directory.path + "/answer")
        try #require(mkfifo(options.request, 0o600) == 0 && mkfifo(options.answer, 0o600) == 0)
        async let ended = #expect(processExitsWith: .exitCode(17)) {
            [path = directory.path as String] in
            var options = EnvironmentOptions()
            options.access = .readOnly
            let environment = try Environment(directory: path, options: options)
            let table = try environment.table("entries")
            let before = try environment.read { try table.count(in: $0) }
            close(open(path + "/request", O_WRONLY))
            close(open(path + "/answer", O_RDONLY))
            let after = try environment.read { try table.count(in: $0) }
            exit(before == 1 && after == 2 ? 17 : 1)
        }
        _ = try await onThread {
            close(open(options.request, O_RDONLY))
        }
        try environment.write { try table.put(key(1), [UInt8](repeating: 1, count: 1 << 20), in: $0) }
        _ = try await onThread {
            close(open(options.answer, O_WRONLY))
        }
        _ = await ended
    }

    @Test func aKilledReaderIsCleared() async throws {
        let environment = try directory.environment()
        _ = try environment.table("entries")
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String] in
            var options = EnvironmentOptions()
            options.access = .readOnly
            try Environment(directory: path, options: options).read { _ in _ = kill(getpid(), SIGKILL) }
        }
        #expect(try environment.clearStaleReaders() == 1)
        #expect(try environment.clearStaleReaders() == 0)
    }

    /// Every transaction writes the same number into all rows, so a torn one would show two numbers.
    @Test(arguments: [5, 150, 1003, 7777, 20_000])
    func aKilledWriterLeavesWholeTransactions(puts: Int) async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String, puts = puts as Int] in
            try WriterToBeKilled.run(directory: path, puts: puts)
        }
        let environment = try directory.environment()
        let table = try environment.table("entries")
        let rounds = try environment.read { transaction in
            var rounds: [[UInt8]] = []
            try table.forEach(in: transaction) { _, value in rounds.append(Array(value.prefix(8))) }
            return rounds
        }
        #expect(rounds.count == (rounds.isEmpty ? 0 : 100))
        #expect(Set(rounds).count <= 1)
        try environment.write { try table.put(key(1), [1], in: $0) }
    }
}
