import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Windows, connections, restarts and full reads.
struct ContinuityTests {
    @Test
    func `No more writes are on their way than the window holds, and the rest follow`() throws {
        let bench = try Bench(window: 2)
        for name in ["Ann", "Bo", "Cy", "Di"] { try bench.create(.ad, name) }
        #expect(try bench.tell(.ad).count == 2)
        #expect(try bench.answer().count == 1)
        try bench.settle()
        #expect(bench.directories.miniorange.entries.count == 7)
    }

    @Test
    func `A side that is away does not hold up the other`() throws {
        let bench = try Bench()
        let ann = try bench.create(.miniorange, "Ann")
        try bench.settle()
        try bench.disconnect(.ad)
        try bench.set(.miniorange, ann, "displayname", ["waits"])
        #expect(try bench.tell(.miniorange).isEmpty)
        try bench.create(.ad, "Bo")
        let lines = try bench.tell(.ad)
        #expect(lines.count == 1 && lines[0].hasPrefix("miniorange add uid=bo"), "\(lines)")
        let back = try bench.connect(.ad)
        #expect(back.count == 1 && back[0].contains("displayname: [] -> [waits]"), "\(back)")
    }

    @Test(arguments: [true, false])
    func `What was on its way when the process ended is read first`(_ carriedOut: Bool) throws {
        let bench = try Bench()
        try bench.create(.ad, "Ann")
        try bench.tell(.ad)
        if carriedOut { _ = bench.directories.miniorange.perform(try #require(bench.sent.first).operation) }
        try bench.start()
        #expect(try bench.connect(.ad).isEmpty)
        #expect(try bench.connect(.miniorange) == ["miniorange readName uid=ann,ou=people,dc=syncline,dc=test"])
        let lines = try bench.answer()
        #expect(lines.count == (carriedOut ? 0 : 1) && lines.allSatisfy { $0.hasPrefix("miniorange add") }, "\(lines)")
        try bench.settle()
        #expect(bench.directories.miniorange.entries.count == 4)
    }

    @Test
    func `What was added is known again though by another configuration not all of it is looked at`() throws {
        let bench = try Bench { $0.attributes[2].fallback = ["cn"] }
        let ann = try bench.create(.ad, "Ann")
        try bench.set(.ad, ann, "sn", [])
        try bench.tell(.ad)
        try bench.answer()
        _ = bench.directories.miniorange.perform(try #require(bench.sent.first).operation)
        try bench.configure { $0.direction = .toAD }
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        try bench.settle()
        try bench.configure { $0.attributes[2].fallback = ["cn"] }
        try bench.settle()
        let people = bench.directories.miniorange.sorted.filter { !$0.attributes["uid"].isEmpty }
        #expect(people.count == 1)
    }

    @Test
    func `What was dirty when the process ended is worked off`() throws {
        let bench = try Bench()
        let ad = try bench.create(.ad, "Ann")
        try bench.settle()
        try bench.disconnect(.miniorange)
        try bench.set(.ad, ad, "mail", ["a@syncline.test"])
        #expect(try bench.tell(.ad).isEmpty)
        try bench.start()
        let lines = try bench.connect(.ad) + bench.connect(.miniorange)
        #expect(lines.count == 1 && lines[0].contains("mail: [] -> [a@syncline.test]"), "\(lines)")
    }

    @Test
    func `A full read deletes only what a read by name does not find`() throws {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann")
        let bo = try bench.create(.ad, "Bo")
        try bench.settle()
        try bench.delete(.ad, ann)
        let present = bench.directories.ad.entries.keys.filter { $0 != bo }.sorted()
        let lines = try bench.step(.feed(.ad, .complete(present: present, cursor: SimulatedFeed.cursor(0))))
        #expect(lines.sorted() == ["ad confirmAbsence \(ann.low)", "ad confirmAbsence \(bo.low)"])
        let found = try bench.answer() + bench.answer()
        #expect(found.count == 1 && found[0].hasPrefix("miniorange delete"), "\(found)")
        try bench.answer()
        #expect(bench.counterpart(.miniorange, "bo") != nil)
    }

    /// Ann is added by us and deleted there, and everything is read, before the answer comes.
    @Test
    func `Whom an answer from before a full read shows is looked for`() throws {
        let bench = try Bench()
        try bench.create(.miniorange, "Ann")
        try bench.tell(.miniorange)
        let write = try #require(bench.sent.first)
        let outcome = bench.directories.ad.perform(write.operation)
        let ann = try #require(bench.counterpart(.ad, "ann"))
        try bench.delete(.ad, ann)
        try bench.complete(.ad)
        #expect(try bench.answer(outcome) == ["ad confirmAbsence \(ann.low)"])
        let lines = try bench.answer()
        #expect(lines.count == 1 && lines[0].hasPrefix("miniorange delete"), "\(lines)")
    }

    @Test
    func `By another mapping everything is read anew, and the cursor stays`() throws {
        let bench = try Bench()
        try bench.start(mapping: "another")
        for side in Side.allCases {
            #expect(try bench.store.write { try $0.cursor(side) } != nil)
            #expect(try bench.demand(side) == ReadingDemand(isAnew: true))
            _ = try bench.connect(side)
            try bench.step(.feed(side, .changes([], cursor: nil)))
            #expect(try bench.demand(side).isAnew)
            // From here on it goes on where it was, unless the mapping changes again.
            try bench.step(.feed(side, .changes([], cursor: bench.cursor(side))))
            #expect(try bench.demand(side) == .none)
            try bench.start(mapping: "another")
            #expect(try bench.demand(side) == .none)
        }
        try bench.create(.ad, "Ann")
        #expect(try bench.tell(.ad).isEmpty)
        try bench.start(mapping: "third")
        for side in Side.allCases {
            #expect(try bench.demand(side).isAnew)
            _ = try bench.connect(side)
        }
        try bench.complete(.ad)
        #expect(try bench.complete(.miniorange).count == 1)
        for side in Side.allCases { #expect(try bench.demand(side) == .none) }
    }

    @Test
    func `A base that is another entry than before is refused`() throws {
        let bench = try Bench()
        let name = try DistinguishedName(parsing: Bench.bases.ad)
        let other = EntrySnapshot(
            anchor: Anchor(high: 9, low: 9),
            name: name,
            attributes: ["objectclass": ["organizationalUnit"]],
            version: .unordered
        )
        #expect(throws: EngineError.foreignBase(.ad, name)) {
            try bench.step(.feed(.ad, .connected(server: "another", roots: [other])))
        }
    }

    @Test
    func `Told again, nothing is written again`() throws {
        let bench = try Bench()
        let ad = try bench.create(.ad, "Ann", ["mail": ["a@syncline.test"]])
        try bench.settle()
        for side in Side.allCases {
            let changes = bench.directories[side].sorted.compactMap { bench.directories[side].snapshot($0.anchor) }
            #expect(try bench.step(.feed(side, .changes(changes.map { .present($0) }, cursor: nil))).isEmpty)
        }
        #expect(try bench.step(.resync(nil)).isEmpty)
        #expect(bench.values(.ad, "ann", "mail") == "[a@syncline.test]")
        #expect(bench.engine.isQuiet && bench.directories.ad.entries[ad] != nil)
    }

    @Test
    func `Who has stopped the writes gets none`() throws {
        let bench = try Bench()
        bench.engine.isPaused = true
        try bench.create(.ad, "Ann")
        #expect(try bench.tell(.ad).isEmpty)
        bench.engine.isPaused = false
        #expect(try bench.step().count == 1)
    }
}
