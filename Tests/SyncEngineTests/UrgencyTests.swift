import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Who is disabled or deleted on one side loses access on the other before anything else is written.
struct UrgencyTests {
    static func bench(window: Int = 32) throws -> Bench {
        try Bench(window: window) { specification in
            specification.attributes.append(
                AttributeSpecification(
                    ad: "userAccountControl",
                    miniorange: "pwdAccountLockedTime",
                    type: .accountEnabled
                )
            )
        }
    }

    /// People that both sides agree on, with their anchors.
    static func people(_ names: [String], _ bench: Bench) throws -> [PerSide<Anchor>] {
        for name in names { try bench.create(.ad, name, ["useraccountcontrol": ["512"]]) }
        try bench.settle()
        return try names.map { name in
            PerSide(
                ad: try #require(bench.counterpart(.ad, name.lowercased())),
                miniorange: try #require(bench.counterpart(.miniorange, name.lowercased()))
            )
        }
    }

    static func disable(_ person: PerSide<Anchor>, at side: Side, _ bench: Bench) throws {
        switch side {
        case .ad: try bench.set(.ad, person.ad, "useraccountcontrol", ["514"])
        case .miniorange: try bench.set(.miniorange, person.miniorange, "pwdaccountlockedtime", ["000001010000Z"])
        }
    }

    static func line(_ person: PerSide<Anchor>, disabledAt side: Side) -> String {
        switch side {
        case .ad: "miniorange modify \(person.miniorange.low) pwdaccountlockedtime: [] -> [000001010000Z]"
        case .miniorange: "ad modify \(person.ad.low) useraccountcontrol: [512] -> [514]"
        }
    }

    /// Bo was disabled where nothing counted, and may be gone when everything is read again; Ann was changed.
    @Test(arguments: [false, true])
    func `Whose losing access counts by another configuration only goes first by that`(isGone: Bool) throws {
        let bar = AttributeSpecification(
            ad: "userAccountControl",
            miniorange: "pwdAccountLockedTime",
            type: .accountEnabled
        )
        let bench = try Bench {
            $0.attributes.append(bar)
            $0.direction = .toMiniOrange
        }
        let people = try Self.people(["Ann", "Bo"], bench)
        bench.engine.isPaused = true
        try bench.set(.miniorange, people[0].miniorange, "displayname", ["A"])
        try Self.disable(people[1], at: .miniorange, bench)
        try bench.tell(.miniorange)
        if isGone { try bench.delete(.miniorange, people[1].miniorange) }
        try bench.configure(mapping: "another") { $0.attributes.append(bar) }
        var lines: [String] = []
        for side in Side.allCases {
            let entries = bench.directories[side].sorted.compactMap { bench.directories[side].snapshot($0.anchor) }
            try bench.step(.feed(side, .changes(entries.map { .present($0) }, cursor: nil)))
            // What it does not show the feed tells after it.
            lines += try bench.step(.feed(side, .complete(present: nil, cursor: bench.cursor(side))))
        }
        #expect(lines.first == Self.line(people[1], disabledAt: .miniorange), "\(lines)")
    }

    /// What was found of Bo, whose disabling was cut off, says nothing yet: he waits for a second, and everybody else for the one place in the window until then.
    @Test(arguments: Side.allCases)
    func `Who is to be disabled and waits for his time goes first where the queue is looked through`(
        _ side: Side
    ) throws {
        let bench = try Self.bench(window: 1)
        let people = try Self.people(["Ann", "Bo"], bench)
        try bench.set(side, people[0][side], "displayname", ["A"])
        try Self.disable(people[1], at: side, bench)
        #expect(try bench.tell(side) == [Self.line(people[1], disabledAt: side)])
        try bench.start()
        #expect(try bench.connect(side.opposite) == ["\(side.opposite.name) read \(people[1][side.opposite].low)"])
        #expect(try bench.answer(.gone) == [Self.line(people[1], disabledAt: side)])
    }

    @Test
    func `Who takes another's name and is disabled meanwhile is disabled before he makes way for him`() throws {
        let bench = try Self.bench()
        let people = try Self.people(["Ann", "Bo"], bench)
        try bench.set(.ad, people[0].ad, "samaccountname", ["spare"])
        try bench.set(.ad, people[1].ad, "samaccountname", ["ann"])
        try bench.set(.ad, people[0].ad, "samaccountname", ["bo"])
        #expect(try bench.tell(.ad).count == 2)
        for person in people { try Self.disable(person, at: .ad, bench) }
        try bench.tell(.ad)
        var lines: [String] = []
        for _ in 0..<2 { lines += try bench.answer() }
        #expect(lines == people.map { Self.line($0, disabledAt: .ad) })
        try bench.settle()
        _ = try bench.pass(milliseconds: 2_000)
        try bench.settle()
        #expect(bench.counterpart(.miniorange, "bo") == people[0].miniorange)
        #expect(bench.counterpart(.miniorange, "ann") == people[1].miniorange)
    }

