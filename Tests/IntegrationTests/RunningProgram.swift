import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A child process, reaped by a thread of its own.
final class RunningProgram: Sendable {
    private struct State {
        var status: Int32?
        var waiters: [CheckedContinuation<Int32, Never>] = []
    }

    let identifier: pid_t
    private let state = Mutex(State())

    private init(_ identifier: pid_t) { self.identifier = identifier }

    /// `errors` nil: the same file as the output, to whose end is written.
    static func start(_ words: [String], input: String, output: String, errors: String?) throws -> RunningProgram {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        if let errors {
            posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        } else {
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        var arguments = words.map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        // The threads of this process block signals, and a child would inherit that: it could not be told to end.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var identifier = pid_t()
        let code = posix_spawnp(&identifier, words[0], &actions, &attributes, arguments, environ)
        guard code == 0 else { throw ProgramFailure(words: "\(words[0]): \(String(cString: strerror(code)))") }
        let program = RunningProgram(identifier)
        Thread.detachNewThread { program.reap() }
        return program
    }

    private func reap() {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7f
        let code = signal == 0 ? (status >> 8) & 0xff : -signal
        let waiters = state.withLock { state in
            state.status = code
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: code) }
    }

    /// The exit code, or the negated signal that ended it. What has not ended within the limit is killed: nothing waits for ever.
    func ended(within limit: Duration = .seconds(300)) async -> Int32 {
        let watch = Task {
            try await Task.sleep(for: limit)
            send(SIGKILL)
        }
        defer { watch.cancel() }
        return await withCheckedContinuation { continuation in
            let status = state.withLock { state in
                if state.status == nil { state.waiters.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    var isRunning: Bool { state.withLock { $0.status == nil } }

    func send(_ signal: Int32) {
        state.withLock { state in
            // Once it is reaped its number may be another's.
            if state.status == nil { kill(identifier, signal) }
        }
    }
}
