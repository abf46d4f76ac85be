import Glibc
import LMDB
import Testing

/// A file system of 4 MiB.
final class SmallDisk {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try run("/bin/mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", directory.path])
    }

    deinit { try? run("/bin/umount", ["-l", directory.path]) }

    static let canBeMade = geteuid() == 0 && (try? SmallDisk()) != nil

    func setBallast(octets: Int) throws {
        let path = directory.path + "/ballast"
        // Emptied, not unlinked, and closed on exec: a program that another test starts would keep an unlinked file's room.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        var length = octets
        var code = posix_fallocate(descriptor, 0, length)
        // tmpfs counts its free pages by processor, and may take a full disk for full a little early.
        while code == ENOSPC, length > 0 {
            length -= 4096
            code = posix_fallocate(descriptor, 0, length)
        }
        if code != 0 { throw Failure(operation: "posix_fallocate", code: code) }
    }
}

@Suite(.enabled(if: SmallDisk.canBeMade, "mounting a small file system takes root"))
struct FullDiskTests {
    let disk: SmallDisk

    init() throws { disk = try SmallDisk() }

    @Test(arguments: [1, 50, 400])
    func aFullDiskUndoesOneTransactionAndEndsWithTheShortage(valuesPerTransaction: Int) throws {
        try disk.setBallast(octets: 2 << 20)
        let environment = try disk.directory.environment()
        let table = try environment.table("entries")
        var stored = 0
        func store() throws {
            try environment.write { transaction in
                for number in 0..<valuesPerTransaction {
                    try table.put(key(stored + number), [UInt8](repeating: 1, count: 5000), in: transaction)
                }
            }
            stored += valuesPerTransaction
        }
        #expect(kind { while stored < 4000 { try store() } } == .diskFull)
        for _ in 0..<3 { #expect(kind { try store() } == .diskFull) }
        #expect(try environment.read { try table.count(in: $0) } == stored)
        try disk.setBallast(octets: 4096)
        if valuesPerTransaction < 400 {
            try store()
        } else {
            try environment.write { try table.put(key(0), [1], in: $0) }
        }
        #expect(try environment.read { try table.count(in: $0) } == max(stored, 1))
        try environment.close()
        let reopened = try disk.directory.environment()
        let reopenedTable = try reopened.table("entries")
        #expect(try reopened.read { try reopenedTable.count(in: $0) } == max(stored, 1))
    }

    @Test func anEnvironmentThatFoundNoRoomAtFirstOpensLater() throws {
        try disk.setBallast(octets: 4 << 20)
        #expect(throws: LMDBError.self) { _ = try disk.directory.environment() }
        try disk.setBallast(octets: 4096)
        let environment = try disk.directory.environment()
        _ = try environment.table("entries")
    }
}
