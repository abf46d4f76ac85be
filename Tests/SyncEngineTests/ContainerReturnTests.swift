import Support
import SyncEngine
import SyncModel
import Testing

/// A container that leaves the scope and comes back, and what stands in it, of which its feed tells nothing.
extension ContainerTests {
    @Test
    func `What was out of scope with its container comes back with it, whichever answer comes first`() throws {
        let bench = try bench()
        let directory = bench.directories.miniorange
        let north = try bench.place(.miniorange, "ou=North,")
        let deep = try bench.container(.miniorange, "Deep", below: north)
        let elsewhere = try bench.container(.miniorange, "Elsewhere", below: directory.top)
        _ = try settled(bench)
        let old = try #require(directory.snapshot(deep))
        let rdn = RelativeDistinguishedName(type: "ou", value: "North")
        #expect(directory.rename(north, below: elsewhere, rdn) == nil)
        try bench.tell(.miniorange)
        // Told once more, late.
        let asked = try bench.step(.feed(.miniorange, .changes([.present(old)], cursor: nil)))
        #expect(asked == ["miniorange readBelow \(deep.low)", "miniorange read \(deep.low)"])
        try bench.answer()
        let outside = directory.perform(.read(deep))
        try bench.move(.miniorange, north, to: "")
        try bench.tell(.miniorange)
        try bench.answer(outside)
        _ = try settled(bench)
        try bench.create(.miniorange, "Ann", path: "ou=Deep,ou=North,")
        _ = try settled(bench)
        #expect(name(bench, .ad, "ann").contains(",ou=deep,ou=north,"))
    }

    /// An answer shows more of her than was known, and where she was with it; its way out was never told.
    @Test(arguments: Side.allCases, [false, true])
    func `Who was seen out of the scope with a container that is told to be back before the answer is looked for`(
        _ side: Side,
        isRenamed: Bool
    ) throws {
        let bench = try bench()
        let directory = bench.directories[side]
        let north = try bench.place(side, "\(ou(side))=North,")
        _ = try bench.container(side, "Deep", below: north)
        let elsewhere = try bench.container(side, "Elsewhere", below: directory.top)
        directory.unreadable = ["mail"]
        let ann = try bench.create(
            side,
            "Ann",
            ["mail": ["ann@syncline.test"]],
            path: "\(ou(side))=Deep,\(ou(side))=North,"
        )
        _ = try settled(bench)
        let pair = try #require(try bench.store.write { try $0.pairID(side, ann) })
        try bench.step(.fetchStamps(pair))
        directory.unreadable = []
        let rdn = RelativeDistinguishedName(type: ou(side), value: "North")
        #expect(directory.rename(north, below: elsewhere, rdn) == nil)
        let asked = try #require(bench.sent.firstIndex { $0.side == side })
        let outside = directory.perform(bench.sent[asked].operation)
        let back = RelativeDistinguishedName(type: ou(side), value: isRenamed ? "Back" : "North")
        try bench.move(side, north, to: "", rdn: back)
        bench.skip(side)
        let shown = try #require(directory.snapshot(north))
        try bench.step(.feed(side, .changes([.present(shown)], cursor: nil)))
        try bench.step(.settled(bench.sent[asked].id, outside))
        _ = try settled(bench)
        #expect(bench.values(side.opposite, "ann", "mail") == "[ann@syncline.test]")
    }

    @Test
    func `Who is new in a container that is out of scope comes in with it, though its way out was never told`() throws {
        let bench = try bench()
        let directory = bench.directories.ad
        let north = try bench.place(.ad, "OU=North,")
        let elsewhere = try bench.container(.ad, "Elsewhere", below: directory.top)
        _ = try settled(bench)
        let ann = try bench.create(.ad, "Ann", path: "OU=North,")
        let rdn = RelativeDistinguishedName(type: "OU", value: "North")
        #expect(directory.rename(north, below: elsewhere, rdn) == nil)
        // As it stands when it is asked for; and then the container, which is back by then.
        let outside = try #require(directory.snapshot(ann))
        #expect(try bench.step(.feed(.ad, .changes([.present(outside)], cursor: nil))).isEmpty)
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.move(.ad, north, to: "")
        let back = try #require(directory.snapshot(north))
        let lines = try bench.step(.feed(.ad, .changes([.present(back)], cursor: nil)))
        #expect(lines == ["ad readBelow \(north.low)"])
        try bench.answer()
        try bench.answer()
        #expect(name(bench, .miniorange, "ann").contains("=ann,ou=north,ou=people,"))
    }

