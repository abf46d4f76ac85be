internal import Glibc

/// The right to write to a directory: a flock on a file of its own, because closing any descriptor of LMDB's files
/// would drop LMDB's fcntl locks. The kernel releases it when the process ends, however it ends.
final class WriterLock {
    static let fileName = "writer.lock"

    private let descriptor: Int32

    /// Takes the lock at once or throws `writerActive` with the process id that the holder wrote.
    init(directory: String) throws {
        let path = directory + "/" + Self.fileName
        let descriptor = try checkErrno(open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600), "open", path)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = Self.holder(descriptor)
            close(descriptor)
            guard code == EWOULDBLOCK else {
                throw LMDBError(code: code, operation: "flock", text: "\(path): \(String(cString: strerror(code)))")
            }
            let name = holder.map { "process \($0)" } ?? "another process"
            throw LMDBError(
                code: code,
                operation: "flock",
                kind: .writerActive(processIdentifier: holder),
                text: "\(directory) is open for writing by \(name)"
            )
        }
        self.descriptor = descriptor
        // Only the message of a refused process depends on this, so a full disk does not matter here.
        var text = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, &text, text.count, 0) }
    }

    deinit {
        // Closing alone would leave the lock with a child that was forked and has not yet called exec.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var octets = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &octets, octets.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: octets[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