    /// Nothing is agreed on of Bo before the answer is here, and the window is full of what was to be written of Ann.
    @Test(arguments: Side.allCases)
    func `Who is disabled where he was just made, which is told before the answer, goes first with that`(
        _ side: Side
    ) throws {
        let bench = try Self.bench(window: 1)
        let ann = try Self.people(["Ann"], bench)[0]
        try bench.create(side.opposite, "Bo", side == .ad ? [:] : ["useraccountcontrol": ["512"]])
        #expect(try bench.tell(side.opposite).count == 1)
        let answer = bench.directories[side].perform(try #require(bench.sent.first).operation)
        let bo = PerSide(
            ad: try #require(bench.counterpart(.ad, "bo")),
            miniorange: try #require(bench.counterpart(.miniorange, "bo"))
        )
        try bench.set(side, ann[side], "displayname", ["A"])
        #expect(try bench.tell(side).count == 1)
        try Self.disable(bo, at: side, bench)
        #expect(try bench.tell(side).isEmpty)
        #expect(try bench.answer(answer) == [Self.line(bo, disabledAt: side)])
        try bench.settle(rounds: 2, milliseconds: 1_000)
        #expect(bench.engine.isQuiet && bench.store.contents.urgent.keys.isEmpty)
    }

    @Test(arguments: Side.allCases)
    func `A disable is written alone, and before a new name and other values`(_ side: Side) throws {
        let bench = try Self.bench()
        let ann = try Self.people(["Ann"], bench)[0]
        try bench.set(side, ann[side], side == .ad ? "samaccountname" : "cn", ["anna"])
        try bench.set(side, ann[side], "mail", ["a@syncline.test"])
        try Self.disable(ann, at: side, bench)
        #expect(try bench.tell(side) == [Self.line(ann, disabledAt: side)])
        let rest = try bench.settle()
        #expect(rest.count == 2 && rest[0].contains(" rename ") && rest[1].contains(" mail: "), "\(rest)")
        #expect(bench.engine.isQuiet && bench.store.contents.urgent.keys.isEmpty)
    }

    @Test(arguments: Side.allCases)
    func `A disable is written although another value of the entry is refused`(_ side: Side) throws {
        let bench = try Self.bench()
        let ann = try Self.people(["Ann"], bench)[0]
        try bench.set(side, ann[side], "mail", ["a@syncline.test"])
        try bench.tell(side)
        try bench.answer(.refused(Refusal(reason: .invalid, code: 19, message: "no")))
        #expect(bench.quarantine.count == 1)
        try Self.disable(ann, at: side, bench)
        #expect(try bench.tell(side) == [Self.line(ann, disabledAt: side)])
    }

    @Test func `A disable is written although a value that AD never takes waits with it`() throws {
        let bench = try Self.bench()
        let ann = try Self.people(["Ann"], bench)[0]
        try bench.set(.miniorange, ann.miniorange, "sn", [Octets(String(repeating: "a", count: 65))])
        try Self.disable(ann, at: .miniorange, bench)
        #expect(try bench.tell(.miniorange) == [Self.line(ann, disabledAt: .miniorange)])
        try bench.settle()
        #expect(bench.quarantine.count == 1)
        #expect(bench.values(.ad, "ann", "useraccountcontrol") == "[514]")
    }

    @Test(arguments: Side.allCases)
    func `A disable does not wait for the container that its entry is to move to`(_ side: Side) throws {
        let bench = try Self.bench()
        let ann = try Self.people(["Ann"], bench)[0]
        let type = side == .ad ? "OU" : "ou"
        _ = try bench.container(side, "South", below: try bench.place(side))
        try bench.move(side, ann[side], to: "\(type)=South,")
        try Self.disable(ann, at: side, bench)
        let lines = try bench.tell(side).filter { !$0.contains("readBelow") }
        #expect(lines == [Self.line(ann, disabledAt: side)])
    }

    @Test func `A disable does not wait for the stamps of another conflict`() throws {
        let bench = try Self.bench()
        let ann = try Self.people(["Ann"], bench)[0]
        try bench.set(.ad, ann.ad, "displayname", ["here"])
        try bench.set(.miniorange, ann.miniorange, "displayname", ["there"])
        try bench.disconnect(.miniorange)
        try bench.tell(.ad)
        try bench.tell(.miniorange)
        try Self.disable(ann, at: .ad, bench)
        try bench.tell(.ad)
        #expect(try bench.connect(.miniorange) == [Self.line(ann, disabledAt: .ad)])
        try bench.settle()
        #expect(bench.store.contents.conflicts.count == 1)
        #expect(bench.engine.isQuiet)
    }

    @Test(arguments: Side.allCases)
    func `A disable goes before everything that waits for a full window`(_ side: Side) throws {
        let bench = try Self.bench(window: 2)
        let names = (0..<40).map { "Person\($0)" }
        let people = try Self.people(names, bench)
        for person in people { try bench.set(side, person[side], "mail", ["a@syncline.test"]) }
        try bench.tell(side)
        #expect(bench.sent.count == 2)
        try Self.disable(people[39], at: side, bench)
        // Beyond the window, at once.
        #expect(try bench.tell(side) == [Self.line(people[39], disabledAt: side)])
        #expect(bench.sent.count == 3)
    }

    @Test(arguments: Side.allCases)
    func `A disable goes first when its side comes back`(_ side: Side) throws {
        let bench = try Self.bench(window: 1)
        let people = try Self.people((0..<40).map { "Person\($0)" }, bench)
        try bench.disconnect(side.opposite)
        for person in people { try bench.set(side, person[side], "mail", ["a@syncline.test"]) }
        try Self.disable(people[39], at: side, bench)
        #expect(try bench.tell(side).isEmpty)
        // Also by another process than the one that heard of it.
        try bench.start()
        _ = try bench.connect(side)
        #expect(try bench.connect(side.opposite).first == Self.line(people[39], disabledAt: side))
    }

    @Test(arguments: [WriteOutcome.unavailable, .unknown])
    func `A disable of which no answer came goes first again`(_ outcome: WriteOutcome) throws {
        let bench = try Self.bench(window: 1)
        let people = try Self.people((0..<40).map { "Person\($0)" }, bench)
        try Self.disable(people[39], at: .ad, bench)
        try bench.tell(.ad)
        try bench.disconnect(.miniorange)
        try bench.answer(outcome)
        for person in people { try bench.set(.ad, person.ad, "mail", ["a@syncline.test"]) }
        try bench.tell(.ad)
        var lines = try bench.connect(.miniorange)
        while !lines.contains(Self.line(people[39], disabledAt: .ad)), !bench.sent.isEmpty {
            lines += try bench.answer() + bench.pass(milliseconds: 1_000)
        }
        #expect(lines.firstIndex(of: Self.line(people[39], disabledAt: .ad)).map { $0 <= 2 } == true, "\(lines)")
    }

    @Test(arguments: Side.allCases)
    func `A disable of an entry that is being written goes as soon as that is answered`(_ side: Side) throws {
        let bench = try Self.bench(window: 2)
        let people = try Self.people((0..<40).map { "Person\($0)" }, bench)
        for person in people { try bench.set(side, person[side], "mail", ["a@syncline.test"]) }
        try bench.tell(side)
        let busy = try #require(people.first { $0[side.opposite] == bench.sent[0].operation.anchor })
        try Self.disable(busy, at: side, bench)
        #expect(try bench.tell(side).isEmpty)
        #expect(try bench.answer().first == Self.line(busy, disabledAt: side))
    }

    /// Ann's name was not answered for, and she stands among those who wait for a place at the side that has it now; Bo has something for the other one.
    @Test(arguments: Side.allCases)
    func `Who is disabled while waiting for a place in a window stands behind no other write`(
        _ side: Side
    ) throws {
        let bench = try Self.bench(window: 1)
        let people = try Self.people(["Ann", "Bo"], bench)
        let other = side.opposite
        try bench.set(other, people[1][other], "mail", ["b@syncline.test"])
        #expect(try bench.tell(other).count == 1)
        let write = try #require(bench.sent.first)
        let outcome = bench.directories[side].perform(write.operation)
        try bench.set(other, people[0][other], "mail", ["a@syncline.test"])
        try bench.set(side, people[0][side], "displayname", ["A"])
        #expect(try bench.tell(other).isEmpty)
        #expect(try bench.tell(side).count == 1)
        try bench.set(side, people[1][side], "displayname", ["B"])
        try Self.disable(people[0], at: side, bench)
        #expect(try bench.tell(side).isEmpty)
        #expect(try bench.answerLast(.unavailable).isEmpty)
        let writes = try bench.store.write { try bench.engine.step([.settled(write.id, outcome)], $0, now: bench.now) }
        #expect(writes.map(\.operation.line) == ["modify \(people[1][other].low) displayname: [] -> [B]"])
        #expect(try bench.step() == [Self.line(people[0], disabledAt: side)])
    }

    @Test(arguments: Side.allCases)
    func `Who is disabled loses access also where that may not be read any more before it is carried`(
        _ side: Side
    ) throws {
        let bench = try Self.bench()
        let ann = try Self.people(["Ann"], bench)[0]
        try Self.disable(ann, at: side, bench)
        #expect(try bench.tell(side) == [Self.line(ann, disabledAt: side)])
        #expect(try bench.answer(.unavailable).isEmpty)
        let attribute = side == .ad ? "useraccountcontrol" : "pwdaccountlockedtime"
        bench.directories[side].unreadable = [attribute]
        try bench.set(side, ann[side], "displayname", ["A"])
        #expect(try bench.tell(side) == ["\(side.name) confirmEmpty \(ann[side].low) \(attribute)"])
        #expect(try bench.answer() == [Self.line(ann, disabledAt: side)])
        try bench.settle()
        #expect(bench.values(side.opposite, "ann", "displayname") == "[A]")
        #expect(bench.quarantine == ["\(attribute) unreadable at \(side.name)"])
    }

    @Test(arguments: Side.allCases)
    func `A deleted person goes before everything that waits`(_ side: Side) throws {
        let bench = try Self.bench(window: 2)
        let people = try Self.people((0..<40).map { "Person\($0)" }, bench)
        for person in people { try bench.set(side, person[side], "mail", ["a@syncline.test"]) }
        try bench.tell(side)
        try bench.delete(side, people[39][side])
        let lines = try bench.tell(side)
        #expect(lines.count == 1 && lines[0].hasPrefix("\(side.opposite.name) delete "), "\(lines)")
    }

    @Test func `Who is disabled while he is being added is not kept waiting`() throws {
        let bench = try Self.bench(window: 2)
        let people = try Self.people((0..<40).map { "Person\($0)" }, bench)
        let ann = try bench.create(.ad, "Ann", ["useraccountcontrol": ["512"]])
        try bench.tell(.ad)
        try bench.set(.ad, ann, "useraccountcontrol", ["514"])
        for person in people { try bench.set(.ad, person.ad, "mail", ["a@syncline.test"]) }
        try bench.tell(.ad)
        let lines = try bench.answer()
        let line = " pwdaccountlockedtime: [] -> [000001010000Z]"
        #expect(lines.first?.hasSuffix(line) == true, "\(lines)")
    }

    @Test func `Our own disable is no news`() throws {
        let bench = try Self.bench()
        let ann = try Self.people(["Ann"], bench)[0]
        try Self.disable(ann, at: .ad, bench)
        try bench.settle()
        #expect(bench.values(.miniorange, "ann", "pwdaccountlockedtime") == "[000001010000Z]")
        #expect(bench.store.contents.urgent.keys.isEmpty && bench.engine.isQuiet)
    }

    // MARK: Expiry

    /// Seconds since 1970: a day before the bench's now, and one after it.
    static let past = 1_799_913_600
    static let future = 1_800_086_400

    static func expiringBench(window: Int = 32) throws -> Bench {
        try Bench(window: window) { specification in
            specification.attributes += [
                AttributeSpecification(
                    ad: "userAccountControl",
                    miniorange: "pwdAccountLockedTime",
                    type: .accountEnabled
                ),
                AttributeSpecification(ad: "accountExpires", miniorange: "shadowExpire", type: .accountExpiresDays),
            ]
        }
    }

    /// The whole days of these seconds, as each side holds them.
    static func expiry(_ side: Side, _ seconds: Int) -> Octets {
        Octets(String(side == .ad ? (seconds + 11_644_473_600) * 10_000_000 : seconds / 86_400))
    }

    static func expire(_ person: PerSide<Anchor>, at side: Side, _ seconds: Int, _ bench: Bench) throws {
        try bench.set(
            side,
            person[side],
            side == .ad ? "accountexpires" : "shadowexpire",
            [expiry(side, seconds / 86_400 * 86_400)]
        )
    }

    static func line(_ person: PerSide<Anchor>, expiredAt side: Side, _ seconds: Int, from old: Int? = nil) -> String {
        let there = side.opposite
        func held(_ seconds: Int?) -> String { seconds.map { expiry(there, $0 / 86_400 * 86_400).lossyText } ?? "" }
        let name = there == .ad ? "accountexpires" : "shadowexpire"
        return "\(there.name) modify \(person[there].low) \(name): [\(held(old))] -> [\(held(seconds))]"
    }

    @Test(arguments: Side.allCases)
    func `An expiry that lies in the past is written alone, and before everything that waits for a full window`(
        _ side: Side
    ) throws {
        let bench = try Self.expiringBench(window: 2)
        let people = try Self.people((0..<40).map { "Person\($0)" }, bench)
        for person in people { try bench.set(side, person[side], "mail", ["a@syncline.test"]) }
        try bench.tell(side)
        try Self.expire(people[39], at: side, Self.past, bench)
        #expect(try bench.tell(side) == [Self.line(people[39], expiredAt: side, Self.past)])
        try bench.settle()
        #expect(bench.engine.isQuiet && bench.store.contents.urgent.keys.isEmpty)
        #expect(bench.values(side.opposite, "person39", "mail") == "[a@syncline.test]")
    }

    @Test(arguments: Side.allCases)
    func `An expiry that is still to come waits like any other value`(_ side: Side) throws {
        let bench = try Self.expiringBench(window: 2)
        let people = try Self.people((0..<40).map { "Person\($0)" }, bench)
        for person in people { try bench.set(side, person[side], "mail", ["a@syncline.test"]) }
        try bench.tell(side)
        try Self.expire(people[39], at: side, Self.future, bench)
        #expect(try bench.tell(side).isEmpty)
        #expect(bench.store.contents.urgent.keys.isEmpty)
        try bench.settle()
        #expect(bench.values(side.opposite, "person39", side == .ad ? "shadowexpire" : "accountexpires") != "[]")
    }

    @Test(arguments: Side.allCases)
    func `Who has expired on both sides loses nothing by another time in the past`(_ side: Side) throws {
        let bench = try Self.expiringBench(window: 2)
        let people = try Self.people((0..<40).map { "Person\($0)" }, bench)
        try Self.expire(people[39], at: side, Self.future, bench)
        try bench.settle()
        // Its time comes: nobody has to write anything.
        #expect(try bench.pass(milliseconds: 2 * 86_400_000).isEmpty)
        for person in people { try bench.set(side, person[side], "mail", ["a@syncline.test"]) }
        try bench.tell(side)
        try Self.expire(people[39], at: side, Self.past, bench)
        #expect(try bench.tell(side).isEmpty)
        #expect(bench.store.contents.urgent.keys.isEmpty)
    }

    @Test func `A disable goes before an expiry, so that nothing said of that one keeps it back`() throws {
        let bench = try Self.expiringBench()
        let ann = try Self.people(["Ann"], bench)[0]
        try Self.expire(ann, at: .ad, Self.past, bench)
        try bench.set(.ad, ann.ad, "mail", ["a@syncline.test"])
        try Self.disable(ann, at: .ad, bench)
        #expect(try bench.tell(.ad) == [Self.line(ann, disabledAt: .ad)])
        #expect(try bench.answer() == [Self.line(ann, expiredAt: .ad, Self.past)])
        try bench.answer(.refused(Refusal(reason: .invalid, code: 65, message: "no shadowAccount")))
        #expect(bench.quarantine.count == 1)
        #expect(bench.values(.miniorange, "ann", "pwdaccountlockedtime") == "[000001010000Z]")
    }

    /// Ann is changed on the other side, and comes before Bo in every other order.
    @Test(arguments: Side.allCases)
    func `Who was disabled while he was out of the scope of the other side goes first when he is back`(_ side: Side)
        throws
    {
        let bench = try Self.bench()
        let people = try Self.people(["Ann", "Bo"], bench)
        let directory = bench.directories[side.opposite]
        let elsewhere = try bench.container(side.opposite, "Elsewhere", below: directory.top)
        let bo = people[1][side.opposite]
        let rdn = try #require(directory.entries[bo]).rdn
        #expect(directory.rename(bo, below: elsewhere, rdn) == nil)
        try bench.tell(side.opposite)
        try Self.disable(people[1], at: side, bench)
        #expect(try bench.tell(side).isEmpty)
        bench.engine.isPaused = true
        try bench.set(side, people[0][side], "displayname", ["A"])
        try bench.tell(side)
        try bench.move(side.opposite, bo, to: "")
        try bench.tell(side.opposite)
        bench.engine.isPaused = false
        let lines = try bench.step()
        #expect(lines.first == Self.line(people[1], disabledAt: side), "\(lines)")
    }
}
