import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Deletions under control: what waits, what is held, and that nothing else does.
struct DeletionTests {
    private static func limited(to count: Int, grace: Int64 = 0) -> DeletionRule {
        DeletionRule(grace: grace, limit: DeletionLimit(count: count, percent: 100, window: 3_600_000))
    }

    /// People `p0` … in agreement.
    private func bench(_ people: Int, _ rule: DeletionRule, attributes: Attributes = [:]) throws -> Bench {
        let bench = try Bench { $0.deletions = rule }
        for number in 0..<people { try bench.create(.ad, "P\(number)", attributes) }
        _ = try bench.settle()
        #expect(bench.directories.miniorange.entries.count == bench.directories.ad.entries.count)
        return bench
    }

    private func delete(_ side: Side, _ numbers: some Sequence<Int>, _ bench: Bench) throws {
        for number in numbers { try bench.delete(side, try #require(bench.counterpart(side, "p\(number)"))) }
    }

    private func people(_ side: Side, _ bench: Bench) -> [String] {
        bench.directories[side].sorted.compactMap {
            $0.attributes[side == .ad ? "samaccountname" : "uid"].first?.lossyText
        }.sorted()
    }

    private func held(_ bench: Bench) -> [PairID] {
        bench.store.contents.deletions.keys.filter {
            if case .held = bench.store.deletion(of: $0)?.state { return true }
            return false
        }
    }

    @Test(arguments: Side.allCases)
    func `Up to the limit they are carried at once`(_ side: Side) throws {
        let bench = try bench(6, Self.limited(to: 3))
        try delete(side, 0..<3, bench)
        _ = try bench.settle()
        #expect(people(side.opposite, bench) == ["p3", "p4", "p5"])
        #expect(bench.store.holds().isEmpty)
    }

    @Test(arguments: Side.allCases)
    func `More than the limit are all held, and everything else flows`(_ side: Side) throws {
        let bench = try bench(8, Self.limited(to: 3))
        try delete(side, 0..<5, bench)
        let anchor = try #require(bench.counterpart(side, "p7"))
        try bench.set(side, anchor, "displayname", ["New"])
        try bench.create(side, "Zoe")
        _ = try bench.settle()
        #expect(people(side.opposite, bench).count == 9)
        #expect(bench.values(side.opposite, "p7", "displayname") == "[New]")
        #expect(held(bench).count == 5)
        #expect(bench.engine.openHolds.map(\.value.kind) == [.deletions(object: "people", at: side.opposite)])
        #expect(bench.engine.isQuiet)
    }

    @Test
    func `What was carried before counts, also after a restart`() throws {
        let bench = try bench(8, Self.limited(to: 3))
        try delete(.ad, 0..<2, bench)
        _ = try bench.settle()
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        try delete(.ad, 2..<4, bench)
        _ = try bench.settle()
        #expect(people(.miniorange, bench).count == 6)
        #expect(held(bench).count == 2)
    }

    @Test
    func `Once the window has passed others may go`() throws {
        let bench = try bench(8, Self.limited(to: 3))
        try delete(.ad, 0..<3, bench)
        _ = try bench.settle()
        _ = try bench.pass(milliseconds: 3_700_000)
        try delete(.ad, 3..<6, bench)
        _ = try bench.settle()
        #expect(people(.miniorange, bench) == ["p6", "p7"])
        #expect(bench.store.count(.deletions) == 3)
    }

    @Test(arguments: Side.allCases)
    func `Approved ones are carried and count no more, rejected ones are made again`(_ side: Side) throws {
        let bench = try bench(8, Self.limited(to: 3))
        try delete(side, 0..<6, bench)
        _ = try bench.settle()
        let hold = try #require(bench.engine.openHolds.keys.first)
        let pairs = held(bench)
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }

        try bench.step(.decide(hold, .approve, Array(pairs[..<4])))
        #expect(bench.engine.answers == [.hold(.decided(moved: [], oneWay: []))])
        _ = try bench.settle()
        #expect(people(side.opposite, bench).count == 4)
        #expect(bench.engine.openHolds.count == 1)

        try bench.step(.decide(hold, .reject, pairs))
        #expect(bench.engine.answers == [.hold(.decided(moved: Array(pairs[..<4]), oneWay: []))])
        _ = try bench.settle()
        #expect(people(side, bench) == people(side.opposite, bench))
        #expect(people(side, bench).count == 4)
        #expect(bench.engine.openHolds.isEmpty)
        #expect(bench.store.hold(hold)?.state == .rejected)
        #expect(bench.store.count(.deletions) == 0)

        try delete(side, [6], bench)
        _ = try bench.settle()
        #expect(people(side.opposite, bench).count == 3)
    }

    @Test
    func `A decision on a hold that is not open is refused`() throws {
        let bench = try bench(1, Self.limited(to: 3))
        try bench.step(.decide(HoldID(9), .approve, []))
        #expect(bench.engine.answers == [.hold(.noSuchHold)])
    }

    @Test
    func `What can not be made again by its direction stays held`() throws {
        let bench = try Bench {
            $0.deletions = Self.limited(to: 1)
            $0.direction = .toMiniOrange
        }
        for number in 0..<3 { try bench.create(.ad, "P\(number)") }
        _ = try bench.settle()
        try delete(.ad, 0..<2, bench)
        _ = try bench.settle()
        let hold = try #require(bench.engine.openHolds.keys.first)
        let pairs = held(bench)
        try bench.step(.decide(hold, .reject, pairs))
        #expect(bench.engine.answers == [.hold(.decided(moved: [], oneWay: pairs))])
        #expect(held(bench) == pairs)
    }

    @Test(arguments: Side.allCases)
    func `Who comes back before the end of the grace was never deleted`(_ side: Side) throws {
        let bench = try bench(3, Self.limited(to: 3, grace: 60_000))
        let other = try #require(bench.counterpart(side.opposite, "p0"))
        try delete(side, [0], bench)
        _ = try bench.settle()
        _ = try bench.pass(milliseconds: 59_000)
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        #expect(people(side.opposite, bench).count == 3)
        try bench.create(side, "P0", ["displayname": ["Back"]])
        _ = try bench.settle()
        _ = try bench.pass(milliseconds: 120_000)
        _ = try bench.settle()
        #expect(bench.counterpart(side.opposite, "p0") == other)
        #expect(bench.values(side.opposite, "p0", "displayname") == "[Back]")
        #expect(bench.store.count(.deletions) == 0)
        #expect(people(side, bench).count == 3)
    }

    @Test
    func `After its grace a deletion is carried, also when the process was restarted`() throws {
        let bench = try bench(3, Self.limited(to: 3, grace: 60_000))
        try delete(.ad, [0], bench)
        _ = try bench.settle()
        #expect(people(.miniorange, bench).count == 3)
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        #expect(bench.engine.nextDeadline.map { $0 <= bench.now.advanced(byMilliseconds: 60_000) } == true)
        _ = try bench.pass(milliseconds: 60_000)
        _ = try bench.settle()
        #expect(people(.miniorange, bench) == ["p1", "p2"])
    }

    @Test
    func `A change of what is held brings it back, and its hold lapses with the last`() throws {
        let bench = try bench(3, Self.limited(to: 1))
        try delete(.ad, 0..<2, bench)
        _ = try bench.settle()
        let hold = try #require(bench.engine.openHolds.keys.first)
        for account in ["p0", "p1"] {
            let anchor = try #require(bench.counterpart(.miniorange, account))
            try bench.set(.miniorange, anchor, "displayname", ["Changed"])
        }
        _ = try bench.settle()
        #expect(people(.ad, bench).count == 3)
        #expect(bench.store.hold(hold)?.state == .lapsed)
    }

    @Test
    func `A burst that is told in parts is held but for the first ten`() throws {
        let bench = try bench(40, Self.limited(to: 30))
        for start in stride(from: 0, to: 40, by: 8) {
            try delete(.ad, start..<(start + 8), bench)
            _ = try bench.settle()
        }
        #expect(people(.miniorange, bench).count >= 30)
        _ = try bench.pass(milliseconds: 20_000)
        _ = try bench.settle()
        #expect(people(.miniorange, bench).count >= 30)
        #expect(held(bench).count == people(.miniorange, bench).count)
    }

    @Test(arguments: [false, true])
    func `Our clock may be set back, and no deletion waits the longer for it`(_ isRestarted: Bool) throws {
        let bench = try bench(3, Self.limited(to: 3, grace: 60_000))
        try delete(.ad, [0], bench)
        _ = try bench.settle()
        let jump: Int64 = -3_600_000
        if isRestarted {
            bench.now = bench.now.advanced(byMilliseconds: jump)
            try bench.start()
            for side in Side.allCases { _ = try bench.connect(side) }
        } else {
            _ = try bench.pass(milliseconds: 20_000)
            _ = try bench.pass(milliseconds: jump)
        }
        _ = try bench.pass(milliseconds: isRestarted ? 59_000 : 39_000)
        #expect(bench.sent.isEmpty)
        _ = try bench.pass(milliseconds: 1_000)
        _ = try bench.settle()
        #expect(people(.miniorange, bench) == ["p1", "p2"])
    }

    @Test
    func `What a person approved is carried although our clock was set back`() throws {
        let bench = try bench(3, Self.limited(to: 1))
        try delete(.ad, 0..<2, bench)
        _ = try bench.settle()
        _ = try bench.pass(milliseconds: -3_600_000)
        try bench.step(.decide(try #require(bench.engine.openHolds.keys.first), .approve, held(bench)))
        _ = try bench.settle()
        #expect(people(.miniorange, bench) == ["p2"])
    }

    @Test
    func `Who was to be deleted on one side, was made again, and is deleted on the other, counts there`() throws {
        let bench = try Bench { $0.deletions = Self.limited(to: 1) }
        let ann = try bench.create(.miniorange, "Ann")
        let bo = try bench.create(.miniorange, "Bo")
        _ = try bench.settle()
        // Ann's deletion at AD comes to nothing, since she was changed.
        try bench.delete(.ad, try #require(bench.counterpart(.ad, "ann")))
        try bench.set(.miniorange, ann, "sn", ["Ek"])
        try bench.tell(.ad)
        #expect(try bench.answer().contains { $0.hasPrefix("ad add") })
        try bench.delete(.miniorange, bo)
        try bench.delete(.miniorange, ann)
        let lines = try bench.settle()
        #expect(lines.filter { $0.hasPrefix("ad delete") }.count <= 1, "\(lines)")
        #expect(!bench.engine.openHolds.isEmpty)
    }

    @Test(arguments: Side.allCases)
    func `Who names somebody that is being deleted can be deleted as well`(_ side: Side) throws {
        let bench = try Bench()
        let ann = try bench.create(side, "Ann")
        let bo = try bench.create(side, "Bo", ["manager": [Reference.entry(ann).octets]])
        _ = try bench.settle()
        try bench.delete(side, ann)
        try bench.tell(side)
        try bench.delete(side, bo)
        try bench.tell(side)
        _ = try bench.settle()
        for account in ["ann", "bo"] {
            for side in Side.allCases { #expect(bench.counterpart(side, account) == nil) }
        }
    }

    @Test(arguments: Side.allCases)
    func `Who is given somebody else to name than who is being deleted is changed`(_ side: Side) throws {
        let bench = try Bench()
        let ann = try bench.create(side, "Ann")
        try bench.create(side, "Cy")
        let bo = try bench.create(side, "Bo", ["manager": [Reference.entry(ann).octets]])
        _ = try bench.settle()
        let other = side.opposite
        let cy = try #require(bench.counterpart(other, "cy"))
        try bench.set(
            other,
            try #require(bench.counterpart(other, "bo")),
            "manager",
            [Reference.entry(cy).octets]
        )
        try bench.delete(side, ann)
        try bench.delete(side, bo)
        _ = try bench.settle()
        for side in Side.allCases {
            #expect(bench.counterpart(side, "ann") == nil)
            #expect(bench.counterpart(side, "bo") != nil)
        }
    }

    /// Bo names Ann, who is deleted on a side and comes back there since she was changed on the other one.
    private func renamed(_ side: Side, _ bench: Bench) throws -> (ann: Anchor, bo: Anchor) {
        let ann = try bench.create(side, "Ann")
        let bo = try bench.create(side, "Bo", ["manager": [Reference.entry(ann).octets]])
        _ = try bench.settle()
        try bench.delete(side, ann)
        try bench.set(side.opposite, try #require(bench.counterpart(side.opposite, "ann")), "displayname", ["New"])
        for side in Side.allCases { try bench.tell(side) }
        return (ann, bo)
    }

    @Test(arguments: Side.allCases)
    func `Who names somebody that was deleted and came back can be deleted as well`(_ side: Side) throws {
        let bench = try Bench()
        let bo = try renamed(side, bench).bo
        // Ann is there again, and Bo is yet to name her.
        while bench.counterpart(side, "ann") == nil { try bench.answer() }
        #expect(bench.directories[side].entries[bo]?.attributes["manager"] == [])
        try bench.delete(side, bo)
        _ = try bench.settle()
        for side in Side.allCases {
            #expect(bench.counterpart(side, "ann") != nil)
            #expect(bench.counterpart(side, "bo") == nil)
        }
    }

    @Test(arguments: Side.allCases, [false, true])
    func `Who named somebody that was deleted and came back names him again`(_ side: Side, isTouched: Bool) throws {
        let bench = try Bench()
        let bo = try renamed(side, bench).bo
        // What is told of Bo besides has nobody's name any more.
        if isTouched { try bench.set(side, bo, "displayname", ["Touched"]) }
        _ = try bench.settle()
        let ann = try #require(bench.counterpart(side, "ann"))
        #expect(bench.directories[side].entries[bo]?.attributes["manager"] == [Reference.entry(ann).octets])
    }

    @Test(arguments: Side.allCases)
    func `Who is given somebody else to name after that came back is changed`(_ side: Side) throws {
        let bench = try Bench()
        try bench.create(side, "Cy")
        let bo = try renamed(side, bench).bo
        while bench.counterpart(side, "ann") == nil { try bench.answer() }
        let other = side.opposite
        let cy = try #require(bench.counterpart(other, "cy"))
        try bench.set(other, try #require(bench.counterpart(other, "bo")), "manager", [Reference.entry(cy).octets])
        try bench.delete(side, bo)
        _ = try bench.settle()
        for side in Side.allCases { #expect(bench.counterpart(side, "bo") != nil) }
    }

    // MARK: Policies

    private static let account = AttributeSpecification(
        ad: "userAccountControl",
        miniorange: "pwdAccountLockedTime",
        type: .accountEnabled
    )

    private func leavers(_ bench: Bench) throws {
        for side in Side.allCases { _ = try bench.container(side, "Leavers", below: bench.directories[side].top) }
    }

    private static func containers(_ path: String) throws -> PerSide<DistinguishedName?> {
        PerSide(
            ad: try DistinguishedName(parsing: "OU=Leavers,\(path)DC=syncline,DC=test"),
            miniorange: try DistinguishedName(parsing: "ou=Leavers,\(path)dc=syncline,dc=test")
        )
    }

    @Test(arguments: Side.allCases)
    func `By disable the account is disabled and stays, and who comes back is the same person`(_ side: Side) throws {
        let bench = try Bench {
            $0.deletions = DeletionRule(policy: .disable, limit: .usual)
            $0.attributes.append(Self.account)
        }
        try bench.create(.ad, "P0", ["useraccountcontrol": ["512"]])
        _ = try bench.settle()
        let other = try #require(bench.counterpart(side.opposite, "p0"))
        try delete(side, [0], bench)
        _ = try bench.settle()
        let disabled = side == .ad ? "[000001010000Z]" : "[514]"
        let attribute = side == .ad ? "pwdaccountlockedtime" : "useraccountcontrol"
        #expect(bench.values(side.opposite, "p0", attribute) == disabled)
        // It stays by itself: a change of it brings nobody back.
        try bench.set(side.opposite, other, "displayname", ["Alone"])
        _ = try bench.settle()
        #expect(people(side, bench).isEmpty)
        #expect(bench.engine.isQuiet)

        try bench.create(side, "P0", side == .ad ? ["useraccountcontrol": ["512"]] : [:])
        _ = try bench.settle()
        #expect(bench.counterpart(side.opposite, "p0") == other)
        #expect(bench.values(side.opposite, "p0", attribute) == (side == .ad ? "[]" : "[512]"))
    }

    @Test(arguments: Side.allCases)
    func `By move the entry goes to its container with one rename and does not come back as new`(_ side: Side) throws {
        let bench = try Bench {
            $0.deletions = DeletionRule(policy: .move, limit: .usual, containers: try! Self.containers(""))
        }
        try leavers(bench)
        try bench.create(.ad, "P0")
        _ = try bench.settle()
        let other = try #require(bench.counterpart(side.opposite, "p0"))
        try delete(side, [0], bench)
        let lines = try bench.settle()
        #expect(lines.count == 1 && lines.first?.contains("rename") == true, "\(lines)")
        let name = bench.directories[side.opposite].snapshot(other)?.name.description ?? ""
        #expect(name.contains("eavers"))
        #expect(people(side, bench).isEmpty)
        for side in Side.allCases { _ = try bench.complete(side) }
        _ = try bench.settle()
        #expect(people(side, bench).isEmpty)
        #expect(bench.engine.isQuiet)
    }
}
