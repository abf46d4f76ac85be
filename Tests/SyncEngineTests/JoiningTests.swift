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

    /// Both are called alike, and are added by the same name, until the second gets one of her own.
    @Test
    func `Who may be what another one's lost add has made is made nowhere before that is known`() throws {
        let bench = try Bench()
        let ann = try bench.create(.miniorange, "Ann")
        try bench.tell(.miniorange)
        #expect(try bench.answer(.unknown, carriedOut: true).count == 1)
        // She gets another account, by which nobody would know the one that was made for her.
        try bench.move(.miniorange, ann, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "anna"))
        try bench.create(.miniorange, "Ann", ["uid": ["annie"]])
        #expect(try bench.tell(.miniorange).count == 1)
        for _ in 0..<3 { try bench.answerLast() }
        let lines = try bench.tell(.ad)
        #expect(lines.isEmpty, "\(lines)")
        try bench.settle(rounds: 5, milliseconds: 200)
        for side in Side.allCases { #expect(bench.directories[side].entries.count == 5) }
        #expect(bench.values(.ad, "anna", "cn") == "[Ann]")
    }
}
