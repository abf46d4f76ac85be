import Mapping
import Reconcile
import Support
import SyncEngine
import SyncModel
import Testing

/// Both sides set the same attribute: the later write stands, whatever order the news came in.
struct ConflictTests {
    /// What may happen between two writes and the agreement, in any order.
    enum Move: CaseIterable, Sendable {
        case tellAD, tellMiniOrange, answer, restart, loseAD, loseMiniOrange
    }

    static let orders: [[Move]] = permutations(Move.allCases)

    private static func permutations(_ moves: [Move]) -> [[Move]] {
        guard moves.count > 1 else { return [moves] }
        return moves.indices.flatMap { index in
            var rest = moves
            let first = rest.remove(at: index)
            return permutations(rest).map { [first] + $0 }
        }
    }

    private func apply(_ move: Move, _ bench: Bench) throws {
        switch move {
        case .tellAD: try bench.tell(.ad)
        case .tellMiniOrange: try bench.tell(.miniorange)
        case .answer: if !bench.sent.isEmpty { try bench.answer() }
        case .restart:
            try bench.start()
            for side in Side.allCases { _ = try bench.connect(side) }
        case .loseAD, .loseMiniOrange:
            let side: Side = move == .loseAD ? .ad : .miniorange
            try bench.disconnect(side)
            _ = try bench.pass(milliseconds: 10)
            _ = try bench.connect(side)
        }
    }

    @Test(arguments: Side.allCases, Side.allCases)
    func `the later write wins in every order of news, answers, restarts and outages`(later: Side, preferred: Side)
        throws
    {
        for order in Self.orders {
            let bench = try Bench { $0.prefer = preferred }
            let ad = try bench.create(.ad, "Ann")
            try bench.settle()
            let miniorange = try #require(bench.counterpart(.miniorange, "ann"))
            let anchors = PerSide(ad: ad, miniorange: miniorange)
            _ = try bench.pass(milliseconds: 60_000)
            try bench.set(later.opposite, anchors[later.opposite], "displayname", ["earlier"])
            _ = try bench.pass(milliseconds: 60_000)
            try bench.set(later, anchors[later], "displayname", ["later"])
            for move in order { try apply(move, bench) }
            _ = try bench.pass(milliseconds: 5_000)
            try bench.settle()
            for side in Side.allCases {
                #expect(bench.values(side, "ann", "displayname") == "[later]", "\(order), at \(side.name)")
            }
            // Lost is nothing: the earlier value reached the other side first, or it is in the report.
            let reported = bench.store.contents.conflicts
            for record in reported {
                #expect(record.winner == later && record.decision == .later, "\(order)")
                #expect(record.values[later.opposite] == ["earlier"])
            }
        }
    }

