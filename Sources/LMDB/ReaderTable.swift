internal import Glibc

/// LMDB's table of readers, a file that all processes map. LMDB makes it without blocks behind it, and on a full
/// disk the first touch of such a page is a SIGBUS; so it gets its blocks before LMDB maps it.
enum ReaderTable {
    static let fileName = "lock.mdb"

    /// Octets of one slot (a cache line), and at most of what stands before the slots.
    private static let slotOctets = 64
    private static let headOctets = 256

    /// Only while this process has the directory not open: closing the descriptor drops LMDB's locks on the file.
    /// A file that has a size keeps it, because other processes may have mapped it so.
    static func allocate(directory: String, slots: Int, access: EnvironmentOptions.Access) throws {
        let path = directory + "/" + fileName
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        // A reader without the right to register itself is LMDB's to judge.
        if descriptor == -1 && access == .readOnly { return }
        try checkErrno(descriptor, "open", path)
        defer { close(descriptor) }
        var status = stat()
        try checkErrno(fstat(descriptor, &status), "fstat", path)
        guard status.st_size == 0 || status.st_blocks * 512 < status.st_size else { return }
        let octets = status.st_size == 0 ? off_t(slots * slotOctets + headOctets) : status.st_size
        let code = posix_fallocate(descriptor, 0, octets)
        guard code != 0 else { return }
        if status.st_size == 0 { _ = ftruncate(descriptor, 0) }
        throw LMDBError(code: code, operation: "posix_fallocate", text: "\(path): \(String(cString: strerror(code)))")
    }
}
