import Support
import SyncEngine
import SyncModel
import Testing

/// The full compare beside the feeds: what counts as drift, and what becomes of it.
struct ComparisonTests {
    /// Everything that both servers show now, a page each, as a scanner hands it out.
    private func scan(_ bench: Bench, except hidden: Set<Anchor> = []) throws -> [String] {
        var lines: [String] = []
        for side in Side.allCases {
            let directory = bench.directories[side]
            let shown = directory.sorted.map(\.anchor).filter { !hidden.contains($0) }
            let page = shown.compactMap(directory.snapshotWithMembers)
            lines += try bench.step(.comparison(.scanned(side, page)))
            lines += try bench.step(.comparison(.complete(side, present: shown.sorted())))
        }
        lines += try bench.step(.comparison(.pairs(limit: 1_000)))
        return lines
    }

    private func last(_ bench: Bench) throws -> Comparison {
        try #require(try bench.store.write { try Engine.lastComparison($0) })
    }

    private func peopled() throws -> Bench {
        let bench = try Bench()
        for name in ["Ann", "Bo", "Cy"] { try bench.create(.ad, name) }
        try bench.settle()
        return bench
    }

    @Test
    func `Where nothing drifted, nothing is written and nothing counted`() throws {
        let bench = try peopled()
        try bench.step(.comparison(.begin))
        #expect(try scan(bench).isEmpty)
        try bench.step(.comparison(.end))
        let record = try last(bench)
        #expect(record.drift == 0 && record.repaired == 0 && record.isWalked && record.ended != nil)
        // Three people and the container North.
        #expect(record.sides.ad.read == 4 && record.sides.ad.equal == 4 && record.sides.miniorange.read == 4)
        #expect(try bench.store.write { try Engine.unfinishedComparison($0) } == nil)
    }

    @Test
    func `A change that the feed never told is found, carried and counted`() throws {
        let bench = try peopled()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.miniorange, ann, "displayname", ["missed"])
        try bench.step(.comparison(.begin))
        let lines = try scan(bench)
        #expect(lines.count == 1 && lines[0].contains("displayname: [] -> [missed]"), "\(lines)")
        try bench.answer()
        try bench.step(.comparison(.end))
        let record = try last(bench)
        #expect(record.sides.miniorange.drifted == 1 && record.drift == 1 && record.repaired == 1)
        #expect(bench.values(.ad, "ann", "displayname") == "[missed]")
    }

    @Test
    func `A change that the feed tells before the end was only under way`() throws {
        let bench = try peopled()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.miniorange, ann, "displayname", ["under way"])
        try bench.step(.comparison(.begin))
        _ = try scan(bench)
        try bench.settle()
        try bench.step(.comparison(.end))
        #expect(try last(bench).drift == 0)
        #expect(bench.values(.ad, "ann", "displayname") == "[under way]")
    }

    @Test
    func `What a complete read does not show is looked for before anything is concluded`() throws {
        let bench = try peopled()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.step(.comparison(.begin))
        let lines = try scan(bench, except: [ann])
        #expect(lines.count == 1 && lines[0].hasPrefix("miniorange confirmAbsence"), "\(lines)")
        #expect(try bench.settle().isEmpty)
        try bench.step(.comparison(.end))
        #expect(try last(bench).drift == 0)
        #expect(bench.counterpart(.ad, "ann") != nil)
    }

    @Test
    func `A delete that no feed told is proven, carried and counted`() throws {
        let bench = try peopled()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.delete(.miniorange, ann)
        try bench.step(.comparison(.begin))
        #expect(try scan(bench).count == 1)
        let lines = try bench.answer()
        #expect(lines.count == 1 && lines[0].hasPrefix("ad delete"), "\(lines)")
        try bench.answer()
        try bench.step(.comparison(.end))
        #expect(try last(bench).sides.miniorange.deleted == 1)
    }

    @Test
    func `What an older page shows does not take the place of what the feed told since`() throws {
        let bench = try peopled()
        let ann = try #require(bench.counterpart(.ad, "ann"))
        try bench.step(.comparison(.begin))
        let old = try #require(bench.directories.ad.snapshotWithMembers(ann))
        try bench.set(.ad, ann, "displayname", ["newer"])
        try bench.settle()
        #expect(try bench.step(.comparison(.scanned(.ad, [old]))).isEmpty)
        #expect(bench.values(.miniorange, "ann", "displayname") == "[newer]")
    }

    @Test
    func `After a restart what was read as a whole is not read again`() throws {
        let bench = try peopled()
        try bench.step(.comparison(.begin))
        let directory = bench.directories.ad
        let page = directory.sorted.compactMap { directory.snapshotWithMembers($0.anchor) }
        try bench.step(.comparison(.scanned(.ad, page)))
        try bench.step(.comparison(.complete(.ad, present: page.map(\.anchor).sorted())))
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.step(.comparison(.begin))
        let record = try #require(bench.engine.comparisonProgress)
        #expect(record.sides.ad.isRead && record.sides.ad.read == 4)
        #expect(!record.sides.miniorange.isRead && record.sides.miniorange.read == 0)
    }

    @Test
    func `A record is kept as it is`() throws {
        var record = Comparison(began: Timestamp(milliseconds: 5))
        record.sides.ad.read = 7
        record.sides.miniorange.driftedMemberships = 3
        record.sides.miniorange.isRead = true
        record.repaired = 2
        #expect(Comparison(record.octets) == record)
        record.ended = Timestamp(milliseconds: 9)
        #expect(Comparison(record.octets) == record)
        #expect(Comparison(Octets(Array(record.octets.bytes.dropLast()))) == nil)
    }
}