    private func bench(_ rule: ConflictRule, limit: Int = 6) throws -> (Bench, PerSide<Anchor>) {
        let bench = try Bench { specification in
            specification.conflict = rule
            for index in specification.attributes.indices { specification.attributes[index].conflict = rule }
        }
        let ad = try bench.create(.ad, "Ann")
        try bench.settle()
        return (bench, PerSide(ad: ad, miniorange: try #require(bench.counterpart(.miniorange, "ann"))))
    }

    private func rows(_ bench: Bench) -> [(id: ConflictID, record: ConflictRecord)] {
        let stored = bench.store.contents.conflictRows
        return stored.keys.compactMap { id in stored[id].map { (id, $0.record) } }
    }

    private func conflict(_ bench: Bench) throws -> (id: ConflictID, record: ConflictRecord) {
        let stored = rows(bench)
        #expect(stored.count == 1)
        return try #require(stored.first)
    }

    @Test func `deciding asks each side once`() throws {
        let (bench, anchors) = try bench(.newest)
        try bench.set(.ad, anchors.ad, "displayname", ["here"])
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["there"])
        let lines = try bench.settle()
        #expect(lines.filter { $0.contains("readStamps") }.count == 2)
        let (_, record) = try conflict(bench)
        #expect(record.decision == .preferredSide)
        #expect(record.stamps.ad?.source == .attribute && record.stamps.miniorange?.author == "user")
    }

    @Test func `a side whose log told who set the value is not asked`() throws {
        let (bench, anchors) = try bench(.newest)
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["there"])
        let record = try #require(bench.directories.miniorange.log.last)
        guard case .edited(let edits) = record.kind else { return try #require(Bool(false), "\(record.kind)") }
        _ = try bench.pass(milliseconds: 60_000)
        try bench.set(.ad, anchors.ad, "displayname", ["here"])
        bench.engine.isPaused = true
        let told = Change.edited(
            anchors.miniorange,
            edits: edits,
            newName: nil,
            version: record.version,
            stamp: record.stamp
        )
        try bench.step(.feed(.miniorange, .changes([told], cursor: nil)))
        try bench.tell(.ad)
        bench.engine.isPaused = false
        let lines = try bench.settle()
        #expect(lines.filter { $0.contains("readStamps") } == ["ad readStamps \(anchors.ad.low) displayname"])
        let (_, conflict) = try conflict(bench)
        #expect(conflict.winner == .ad && conflict.decision == .later)
        #expect(conflict.stamps.miniorange == record.stamp && record.stamp?.author == "user")
    }

    @Test func `a side that is away keeps the conflict waiting and nothing else`() throws {
        let (bench, anchors) = try bench(.newest)
        try bench.set(.ad, anchors.ad, "displayname", ["here"])
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["there"])
        _ = try bench.pass(milliseconds: 60_000)
        try bench.set(.miniorange, anchors.miniorange, "mail", ["ann@example.com"])
        try bench.disconnect(.miniorange)
        try bench.tell(.miniorange)
        try bench.settle()
        #expect(bench.values(.ad, "ann", "mail") == "[ann@example.com]")
        #expect(bench.values(.ad, "ann", "displayname") == "[here]")
        #expect(bench.values(.miniorange, "ann", "displayname") == "[there]")
        _ = try bench.connect(.miniorange)
        try bench.settle()
        #expect(bench.values(.ad, "ann", "displayname") == bench.values(.miniorange, "ann", "displayname"))
    }

