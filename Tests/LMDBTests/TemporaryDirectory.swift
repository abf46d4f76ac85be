import Dispatch
import Glibc
import LMDB

/// A directory of its own for one test, removed with it.
final class TemporaryDirectory: Sendable {
    let path: String

    init(under parent: String = "/dev/shm") throws {
        var template = Array("\(parent)/syncline-lmdb-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(operation: "mkdtemp", code: errno) }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { try? run("/bin/rm", ["-rf", path]) }

    var dataFile: String { path + "/data.mdb" }

    func environment(_ change: (inout EnvironmentOptions) -> Void = { _ in }) throws -> Environment {
        var options = EnvironmentOptions()
        change(&options)
        return try Environment(directory: path, options: options)
    }
}

struct Failure: Error {
    let operation: String
    let code: Int32
}

/// Runs a program to its end, and throws unless it ended with 0.
func run(_ program: String, _ arguments: [String]) throws {
    try ChildProcess(program, arguments).expectSuccess()
}

/// A program that runs beside the test; what it prints can be waited for.
final class ChildProcess {
    let identifier: pid_t
    private let output: Int32

    init(_ program: String, _ arguments: [String], environment: [String] = []) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(operation: "pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var pointers = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = (environment + ["PATH=/usr/bin:/bin"]).map { strdup($0) } + [nil]
        defer { for pointer in pointers + variables { free(pointer) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, program, &actions, nil, &pointers, &variables)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw Failure(operation: "posix_spawn \(program)", code: code)
        }
        identifier = child
        output = ends[0]
    }

    /// Returns when the program has printed something, or has ended.
    func awaitOutput() -> Bool {
        var octet: UInt8 = 0
        return read(output, &octet, 1) == 1
    }

    func kill() { Glibc.kill(identifier, SIGKILL) }

    @discardableResult
    func wait() -> Int32 {
        var status: Int32 = 0
        waitpid(identifier, &status, 0)
        return status
    }

    func expectSuccess() throws {
        let status = wait()
        if status != 0 { throw Failure(operation: "child", code: status) }
    }

    deinit { close(output) }
}

/// A repeatable sequence of numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A key whose order is that of the numbers.
func key(_ number: Int) -> [UInt8] { withUnsafeBytes(of: UInt64(number).bigEndian) { [UInt8]($0) } }

func kind(of body: () throws -> Void) -> LMDBError.Kind? {
    do {
        try body()
        return nil
    } catch {
        return (error as? LMDBError)?.kind
    }
}

/// Runs what blocks on a thread that the tests' tasks don't need.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Swift.Result { try body() }) }
    }
}
