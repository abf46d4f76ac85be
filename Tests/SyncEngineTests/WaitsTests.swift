import Support
import SyncEngine
import SyncModel
import Testing

/// Who waits for a name, or for a pair, and who does so no longer.
struct WaitsTests {
    private func ghost() throws -> Octets {
        Reference.unresolved(try DistinguishedName(parsing: "uid=ghost,\(Bench.bases.miniorange)")).octets
    }

    private func waiting(_ bench: Bench) throws -> Int { try bench.store.write { try $0.count(.waiting) } }

    /// Time passes in which nothing else is to be done.
    private func rest(_ bench: Bench) throws {
        try bench.expectRest()
        _ = try bench.pass(milliseconds: 30_000)
        try bench.expectRest()
    }

    @Test(arguments: [true, false])
    func `Whoever names nobody any more, or is gone, waits for nobody`(isDeleted: Bool) throws {
        let bench = try Bench()
        try bench.create(.ad, "Ann")
        try bench.expectRest()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.miniorange, ann, "manager", [try ghost()])
        try rest(bench)
        #expect(try waiting(bench) == 1)
        if isDeleted { try bench.delete(.miniorange, ann) } else { try bench.set(.miniorange, ann, "manager", []) }
        try rest(bench)
        #expect(try waiting(bench) == 0)
    }

    @Test
    func `Whoever still names somebody is told when he comes, however long that takes`() throws {
        let bench = try Bench()
        try bench.create(.ad, "Ann")
        try bench.expectRest()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.miniorange, ann, "manager", [try ghost()])
        for _ in 0..<3 {
            try rest(bench)
            let other = try #require(bench.counterpart(.ad, "ann"))
            try bench.set(.ad, other, "displayname", [Octets("A \(bench.now.milliseconds)")])
        }
        try rest(bench)
        #expect(try waiting(bench) == 1)
        try bench.create(.ad, "Ghost")
        try rest(bench)
        #expect(bench.values(.ad, "ann", "manager") != "[]")
        #expect(try waiting(bench) == 0)
    }
}