    @Test func `what is held is written to neither side, reported once, and follows what is set`() throws {
        let (bench, anchors) = try bench(.hold)
        try bench.set(.ad, anchors.ad, "displayname", ["here"])
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["there"])
        try bench.settle()
        try bench.set(.ad, anchors.ad, "mail", ["ann@example.com"])
        try bench.settle()
        #expect(bench.values(.ad, "ann", "displayname") == "[here]")
        #expect(bench.values(.miniorange, "ann", "displayname") == "[there]")
        #expect(bench.values(.miniorange, "ann", "mail") == "[ann@example.com]")
        #expect(try conflict(bench).record.isHeld)
        try bench.set(.ad, anchors.ad, "displayname", ["other"])
        try bench.settle()
        #expect(try conflict(bench).record.values.ad == ["other"])
    }

    @Test func `a held conflict ends by itself when both agree`() throws {
        let (bench, anchors) = try bench(.hold)
        try bench.set(.ad, anchors.ad, "displayname", ["here"])
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["there"])
        try bench.settle()
        try bench.set(.ad, anchors.ad, "displayname", ["there"])
        try bench.settle()
        let (id, _) = try conflict(bench)
        #expect(bench.store.contents.conflictRows[id]?.resolution?.choice == .agreement)
        #expect(bench.store.count(.heldConflicts) == 0)
    }

    struct Choice: Sendable {
        var choice: ConflictChoice
        var outcome: String
    }

    @Test(
        arguments: [
            Choice(choice: .side(.ad), outcome: "[here]"), Choice(choice: .side(.miniorange), outcome: "[there]"),
            Choice(choice: .base, outcome: "[]"), Choice(choice: .values(["new"]), outcome: "[new]"),
        ],
        [ConflictRule.hold, .ad, .miniorange]
    )
    func `a person's choice is written to both sides`(_ row: Choice, rule: ConflictRule) throws {
        let (bench, anchors) = try bench(rule)
        try bench.set(.ad, anchors.ad, "displayname", ["here"])
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["there"])
        try bench.settle()
        let (id, _) = try conflict(bench)
        try bench.step(.resolve(id, row.choice))
        let isNoChange = row.choice == .side(rule == .ad ? .ad : .miniorange) && rule != .hold
        #expect(bench.engine.answers == [.resolution(isNoChange ? .alreadySo : .accepted)])
        try bench.settle()
        for side in Side.allCases { #expect(bench.values(side, "ann", "displayname") == row.outcome) }
        #expect(bench.store.count(.settlements) == 0 && bench.store.count(.heldConflicts) == 0)
        #expect(bench.store.contents.conflicts.count == 1)
    }

    @Test(arguments: Side.allCases)
    func `a person's choice does nothing once a side has moved`(_ side: Side) throws {
        let (bench, anchors) = try bench(.hold)
        try bench.set(.ad, anchors.ad, "displayname", ["here"])
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["there"])
        try bench.settle()
        let (id, _) = try conflict(bench)
        // Chosen, and overtaken before it is written.
        bench.engine.isPaused = true
        try bench.step(.resolve(id, .values(["new"])))
        #expect(bench.engine.answers == [.resolution(.accepted)])
        try bench.set(side, anchors[side], "displayname", ["meanwhile"])
        try bench.tell(side)
        bench.engine.isPaused = false
        try bench.step()
        try bench.settle()
        #expect(bench.values(side, "ann", "displayname") == "[meanwhile]")
        // Chosen after it has moved.
        let open = try #require(rows(bench).map(\.id).max())
        try bench.set(side, anchors[side], "displayname", ["once more"])
        bench.engine.isPaused = true
        try bench.tell(side)
        try bench.step(.resolve(open, .values(["new"])))
        #expect(bench.engine.answers == [.resolution(.moved(side))])
    }

    @Test func `who is not there can't be settled`() throws {
        let (bench, anchors) = try bench(.hold)
        try bench.step(.resolve(ConflictID(99), .side(.ad)))
        #expect(bench.engine.answers == [.resolution(.noSuchConflict)])
        try bench.set(.ad, anchors.ad, "displayname", ["here"])
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["there"])
        try bench.settle()
        let (id, _) = try conflict(bench)
        try bench.delete(.ad, anchors.ad)
        bench.engine.isPaused = true
        try bench.tell(.ad)
        try bench.step(.resolve(id, .side(.ad)))
        #expect(bench.engine.answers == [.resolution(.entryGone)])
    }

    @Test func `two writers that overwrite each other without end are stopped and named`() throws {
        let (bench, anchors) = try bench(.newest)
        var rounds = 0
        while bench.store.count(.heldConflicts) == 0, rounds < 50 {
            rounds += 1
            _ = try bench.pass(milliseconds: 2_000)
            try bench.set(
                rounds % 2 == 0 ? .ad : .miniorange,
                rounds % 2 == 0 ? anchors.ad : anchors.miniorange,
                "displayname",
                [Octets("\(rounds % 2)")]
            )
            try bench.settle()
        }
        #expect(rounds > 5 && rounds < 12)
        let held = bench.store.contents.conflicts.filter { $0.decision == .oscillation }
        #expect(held.count == 1 && held.first?.stamps.miniorange?.author == "user")
        // It outlives a restart, and ends by a person's word.
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.settle()
        #expect(bench.values(.ad, "ann", "displayname") != bench.values(.miniorange, "ann", "displayname"))
        let id = try #require(rows(bench).first { $0.record.decision == .oscillation }?.id)
        try bench.step(.resolve(id, .side(.ad)))
        try bench.settle()
        #expect(bench.values(.ad, "ann", "displayname") == bench.values(.miniorange, "ann", "displayname"))
    }

    @Test func `our own write is ours, and nobody's intent`() throws {
        let (bench, anchors) = try bench(.newest)
        try bench.set(.ad, anchors.ad, "displayname", ["here"])
        try bench.settle()
        #expect(bench.store.stamp(.miniorange, anchors.miniorange, "displayname")?.isOurs == true)
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["there"])
        try bench.tell(.miniorange)
        #expect(bench.store.stamp(.miniorange, anchors.miniorange, "displayname")?.isOurs == false)
    }

    @Test func `what somebody made of our own write before its answer came is his, though we had left it so before`()
        throws
    {
        let (bench, anchors) = try bench(.newest)
        try bench.set(.ad, anchors.ad, "displayname", ["one"])
        try bench.settle()
        try bench.set(.ad, anchors.ad, "displayname", ["two"])
        #expect(try bench.tell(.ad).count == 1)
        let write = try #require(bench.sent.first)
        let outcome = bench.directories.miniorange.perform(write.operation)
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["one"])
        let told = try #require(bench.directories.miniorange.snapshot(anchors.miniorange))
        try bench.step(.feed(.miniorange, .changes([.present(told)], cursor: nil)))
        try bench.answer(outcome)
        #expect(bench.store.stamp(.miniorange, anchors.miniorange, "displayname")?.isOurs != true)
    }

    @Test func `a rename on both sides goes by the later one`() throws {
        let (bench, anchors) = try bench(.newest)
        let south = try bench.container(.ad, "South", below: bench.place(.ad))
        _ = south
        _ = try bench.container(.miniorange, "South", below: bench.place(.miniorange))
        try bench.settle()
        _ = try bench.pass(milliseconds: 60_000)
        try bench.move(.ad, anchors.ad, to: "OU=North,")
        _ = try bench.pass(milliseconds: 60_000)
        try bench.move(.miniorange, anchors.miniorange, to: "ou=South,")
        try bench.tell(.ad)
        try bench.settle()
        #expect(bench.directories.ad.name(of: anchors.ad)?.description.contains("South") == true)
        #expect(bench.directories.miniorange.name(of: anchors.miniorange)?.description.contains("South") == true)
    }

    /// An own rename takes the stamp of the place along, which must tell by then who chose it.
    @Test(arguments: Side.allCases)
    func `a place that was chosen on both sides goes by the later one, whatever name is written meanwhile`(later: Side)
        throws
    {
        let (bench, anchors) = try bench(.newest)
        for side in Side.allCases { _ = try bench.container(side, "South", below: bench.place(side)) }
        try bench.settle()
        // While this is on its way the news below gathers.
        try bench.set(.ad, anchors.ad, "displayname", ["Ann"])
        try bench.tell(.ad)
        try bench.set(.ad, anchors.ad, "samaccountname", ["anna"])
        try bench.tell(.ad)
        for side in [later.opposite, later] {
            _ = try bench.pass(milliseconds: 60_000)
            try bench.move(side, anchors[side], to: side == .ad ? "OU=North," : "ou=South,")
        }
        try bench.tell(.miniorange)
        var started = try bench.answer()
        while !started.contains(where: { $0.contains(" rename ") }) { started += try bench.answer() }
        #expect(started.filter { $0.contains("miniorange rename") } == [])
        try bench.settle()
        for side in Side.allCases {
            let name = bench.directories[side].name(of: anchors[side])?.description
            #expect(name?.contains(later == .ad ? "North" : "South") == true, "\(side): \(name ?? "gone")")
        }
        #expect(bench.values(.miniorange, "anna", "uid") == "[anna]")
    }

    /// While it waits for a container's counterpart, nothing hides who chose the place; everything else flows, and each conflict is reported once.
    @Test(arguments: Side.allCases)
    func `a name waits while a place that was chosen is not known`(later: Side) throws {
        let (bench, anchors) = try bench(.newest)
        _ = try bench.container(later, "South", below: bench.place(later))
        try bench.settle()
        // While this is on its way the news below gathers.
        try bench.set(.ad, anchors.ad, "displayname", ["Ann"])
        try bench.tell(.ad)
        try bench.set(.ad, anchors.ad, "samaccountname", ["anna"])
        try bench.set(.ad, anchors.ad, "displayname", ["Anna"])
        try bench.set(.miniorange, anchors.miniorange, "mail", ["anna@example.com"])
        for side in [later.opposite, later] {
            _ = try bench.pass(milliseconds: 60_000)
            try bench.move(side, anchors[side], to: "ou=\(side == later ? "South" : "North"),")
        }
        for side in Side.allCases { try bench.tell(side) }
        try bench.settle()
        #expect(bench.values(.miniorange, "ann", "displayname") == "[Anna]")
        #expect(bench.values(.ad, "anna", "mail") == "[anna@example.com]")
        _ = try bench.container(later.opposite, "South", below: bench.place(later.opposite))
        try bench.settle(rounds: 3, milliseconds: 3_600_000)
        for side in Side.allCases {
            let name = bench.directories[side].name(of: anchors[side])?.description
            #expect(name?.contains("South") == true, "\(side): \(name ?? "gone")")
        }
        #expect(bench.values(.miniorange, "anna", "uid") == "[anna]" && bench.quarantine.isEmpty)
        let places = bench.store.contents.conflicts.filter { $0.subject == .attribute(parentAttribute) }
        #expect(places.map(\.decision) == [.later])
    }

    @Test func `a held conflict ends with its entries`() throws {
        let (bench, anchors) = try bench(.hold)
        try bench.set(.ad, anchors.ad, "displayname", ["here"])
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["there"])
        try bench.settle()
        let (id, _) = try conflict(bench)
        for side in Side.allCases { try bench.delete(side, anchors[side]) }
        try bench.settle()
        #expect(bench.store.contents.conflictRows[id]?.resolution?.choice == .agreement)
        #expect(bench.store.count(.heldConflicts) == 0)
    }

    @Test func `what was held is decided by the rule that the configuration has now, in the same line of the report`()
        throws
    {
        let (bench, anchors) = try bench(.hold)
        _ = try bench.pass(milliseconds: 60_000)
        try bench.set(.ad, anchors.ad, "displayname", ["here"])
        _ = try bench.pass(milliseconds: 60_000)
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["there"])
        try bench.settle()
        let (id, _) = try conflict(bench)
        try bench.configure { object in
            object.conflict = .newest
            for index in object.attributes.indices { object.attributes[index].conflict = .newest }
        }
        try bench.settle()
        #expect(bench.values(.ad, "ann", "displayname") == "[there]")
        #expect(try conflict(bench).id == id)
        #expect(try conflict(bench).record.decision == .later)
    }

    @Test func `clocks are known after a restart`() throws {
        let bench = try Bench()
        bench.directories.miniorange.clockOffset = 90_000
        let miniorange = try bench.create(.ad, "Ann")
        _ = miniorange
        try bench.settle()
        let measured = try #require(bench.engine.clocks.miniorange)
        #expect(abs(measured.offset - 90_000) <= measured.uncertainty + 1)
        try bench.start()
        #expect(bench.engine.clocks.miniorange == measured)
    }

    @Test func `the later write wins although its server's clock is behind`() throws {
        let bench = try Bench()
        bench.directories.miniorange.clockOffset = -90_000
        let ad = try bench.create(.ad, "Ann")
        try bench.settle()
        let miniorange = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.step(
            .feed(.ad, .clock(ClockEstimate(earliest: -20, latest: 20, measured: bench.now)))
        )
        try bench.set(.ad, ad, "displayname", ["earlier"])
        _ = try bench.pass(milliseconds: 10_000)
        try bench.set(.miniorange, miniorange, "displayname", ["later"])
        try bench.settle()
        for side in Side.allCases { #expect(bench.values(side, "ann", "displayname") == "[later]") }
    }

    @Test func `each attribute in conflict is asked for, also of an entry that was asked about another`() throws {
        let (bench, anchors) = try bench(.newest)
        _ = try bench.pass(milliseconds: 60_000)
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["earliest"])
        try bench.tell(.miniorange)
        _ = try bench.answer()
        bench.engine.isPaused = true
        _ = try bench.pass(milliseconds: 60_000)
        try bench.set(.miniorange, anchors.miniorange, "displayname", ["earlier"])
        try bench.tell(.miniorange)
        _ = try bench.pass(milliseconds: 60_000)
        try bench.set(.ad, anchors.ad, "displayname", ["later"])
        try bench.set(.ad, anchors.ad, "mail", ["earlier@example.com"])
        try bench.tell(.ad)
        _ = try bench.pass(milliseconds: 60_000)
        // Not told yet: the write that carries AD's values finds it.
        try bench.set(.miniorange, anchors.miniorange, "mail", ["later@example.com"])
        bench.engine.isPaused = false
        try bench.step()
        try bench.settle()
        for side in Side.allCases {
            #expect(bench.values(side, "ann", "displayname") == "[later]")
            #expect(bench.values(side, "ann", "mail") == "[later@example.com]")
        }
        #expect(bench.store.contents.conflicts.allSatisfy { $0.decision == .later })
    }
}