    @Test(arguments: Side.allCases, [true, false])
    func `Who is told to be out of the scope after a read of everything that showed his container back is looked for`(
        _ side: Side,
        isKnown: Bool
    ) throws {
        let bench = try bench()
        let directory = bench.directories[side]
        let path = side == .ad ? "OU=North," : "ou=North,"
        let north = try bench.place(side, path)
        let elsewhere = try bench.container(side, "Elsewhere", below: directory.top)
        _ = try settled(bench)
        let ann = try bench.create(side, "Ann", path: path)
        if isKnown { _ = try settled(bench) }
        let rdn = try #require(directory.snapshot(north)?.name.leaf)
        #expect(directory.rename(north, below: elsewhere, rdn) == nil)
        if isKnown { try bench.set(side, ann, "mail", ["new@syncline.test"]) }
        let outside = try #require(directory.snapshot(ann))
        try bench.move(side, north, to: "")
        let back = try #require(directory.snapshot(north))
        for told in [back, outside, back] {
            try bench.step(.feed(side, .changes([.present(told)], cursor: nil)))
            try bench.answerAll()
        }
        #expect(name(bench, side.opposite, "ann").contains("=ann,ou=north,ou=people,"))
        if isKnown { #expect(bench.values(side.opposite, "ann", "mail") == "[new@syncline.test]") }
    }

    @Test(arguments: Side.allCases)
    func `Who came to a group while that was out of the scope is in it, though it is told after its container's return`(
        _ side: Side
    ) throws {
        let bench = try bench()
        let directory = bench.directories[side]
        let path = "\(ou(side))=North,"
        let north = try bench.place(side, path)
        let elsewhere = try bench.container(side, "Elsewhere", below: directory.top)
        let ann = try bench.create(side, "Ann")
        let team = try bench.createGroup(side, "team")
        try bench.move(side, team, to: path)
        _ = try settled(bench)
        let rdn = try #require(directory.snapshot(north)?.name.leaf)
        #expect(directory.rename(north, below: elsewhere, rdn) == nil)
        try bench.setMembers(side, team, add: [ann])
        let outside = try #require(directory.snapshotWithMembers(team))
        try bench.move(side, north, to: "")
        let back = try #require(directory.snapshot(north))
        for told in [back, outside] {
            try bench.step(.feed(side, .changes([.present(told)], cursor: nil)))
            try bench.answerAll()
        }
        #expect(bench.members(side.opposite, "team") == "ann")
    }

    @Test
    func `Who was added to a group by a name that he had just lost is in it by the one that he comes back by`() throws {
        let bench = try bench()
        let directory = bench.directories.miniorange
        let people = try bench.place(.miniorange)
        let elsewhere = try bench.container(.miniorange, "Elsewhere", below: directory.top)
        let south = try bench.container(.miniorange, "South", below: people)
        let ann = try bench.create(.ad, "Ann", path: "OU=North,")
        let team = try bench.createGroup(.ad, "team")
        _ = try settled(bench)
        try bench.setMembers(.ad, team, add: [ann])
        #expect(try bench.tell(.ad).count == 1)
        let north = try bench.place(.miniorange, "ou=North,")
        let rdn = RelativeDistinguishedName(type: "ou", value: "North")
        #expect(directory.rename(north, below: elsewhere, rdn) == nil)
        // It is carried out, and the process ends before the answer.
        _ = directory.perform(try #require(bench.sent.first).operation)
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        #expect(directory.rename(north, below: south, rdn) == nil)
        try bench.settle(rounds: 25, milliseconds: 1_000)
        let group = try #require(bench.groupNamed(.miniorange, "team"))
        let member = try #require(bench.counterpart(.miniorange, "ann"))
        #expect(directory.entries[group]?.attributes["member"] == [Reference.entry(member).octets])
        #expect(bench.members(.ad, "team") == "ann")
    }

    /// Meanwhile she is given another account, by which nothing matches her with what was added.
    @Test(arguments: [true, false])
    func `Who was added below a container that left the scope before the answer is nobody new when that is back`(
        isRestarted: Bool
    ) throws {
        let bench = try bench()
        let directory = bench.directories.miniorange
        let elsewhere = try bench.container(.miniorange, "Elsewhere", below: directory.top)
        let north = try bench.place(.miniorange, "ou=North,")
        _ = try settled(bench)
        let ann = try bench.create(.ad, "Ann", path: "OU=North,")
        #expect(try bench.tell(.ad).count == 1)
        let added = try #require(bench.sent.first).operation
        if isRestarted {
            _ = directory.perform(added)
            try bench.start()
            for side in Side.allCases { _ = try bench.connect(side) }
        } else {
            try bench.answer(.unknown, carriedOut: true)
        }
        let rdn = try #require(directory.snapshot(north)?.name.leaf)
        #expect(directory.rename(north, below: elsewhere, rdn) == nil)
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        try bench.settle(rounds: 10, milliseconds: 500)
        try bench.move(.miniorange, north, to: "")
        try bench.settle(rounds: 10, milliseconds: 500)
        for side in Side.allCases {
            #expect(bench.directories[side].sorted.filter { $0.attributes["cn"] == ["Ann"] }.count == 1)
            #expect(name(bench, side, "anna").contains("north"))
        }
    }

    /// They are matched by their mail, and have different names.
    @Test(arguments: Side.allCases)
    func `Who is new in a container that is out of scope is joined, when that is back, with who waited for it`(
        _ side: Side
    ) throws {
        let bench = try bench()
        let directory = bench.directories[side]
        let north = try bench.place(side, side == .ad ? "OU=North," : "ou=North,")
        let elsewhere = try bench.container(side, "Elsewhere", below: directory.top)
        _ = try settled(bench)
        let mail: Attributes = ["mail": ["ann@syncline.test"]]
        let ann = try bench.create(side, "Ann", mail, path: side == .ad ? "OU=North," : "ou=North,")
        let rdn = try #require(directory.snapshot(north)?.name.leaf)
        #expect(directory.rename(north, below: elsewhere, rdn) == nil)
        let outside = try #require(directory.snapshot(north))
        try bench.step(.feed(side, .changes([.present(outside)], cursor: nil)))
        try bench.create(side.opposite, "Rob", mail, path: side == .ad ? "ou=North," : "OU=North,")
        try bench.tell(side.opposite)
        try bench.answerAll()
        try bench.move(side, north, to: "")
        let back = try #require(directory.snapshot(north))
        try bench.step(.feed(side, .changes([.present(back)], cursor: nil)))
        try bench.answerAll()
        for side in Side.allCases {
            #expect(bench.directories[side].sorted.filter { $0.attributes["mail"] == mail["mail"] }.count == 1)
        }
        #expect(directory.entries[ann] != nil)
    }

    @Test(arguments: [false, true])
    func `What befalls who stands in a container that left a deleted one is carried when it is known where that is`(
        isDeleted: Bool
    ) throws {
        let bench = try bench()
        let directory = bench.directories.miniorange
        for side in Side.allCases {
            _ = try bench.container(side, "Deep", below: try bench.place(side, "\(ou(side))=North,"))
        }
        let ann = try bench.create(.ad, "Ann", path: "OU=Deep,OU=North,")
        _ = try settled(bench)
        let start = directory.log.count
        try bench.move(.miniorange, try bench.place(.miniorange, "ou=Deep,ou=North,"), to: "")
        try bench.delete(.miniorange, try bench.place(.miniorange, "ou=North,"))
        let changes: [Change] = directory.log[start...].map { record in
            guard case .renamed(let name) = record.kind else { return .deleted(record.anchor) }
            return .edited(record.anchor, edits: [], newName: name, version: record.version)
        }
        try bench.step(.feed(.miniorange, .changes(changes, cursor: nil)))
        if isDeleted { try bench.delete(.ad, ann) } else { try bench.set(.ad, ann, "displayname", ["A"]) }
        #expect(try bench.tell(.ad).isEmpty)
        for _ in 0..<10 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 1_000)
        }
        #expect(bench.values(.miniorange, "ann", "displayname") == (isDeleted ? "no entry" : "[A]"))
    }
}
