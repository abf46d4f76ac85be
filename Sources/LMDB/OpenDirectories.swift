internal import Glibc
internal import Synchronization

/// The directories that this process has open. LMDB's file locks belong to the process, so closing a second
/// environment of the same files would drop the locks of the first one.
struct OpenDirectories {
    struct Identity: Hashable {
        let device: UInt
        let file: UInt
    }

    private static let identities = Mutex<Set<Identity>>([])

    static func register(_ directory: String) throws -> Identity {
        var status = stat()
        try checkErrno(stat(directory, &status), "stat", directory)
        let identity = Identity(device: UInt(status.st_dev), file: UInt(status.st_ino))
        guard identities.withLock({ $0.insert(identity).inserted }) else {
            throw LMDBError(
                code: EBUSY,
                operation: "mdb_env_open",
                kind: .alreadyOpen,
                text: "\(directory) is open in this process already"
            )
        }
        return identity
    }

    static func remove(_ identity: Identity) {
        identities.withLock { _ = $0.remove(identity) }
    }
}
