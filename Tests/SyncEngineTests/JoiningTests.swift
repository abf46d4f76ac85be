import Support
import SyncModel
import Testing

/// How two entries become one pair, once.
struct JoiningTests {
    @Test
    func `The same account on both sides is one person`() throws {
        let bench = try Bench()
        try bench.create(.ad, "Ann", ["displayname": ["Ann Lee"]])
        try bench.create(.miniorange, "Ann", ["mail": ["a@syncline.test"]])
        try bench.tell(.miniorange)
        let lines = try bench.tell(.ad) + bench.settle()
        #expect(bench.directories.ad.entries.count == 4 && bench.directories.miniorange.entries.count == 4, "\(lines)")
        #expect(bench.values(.ad, "ann", "mail") == "[a@syncline.test]")
        #expect(bench.values(.miniorange, "ann", "displayname") == "[Ann Lee]")
    }

    @Test
    func `A later rule joins where the first finds nobody`() throws {
        let bench = try Bench()
        try bench.disconnect(.ad)
        try bench.create(.miniorange, "Ann", ["uid": ["annlee"], "mail": ["A@Syncline.test"]])
        try bench.tell(.miniorange)
        try bench.create(.ad, "Ann", ["samaccountname": ["ann"], "mail": ["a@syncline.test"]])
        try bench.tell(.ad)
        #expect(try bench.connect(.ad).allSatisfy { !$0.contains(" add ") })
        try bench.settle()
        #expect(bench.directories.ad.entries.count == 4 && bench.directories.miniorange.entries.count == 4)
    }

    @Test
    func `Two candidates are never guessed between, and the first left alone is joined`() throws {
        let bench = try Bench()
        try bench.disconnect(.ad)
        let first = try bench.create(.miniorange, "One", ["mail": ["a@syncline.test"]])
        try bench.create(.miniorange, "Two", ["mail": ["a@syncline.test"]])
        try bench.tell(.miniorange)
        try bench.create(.ad, "Ann", ["mail": ["a@syncline.test"]])
        try bench.tell(.ad)
        #expect(bench.quarantine.contains("ambiguous by rule 1: 2"))
        try bench.set(.miniorange, first, "mail", ["other@syncline.test"])
        try bench.tell(.miniorange)
        _ = try bench.connect(.ad)
        try bench.settle()
        #expect(bench.quarantine.isEmpty)
        #expect(bench.directories.ad.entries.count == 5 && bench.directories.miniorange.entries.count == 5)
    }

    @Test
    func `A rival on the own side makes a match ambiguous`() throws {
        let bench = try Bench()
        try bench.disconnect(.ad)
        try bench.disconnect(.miniorange)
        try bench.create(.miniorange, "Ann", ["uid": ["x"], "mail": ["a@syncline.test"]])
        try bench.create(.ad, "One", ["mail": ["a@syncline.test"]])
        try bench.create(.ad, "Two", ["mail": ["a@syncline.test"]])
        try bench.tell(.ad)
        try bench.tell(.miniorange)
        _ = try bench.connect(.ad)
        let lines = try bench.connect(.miniorange)
        #expect(lines.isEmpty)
        #expect(bench.quarantine.allSatisfy { $0.hasPrefix("ambiguous by rule 1") } && !bench.quarantine.isEmpty)
    }

    @Test
    func `Nothing is joined or added before both sides are read`() throws {
        let bench = try Bench()
        try bench.store.write { try $0.setLoaded(.miniorange, false) }
        try bench.create(.ad, "Ann")
        #expect(try bench.tell(.ad).isEmpty)
        let lines = try bench.complete(.miniorange)
        #expect(lines.count == 1 && lines[0].hasPrefix("miniorange add"), "\(lines)")
    }
}
