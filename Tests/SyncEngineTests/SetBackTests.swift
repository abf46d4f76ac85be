import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// A server that was restored, or another one that is behind, as the engine deals with it.
struct SetBackTests {
    private static let wayBack: Int64 = 3_600_000

    /// Ann's displayName was "old" an hour ago; "new" is agreed on. Then AD shows the old one again.
    private func restored(_ cause: StepBack.Cause? = nil) throws -> (Bench, EntrySnapshot) {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann", ["displayname": ["old"]])
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        try bench.set(.ad, ann, "displayname", ["new"])
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        var old = try #require(bench.directories.ad.snapshot(ann))
        old.attributes["displayname"] = ["old"]
        old.version = .unordered
        #expect(try bench.connect(.ad, stepBack: StepBack(cause: cause, reason: "a test")).isEmpty)
        return (bench, old)
    }

    private func stamped(_ bench: Bench, _ snapshot: EntrySnapshot, _ name: String, ago: Int64) -> WriteOutcome {
        let time = bench.now.advanced(byMilliseconds: -ago)
        let stamp = Stamp(time: time, granularity: 1000, source: .attribute)
        return .stamped(snapshot, [AttributeStamp(attribute: name, stamp: stamp)])
    }

    @Test
    func `Nothing is written before everything there was read`() throws {
        let (bench, old) = try restored()
        #expect(try bench.step(.feed(.ad, .changes([.present(old)], cursor: nil))).isEmpty)
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) }?.cause == .restored)
        let lines = try bench.complete(.ad)
        #expect(lines.count == 2 && lines.allSatisfy { $0.contains("readStamps") }, "\(lines)")
    }

    @Test
    func `What waited for the server is not written before that either`() throws {
        let (bench, old) = try restored()
        try bench.disconnect(.ad)
        try bench.set(.miniorange, try #require(bench.counterpart(.miniorange, "ann")), "sn", ["Ek"])
        _ = try bench.tell(.miniorange)
        #expect(try bench.connect(.ad, stepBack: StepBack(cause: nil, reason: "a test")).isEmpty)
        try bench.step(.feed(.ad, .changes([.present(old)], cursor: nil)))
        #expect(bench.sent.isEmpty)
        #expect(try !bench.complete(.ad).isEmpty)
    }

    @Test
    func `A deletion that waits for a person meets no change from before when he approves it`() throws {
        let (bench, old) = try restored()
        try bench.configure { $0.deletions.limit = DeletionLimit(count: 0, percent: 0, window: 60_000) }
        _ = try bench.connect(.ad, stepBack: StepBack(cause: nil, reason: "a test"))
        try bench.delete(.miniorange, try #require(bench.counterpart(.miniorange, "ann")))
        _ = try bench.tell(.miniorange)
        try bench.step(.feed(.ad, .changes([.present(old)], cursor: nil)))
        #expect(try bench.complete(.ad) == ["ad readStamps \(old.anchor.low) displayname"])
        #expect(try bench.answer(stamped(bench, old, "displayname", ago: 2 * Self.wayBack)).isEmpty)
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) } == nil)
        let hold = try #require(bench.engine.openHolds.keys.first)
        let pair = try #require(try bench.store.write { try $0.pairID(.ad, old.anchor) })
        let lines = try bench.step(.decide(hold, .approve, [pair]))
        #expect(lines.count == 1 && lines[0].hasPrefix("ad delete \(old.anchor.low)"), "\(lines)")
    }

    @Test
    func `What can't be dated of who is made again waits for a person, and the rest does not`() throws {
        var (bench, shown) = try restored(.anotherServer)
        shown.attributes["mail"] = ["ann@syncline.test"]
        try bench.delete(.miniorange, try #require(bench.counterpart(.miniorange, "ann")))
        _ = try bench.tell(.miniorange)
        try bench.step(.feed(.ad, .changes([.present(shown)], cursor: nil)))
        #expect(try bench.complete(.ad) == ["ad readStamps \(shown.anchor.low) displayname,mail"])
        let lines = try bench.answer(stamped(bench, shown, "mail", ago: 0))
        #expect(lines.count == 1 && lines[0].hasPrefix("miniorange add"), "\(lines)")
        var asked = try bench.answer()
        for _ in 0..<10 where !bench.sent.isEmpty {
            let isAtAD = bench.sent[0].side == .ad
            asked += try isAtAD ? bench.answer(stamped(bench, shown, "mail", ago: 0)) : bench.answer()
        }
        #expect(asked.allSatisfy { $0.contains("readStamps") }, "\(asked)")
        #expect(bench.values(.miniorange, "ann", "displayname") == "[new]")
        #expect(bench.values(.miniorange, "ann", "mail") == "[ann@syncline.test]")
        let pair = try #require(try bench.store.write { try $0.pairID(.ad, shown.anchor) })
        #expect(try bench.store.write { try $0.heldConflicts(of: pair).map(\.name) } == ["displayname"])
    }

    /// Bo was made on both sides, by different names, and is deleted on one before they have agreed.
    @Test
    func `Who is made again, and had no name yet that was agreed on, has the one which is shown`() throws {
        let (bench, _) = try restored(.restored)
        let bo = try bench.create(.ad, "Bo", ["postofficebox": ["ours"]])
        let there = try bench.create(.miniorange, "Rob", ["uid": ["bo"], "postofficebox": ["theirs"]])
        try bench.tell(.miniorange)
        try bench.disconnect(.miniorange)
        let shown = bench.directories.ad.sorted.compactMap { bench.directories.ad.snapshot($0.anchor) }
        try bench.step(.feed(.ad, .changes(shown.map { .present($0) }, cursor: nil)))
        try bench.complete(.ad)
        _ = try bench.connect(.miniorange)
        try bench.delete(.miniorange, there)
        try bench.tell(.miniorange)
        for _ in 0..<10 where !bench.sent.isEmpty {
            guard case .readStamps = bench.sent[0].operation, bench.sent[0].side == .ad else {
                try bench.answer()
                continue
            }
            let ages = ["cn": Self.wayBack, "postofficebox": 0]
            let stamps = ages.sorted { $0.key < $1.key }.map { name, ago in
                let time = bench.now.advanced(byMilliseconds: -ago)
                return AttributeStamp(attribute: name, stamp: Stamp(time: time, granularity: 1000, source: .attribute))
            }
            try bench.answer(.stamped(try #require(bench.directories.ad.snapshot(bo)), stamps))
        }
        #expect(bench.quarantine.isEmpty)
        #expect(bench.values(.miniorange, "bo", "cn") == "[Bo]")
        #expect(bench.values(.miniorange, "bo", "postofficebox").contains("ours"))
    }

    /// Bo was added at AD just before another domain controller answers, and nothing told of it.
    @Test
    func `Who is in a group at another server only may have been on his way here`() throws {
        let bench = try Bench.withGroups(try Bench.named())
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0) }
        let crew = try bench.createGroup(.ad, "crew", members: [people[0]])
        try bench.settle()
        try bench.setMembers(.ad, crew, add: [people[1]], remove: [])
        _ = try bench.pass(milliseconds: Self.wayBack)
        // Something else is told meanwhile, so that everything seems to be known.
        try bench.set(.ad, people[0], "title", ["later"])
        let told = try #require(bench.directories.ad.snapshot(people[0]))
        _ = try bench.step(.feed(.ad, .changes([.present(told)], cursor: bench.cursor(.ad))))
        for _ in 0..<10 where !bench.sent.isEmpty { try bench.answer() }
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .anotherServer, reason: "a test"))
        let entries = bench.directories.ad.sorted.compactMap { bench.directories.ad.snapshotWithMembers($0.anchor) }
        _ = try bench.step(.feed(.ad, .changes(entries.map { .present($0) }, cursor: nil)))
        let present = entries.map(\.anchor).sorted()
        _ = try bench.step(.feed(.ad, .complete(present: present, cursor: SimulatedFeed.cursor(99))))
        for _ in 0..<10 where !bench.sent.isEmpty { try bench.answer() }
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    /// Ann and Bo were in the group an hour ago; since then Bo went and Cy came. Then AD shows what it held before.
    @Test(arguments: [nil, "dee"])
    func `A membership from before is not carried, and what was agreed is written back`(_ added: String?) throws {
        let bench = try Bench.withGroups(try Bench.named())
        let people = try ["Ann", "Bo", "Cy", "Dee"].map { try bench.create(.ad, $0) }
        let crew = try bench.createGroup(.ad, "crew", members: Array(people.prefix(2)))
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        let backup = bench.directories.ad.backUp()
        try bench.setMembers(.ad, crew, add: [people[2]], remove: [people[1]])
        try bench.settle()
        #expect(bench.members(.miniorange, "crew") == "ann cy")
        _ = try bench.pass(milliseconds: Self.wayBack)
        bench.directories.ad.restore(backup)
        if added != nil { try bench.setMembers(.ad, crew, add: [people[3]]) }
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .restored, reason: "a test"))
        let entries = bench.directories.ad.sorted.compactMap { bench.directories.ad.snapshotWithMembers($0.anchor) }
        #expect(try bench.step(.feed(.ad, .changes(entries.map { .present($0) }, cursor: nil))).isEmpty)
        let present = entries.map(\.anchor).sorted()
        let asked = try bench.step(.feed(.ad, .complete(present: present, cursor: SimulatedFeed.cursor(99))))
        #expect(asked == ["ad readStamps \(crew.low) member"])
        for _ in 0..<10 where !bench.sent.isEmpty { try bench.answer() }
        // AD tells when the members were set, not each: where that was since, what it shows counts.
        let expected = added == nil ? "ann cy" : "ann bo dee"
        for side in Side.allCases { #expect(bench.members(side, "crew") == expected) }
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) } == nil)
    }

    /// Ann was added to the group since, and the LDAP side has changed the group besides.
    @Test
    func `Nothing is written to an entry before it is known when its memberships were set`() throws {
        let bench = try Bench.withGroups(try Bench.named())
        let ann = try bench.create(.ad, "Ann")
        let crew = try bench.createGroup(.ad, "crew")
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        let backup = bench.directories.ad.backUp()
        try bench.setMembers(.ad, crew, add: [ann])
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        try bench.disconnect(.ad)
        try bench.set(.miniorange, try #require(bench.groupNamed(.miniorange, "crew")), "description", ["since"])
        #expect(try bench.tell(.miniorange).isEmpty)
        bench.directories.ad.restore(backup)
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .restored, reason: "a test"))
        let entries = bench.directories.ad.sorted.compactMap { bench.directories.ad.snapshotWithMembers($0.anchor) }
        #expect(try bench.step(.feed(.ad, .changes(entries.map { .present($0) }, cursor: nil))).isEmpty)
        #expect(try bench.complete(.ad) == ["ad readStamps \(crew.low) member"])
        for _ in 0..<10 where !bench.sent.isEmpty { try bench.answer() }
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann") }
        #expect(bench.directories.ad.entries[crew]?.attributes["description"] == ["since"])
    }

    @Test
    func `A value from before is not carried, and what was agreed is written back`() throws {
        let (bench, old) = try restored()
        try bench.step(.feed(.ad, .changes([.present(old)], cursor: nil)))
        _ = try bench.complete(.ad)
        var lines: [String] = []
        for _ in 0..<2 {
            let isOfAD = bench.sent.first?.side == .ad
            lines +=
                try isOfAD
                ? bench.answer(stamped(bench, old, "displayname", ago: 2 * Self.wayBack)) : bench.answer()
        }
        #expect(lines.count == 1 && lines[0].contains("displayname: [old] -> [new]"), "\(lines)")
        #expect(lines.first?.hasPrefix("ad modify") == true)
        var written = old
        written.attributes["displayname"] = ["new"]
        try bench.answer(.done(written))
        #expect(bench.values(.miniorange, "ann", "displayname") == "[new]")
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) } == nil)
        #expect(try bench.store.write { try Engine.lastSetBack(.ad, $0) }?.reason == "a test")
    }

    /// AD's sn was told, and had yet to be carried, when another domain controller answers that shows something else besides.
    @Test
    func `What was known and not yet carried counts, though something else of the entry may be from before`() throws {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann")
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        try bench.disconnect(.miniorange)
        try bench.set(.ad, ann, "sn", ["Ek"])
        try bench.tell(.ad)
        try bench.set(.ad, ann, "displayname", ["old"])
        _ = try bench.pass(milliseconds: Self.wayBack)
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .anotherServer, reason: "a test"))
        let shown = try #require(bench.directories.ad.snapshot(ann))
        try bench.step(.feed(.ad, .changes([.present(shown)], cursor: SimulatedFeed.cursor(9, knownUntil: bench.now))))
        _ = try bench.complete(.ad)
        _ = try bench.connect(.miniorange)
        for _ in 0..<10 where !bench.sent.isEmpty {
            let isAtAD = bench.sent[0].side == .ad && bench.sent[0].operation.isRead
            let old = try #require(bench.directories.ad.snapshot(ann))
            _ = try isAtAD ? bench.answer(stamped(bench, old, "displayname", ago: 3 * Self.wayBack)) : bench.answer()
        }
        #expect(bench.values(.miniorange, "ann", "sn") == "[Ek]")
        for side in Side.allCases { #expect(bench.values(side, "ann", "displayname") == "[]") }
    }

    /// A restored AD lacks Cy in the group, and refuses at first to have its description back.
    @Test
    func `Memberships from before are no changes either when all else is done with`() throws {
        let bench = try Bench.withGroups(try Bench.named())
        let people = try ["Ann", "Cy"].map { try bench.create(.ad, $0) }
        let crew = try bench.createGroup(.ad, "crew", members: [people[0]])
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        let backup = bench.directories.ad.backUp()
        try bench.setMembers(.ad, crew, add: [people[1]])
        try bench.set(.ad, crew, "description", ["new"])
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        bench.directories.ad.restore(backup)
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .restored, reason: "a test"))
        let entries = bench.directories.ad.sorted.compactMap { bench.directories.ad.snapshotWithMembers($0.anchor) }
        try bench.step(.feed(.ad, .changes(entries.map { .present($0) }, cursor: nil)))
        try bench.complete(.ad)
        let refusal = Refusal(reason: .notAllowed, code: 50, message: "not now")
        for _ in 0..<10 where !bench.sent.isEmpty {
            let isRefused = if case .modify = bench.sent[0].operation { true } else { false }
            _ = try isRefused ? bench.answer(.refused(refusal)) : bench.answer()
        }
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) } == nil)
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        _ = try bench.pass(milliseconds: Self.wayBack)
        try bench.settle()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann cy") }
    }

    @Test
    func `What was known and not yet carried is no value from before`() throws {
        let (bench, _) = try restored()
        let ann = try #require(bench.counterpart(.ad, "ann"))
        var known = try #require(bench.directories.ad.snapshot(ann))
        known.version = .unordered
        try bench.step(.feed(.ad, .changes([.present(known)], cursor: nil)))
        _ = try bench.complete(.ad)
        #expect(bench.sent.isEmpty)
        // The same with a change that waits for the other side.
        try bench.disconnect(.miniorange)
        try bench.set(.ad, ann, "displayname", ["next"])
        try bench.tell(.ad)
        known.attributes["displayname"] = ["next"]
        _ = try bench.connect(.ad, stepBack: StepBack(cause: nil, reason: "a test"))
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.step(.feed(.ad, .changes([.present(known)], cursor: nil)))
        let lines = try bench.complete(.ad)
        #expect(lines.count == 1 && lines[0].contains("displayname: [new] -> [next]"), "\(lines)")
        #expect(lines.first?.hasPrefix("miniorange modify") == true)
    }

    /// What came with a cursor that does not tell is not all that had happened by then.
    @Test
    func `Everything is known until the time that its feed tells`() throws {
        let bench = try Bench()
        let told = bench.now
        let ann = try bench.create(.ad, "Ann")
        _ = try bench.pass(milliseconds: Self.wayBack)
        let change = Change.present(try #require(bench.directories.ad.snapshot(ann)))
        try bench.step(.feed(.ad, .changes([change], cursor: SimulatedFeed.cursor(99))))
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .restored, reason: "a test"))
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) }?.knownUntil == told)
        #expect(try bench.demand(.ad) == ReadingDemand(isSetBack: true))
    }

    /// What is written to AD is refused, and everything else is done with; then the server takes it.
    @Test
    func `What is set aside is from before whenever it is looked at again`() throws {
        let (bench, old) = try restored()
        try bench.step(.feed(.ad, .changes([.present(old)], cursor: nil)))
        _ = try bench.complete(.ad)
        for _ in 0..<2 {
            let isOfAD = bench.sent.first?.side == .ad
            _ =
                try isOfAD
                ? bench.answer(stamped(bench, old, "displayname", ago: 2 * Self.wayBack)) : bench.answer()
        }
        try bench.answer(.refused(Refusal(reason: .notAllowed, code: 50, message: "not now")))
        #expect(bench.quarantine == ["refused by ad: notAllowed"])
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) } == nil)
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        _ = try bench.pass(milliseconds: 2_000)
        for _ in 0..<2 where bench.sent.first?.operation.isRead == true {
            let isOfAD = bench.sent.first?.side == .ad
            _ =
                try isOfAD
                ? bench.answer(stamped(bench, old, "displayname", ago: 2 * Self.wayBack)) : bench.answer()
        }
        let write = try #require(bench.sent.first)
        #expect(write.side == .ad && write.operation.line.contains("displayname: [old] -> [new]"))
        var written = old
        written.attributes["displayname"] = ["new"]
        try bench.answer(.done(written))
        // From then on what it shows counts.
        try bench.step(.feed(.ad, .changes([.present(old)], cursor: nil)))
        let lines = bench.sent.map { "\($0.side.name) \($0.operation.line)" }
        #expect(lines.count == 1 && lines[0].contains("displayname: [new] -> [old]"), "\(lines)")
    }

    /// The server tells when an entry was changed last, and no more. Ann is read for a write whose answer was lost, before everything is.
    @Test
    func `A value from before is not carried where something else of the entry was set since and we asked for it`()
        throws
    {
        let bench = try Bench()
        let directory = bench.directories.miniorange
        directory.tellsAttributeStamps = false
        let ann = try bench.create(.ad, "Ann", ["mail": ["old@syncline.test"]])
        try bench.settle()
        let there = try #require(bench.counterpart(.miniorange, "ann"))
        let backup = directory.backUp()
        _ = try bench.pass(milliseconds: Self.wayBack)
        try bench.set(.ad, ann, "mail", ["new@syncline.test"])
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        try bench.set(.ad, ann, "sn", ["Ek"])
        #expect(try bench.tell(.ad).count == 1)
        try bench.disconnect(.miniorange)
        try bench.answer(.unknown)
        directory.restore(backup)
        try bench.set(.miniorange, there, "displayname", ["A"])
        _ = try bench.connect(.miniorange, stepBack: StepBack(cause: .restored, reason: "a test"))
        #expect(bench.sent.map(\.operation) == [.read(there)])
        try bench.answer()
        try bench.readBack(.miniorange)
        try bench.answerAll()
        #expect(bench.values(.ad, "ann", "mail") == "[new@syncline.test]")
    }

    @Test
    func `A value that was set since is carried`() throws {
        var (bench, old) = try restored()
        old.attributes["displayname"] = ["since"]
        try bench.step(.feed(.ad, .changes([.present(old)], cursor: nil)))
        _ = try bench.complete(.ad)
        var lines: [String] = []
        for _ in 0..<2 {
            let isOfAD = bench.sent.first?.side == .ad
            lines += try isOfAD ? bench.answer(stamped(bench, old, "displayname", ago: 10)) : bench.answer()
        }
        #expect(lines.count == 1 && lines[0].contains("displayname: [new] -> [since]"), "\(lines)")
        #expect(lines.first?.hasPrefix("miniorange modify") == true)
    }

    @Test(arguments: [true, false])
    func `An entry that has come back is not made on the other side`(_ isFromBefore: Bool) throws {
        let (bench, old) = try restored()
        var returned = old
        returned.anchor = Anchor(high: 77, low: 77)
        returned.name = try DistinguishedName(parsing: "CN=Ghost,\(Bench.bases.ad)")
        returned.attributes["cn"] = ["Ghost"]
        returned.attributes["samaccountname"] = ["ghost"]
        let same = try #require(bench.directories.ad.snapshot(old.anchor))
        try bench.step(.feed(.ad, .changes([.present(same), .present(returned)], cursor: nil)))
        let present = (Array(bench.directories.ad.entries.keys) + [returned.anchor]).sorted()
        let asked = try bench.step(.feed(.ad, .complete(present: present, cursor: SimulatedFeed.cursor(99))))
        #expect(asked == ["ad readStamps 77 objectclass"])
        let lines = try bench.answer(
            stamped(bench, returned, "objectclass", ago: isFromBefore ? 3 * Self.wayBack : 10)
        )
        if isFromBefore {
            #expect(lines.isEmpty && bench.quarantine == ["returned at ad"], "\(lines)")
            // A person wants it.
            #expect(try bench.step(.resync(nil)).contains { $0.hasPrefix("miniorange add uid=ghost") })
        } else {
            #expect(lines.count == 1 && lines[0].hasPrefix("miniorange add uid=ghost"), "\(lines)")
        }
    }

    @Test
    func `The same machine was restored, another one may be behind`() throws {
        let bench = try Bench()
        _ = try bench.connect(.ad)
        try bench.step(.feed(.ad, .steppedBack(StepBack(cause: nil, reason: "same"))))
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) }?.cause == .restored)
        let name = try DistinguishedName(parsing: Bench.bases.ad)
        let root = try #require(bench.directories.ad.anchor(named: name).flatMap(bench.directories.ad.snapshot))
        try bench.step(.feed(.ad, .connected(server: "another", roots: [root])))
        try bench.step(.feed(.ad, .steppedBack(StepBack(cause: nil, reason: "other"))))
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) }?.cause == .anotherServer)
        // Still so after a restart.
        try bench.start()
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) }?.isRead == false)
    }

    @Test
    func `A record of it is kept as it is`() {
        let setBack = SetBack(
            cause: .anotherServer,
            reason: "why",
            since: Timestamp(milliseconds: 3),
            knownUntil: Timestamp(milliseconds: -4),
            isRead: true
        )
        #expect(SetBack(setBack.octets) == setBack)
        #expect(SetBack(Octets([0])) == nil)
    }
}
