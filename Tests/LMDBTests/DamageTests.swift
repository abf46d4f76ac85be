import Glibc
import LMDB
import Testing

@Suite struct DamageTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let environment = try directory.environment { $0.initialMapOctets = 64 << 10 }
        let table = try environment.table("entries")
        try environment.write { transaction in
            for number in 0..<1000 { try table.put(key(number), [UInt8](repeating: 1, count: 300), in: transaction) }
        }
        try environment.close()
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let offset: Int
        let octets: [UInt8]
        let kind: LMDBError.Kind
    }

    @Test(arguments: [
        Damage(testDescription: "magic", offset: 16, octets: [0, 1, 2, 3], kind: .damaged),
        Damage(testDescription: "magic of the second page", offset: 4096 + 16, octets: [0], kind: .damaged),
        Damage(testDescription: "version", offset: 20, octets: [9], kind: .versionMismatch),
        Damage(testDescription: "page size of 0", offset: 40, octets: [0, 0, 0, 0], kind: .damaged),
        Damage(testDescription: "page size of 3", offset: 40, octets: [3, 0, 0, 0], kind: .damaged),
        Damage(testDescription: "root", offset: 128, octets: [0, 0, 0, 0, 1, 0, 0, 0], kind: .damaged),
        Damage(testDescription: "last page", offset: 136, octets: [0, 0, 0, 0, 1, 0, 0, 0], kind: .truncated),
        Damage(testDescription: "all", offset: 0, octets: [UInt8](repeating: 0xAA, count: 8192), kind: .damaged),
    ])
    func aDamagedHeaderIsRefused(damage: Damage) throws {
        let descriptor = open(directory.dataFile, O_WRONLY)
        #expect(pwrite(descriptor, damage.octets, damage.octets.count, damage.offset) == damage.octets.count)
        close(descriptor)
        for access in [EnvironmentOptions.Access.exclusiveWriter, .readOnly] {
            #expect(kind { _ = try directory.environment { $0.access = access } } == damage.kind)
        }
    }

    @Test(arguments: [0, 1, 100, 4096, 8191, 8192, 100_000, 300_000])
    func aTruncatedFileIsRefused(octets: Int) throws {
        #expect(truncate(directory.dataFile, octets) == 0)
        for access in [EnvironmentOptions.Access.exclusiveWriter, .readOnly] {
            #expect(kind { _ = try directory.environment { $0.access = access } } == .truncated)
        }
    }

    @Test func aPageOfZeroesIsAnError() throws {
        var status = stat()
        #expect(stat(directory.dataFile, &status) == 0)
        let size = Int(status.st_size)
        #expect(truncate(directory.dataFile, 2 * 4096) == 0 && truncate(directory.dataFile, size) == 0)
        let environment = try directory.environment { $0.access = .readOnly }
        #expect(kind { _ = try environment.table("entries") } == .damaged)
    }
}
