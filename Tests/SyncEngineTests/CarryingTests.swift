import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// What one side tells is written to the other, and nothing else.
struct CarryingTests {
    @Test(arguments: [
        (
            Side.ad,
            "miniorange add uid=ann,ou=people,dc=syncline,dc=test cn=[Ann] mail=[a@syncline.test] sn=[Lee] uid=[ann]"
        ),
        (
            .miniorange,
            "ad add cn=Ann,OU=People,DC=syncline,DC=test cn=[Ann] mail=[a@syncline.test] samaccountname=[ann] sn=[Lee] "
                + "useraccountcontrol=[514]"
        ),
    ])
    func `A new person is added on the other side`(_ side: Side, _ line: String) throws {
        let bench = try Bench()
        try bench.create(side, "Ann", ["mail": ["a@syncline.test"]])
        #expect(try bench.tell(side) == [line])
        #expect(try bench.answer().isEmpty)
        // Its own add comes back through the feed.
        #expect(try bench.tell(side.opposite).isEmpty)
        #expect(bench.engine.isQuiet)
    }

    @Test
    func `A new person that the other side's own filter does not take in is added once`() throws {
        let bench = try Bench { specification in
            specification.scopes.miniorange.filter = .present("displayName")
        }
        try bench.create(.ad, "Ann")
        #expect(try bench.tell(.ad).count == 1)
        #expect(try bench.settle().isEmpty)
        #expect(bench.engine.isQuiet)
    }

    @Test(arguments: Side.allCases)
    func `A new person is added below the counterpart of the container`(_ side: Side) throws {
        let bench = try Bench()
        let type = side == .ad ? "OU" : "ou"
        try bench.create(side, "Ann", path: "\(type)=North,")
        let lines = try bench.tell(side)
        let isBelow = lines.first?.contains(side == .ad ? "ou=North,ou=people" : "OU=North,OU=People")
        #expect(lines.count == 1 && isBelow == true, "\(lines)")
    }

    @Test(arguments: Side.allCases)
    func `A change of one value is one modify with the old value as its condition`(_ side: Side) throws {
        let bench = try Bench()
        let anchor = try bench.create(side, "Ann", ["mail": ["a@syncline.test"]])
        try bench.tell(side)
        try bench.settle()
        let other = try #require(bench.counterpart(side.opposite, "ann"))
        try bench.set(side, anchor, "mail", ["b@syncline.test"])
        #expect(
            try bench.tell(side) == [
                "\(side.opposite.name) modify \(other.low) mail: [a@syncline.test] -> [b@syncline.test]"
            ]
        )
        #expect(try bench.settle().isEmpty)
        #expect(bench.store.contents.conflicts.isEmpty)
    }

    @Test
    func `Changes of different attributes on both sides cross`() throws {
        let bench = try Bench()
        let ad = try bench.create(.ad, "Ann")
        try bench.settle()
        let miniorange = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.ad, ad, "mail", ["a@syncline.test"])
        try bench.set(.miniorange, miniorange, "displayname", ["Ann Lee"])
        #expect(try bench.tell(.ad) == ["miniorange modify \(miniorange.low) mail: [] -> [a@syncline.test]"])
        try bench.settle()
        #expect(bench.values(.ad, "ann", "displayname") == "[Ann Lee]")
        #expect(bench.values(.miniorange, "ann", "mail") == "[a@syncline.test]")
        #expect(bench.store.contents.conflicts.isEmpty)
    }

    @Test
    func `Values of a set that both sides added stand on both`() throws {
        let bench = try Bench()
        let ad = try bench.create(.ad, "Ann", ["postofficebox": ["1"]])
        try bench.settle()
        let miniorange = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.ad, ad, "postofficebox", ["1", "2"])
        try bench.set(.miniorange, miniorange, "postofficebox", ["1", "3"])
        try bench.settle()
        #expect(bench.values(.ad, "ann", "postofficebox") == "[1|2|3]")
        #expect(bench.values(.miniorange, "ann", "postofficebox") == "[1|2|3]")
    }

    @Test
    func `What both sides set differently at the same time is reported, and the preferred side stands`() throws {
        let bench = try Bench()
        let ad = try bench.create(.ad, "Ann")
        try bench.settle()
        let miniorange = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.ad, ad, "displayname", ["here"])
        try bench.set(.miniorange, miniorange, "displayname", ["there"])
        try bench.settle()
        #expect(bench.values(.miniorange, "ann", "displayname") == "[here]")
        let conflict = try #require(bench.store.contents.conflicts.first)
        #expect(conflict.values == PerSide(ad: ["here"], miniorange: ["there"]))
        #expect(conflict.winner == .ad && conflict.subject == .attribute("displayname"))
        #expect(bench.store.contents.conflicts.count == 1)
    }

    @Test(arguments: Side.allCases)
    func `A deletion is carried to the other side`(_ side: Side) throws {
        let bench = try Bench()
        let anchor = try bench.create(side, "Ann")
        try bench.settle()
        let other = try #require(bench.counterpart(side.opposite, "ann"))
        let name = try #require(bench.directories[side.opposite].name(of: other))
        try bench.delete(side, anchor)
        #expect(try bench.tell(side) == ["\(side.opposite.name) delete \(other.low) \(name)"])
        #expect(try bench.settle().isEmpty)
        #expect(bench.store.contents.pairs.keys.allSatisfy { bench.store.pair($0)?.kind == .container })
    }

    @Test(arguments: Side.allCases)
    func `A change outlives a deletion on the other side`(_ side: Side) throws {
        let bench = try Bench()
        let anchor = try bench.create(side, "Ann")
        try bench.settle()
        let other = try #require(bench.counterpart(side.opposite, "ann"))
        try bench.delete(side, anchor)
        try bench.set(side.opposite, other, "displayname", ["still here"])
        try bench.settle()
        #expect(bench.values(side, "ann", "displayname") == "[still here]")
        #expect(bench.store.contents.conflicts.map(\.subject) == [.existence])
        #expect(bench.store.contents.conflicts.map(\.decision) == [.changeWins])
    }

    @Test
    func `Where deletes win the changed values are reported`() throws {
        let bench = try Bench { $0.deleteAgainstChange = .deleteWins }
        let ad = try bench.create(.ad, "Ann")
        try bench.settle()
        let miniorange = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.delete(.ad, ad)
        try bench.set(.miniorange, miniorange, "displayname", ["lost"])
        try bench.settle()
        #expect(bench.counterpart(.miniorange, "ann") == nil)
        #expect(bench.store.contents.conflicts.contains { $0.values.miniorange == ["lost"] })
    }

    @Test
    func `A new account name renames the entry that it names`() throws {
        let bench = try Bench()
        let ad = try bench.create(.ad, "Ann")
        try bench.settle()
        let miniorange = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.ad, ad, "samaccountname", ["anna"])
        #expect(
            try bench.tell(.ad) == [
                "miniorange rename \(miniorange.low) uid=ann,ou=people,dc=syncline,dc=test -> uid=anna,ou=people,dc=syncline,dc=test"
            ]
        )
        #expect(try bench.settle().isEmpty)
    }

    @Test(arguments: Side.allCases)
    func `A move is one rename`(_ side: Side) throws {
        let bench = try Bench()
        let anchor = try bench.create(side, "Ann")
        try bench.settle()
        let other = try #require(bench.counterpart(side.opposite, "ann"))
        try bench.move(side, anchor, to: side == .ad ? "OU=North," : "ou=North,")
        let lines = try bench.tell(side)
        #expect(lines.count == 1 && lines[0].hasPrefix("\(side.opposite.name) rename \(other.low) "), "\(lines)")
        #expect(try bench.settle().isEmpty)
    }

    @Test(arguments: Side.allCases)
    func `A reference follows as soon as its target is there`(_ side: Side) throws {
        let bench = try Bench()
        let boss = try bench.create(side, "Bo")
        let ann = try bench.create(side, "Ann")
        try bench.set(side, ann, "manager", [Reference.entry(boss).octets])
        let lines = try bench.tell(side)
        #expect(lines.count == 2 && !lines.contains { $0.contains("manager") }, "\(lines)")
        try bench.settle()
        let other = try #require(bench.counterpart(side.opposite, "ann"))
        let manager = bench.directories[side.opposite].snapshot(other)?.attributes["manager"].first?.lossyText
        #expect(manager?.lowercased().contains(side == .ad ? "uid=bo," : "cn=bo,") == true)
    }

    @Test(arguments: Side.allCases)
    func `An entry whose container has no counterpart waits for it`(_ side: Side) throws {
        let bench = try Bench()
        let type = side == .ad ? "OU" : "ou"
        _ = try bench.container(side, "South", below: try bench.place(side))
        try bench.create(side, "Ann", path: "\(type)=South,")
        let south = try bench.place(side, "\(type)=South,")
        // What may have stood in a container before it came to be known is looked for.
        #expect(try bench.tell(side) == ["\(side.name) readBelow \(south.low)"])
        try bench.settle()
        #expect(bench.quarantine == ["no counterpart for parent"])
        _ = try bench.container(side.opposite, "South", below: try bench.place(side.opposite))
        let lines = try (bench.tell(side.opposite) + bench.settle()).filter { !$0.contains("readBelow") }
        #expect(lines.count == 1 && lines[0].hasPrefix("\(side.opposite.name) add "), "\(lines)")
        try bench.settle()
        #expect(bench.quarantine.isEmpty)
    }

    @Test(arguments: Side.allCases)
    func `Leaving the scope deletes nothing, and coming back goes on`(_ side: Side) throws {
        let bench = try Bench()
        let anchor = try bench.create(side, "Ann")
        try bench.settle()
        let directory = bench.directories[side]
        let entry = try #require(directory.entries[anchor])
        #expect(directory.rename(anchor, below: directory.top, entry.rdn) == nil)
        try bench.set(side, anchor, "displayname", ["outside"])
        #expect(try bench.settle().isEmpty)
        try bench.move(side, anchor, to: "")
        let lines = try bench.settle()
        #expect(lines.count == 1 && lines[0].contains("displayname: [] -> [outside]"), "\(lines)")
    }

    /// The container is told to be gone before that is told which stood in it: deleted with it, or moved away before.
    @Test(arguments: [true, false])
    func `A reference is not written while it is not known where that stands which it names`(_ isDeleted: Bool) throws {
        let bench = try Bench.withGroups(departments: true)
        let ann = try bench.create(.ad, "Ann")
        let bo = try bench.create(.ad, "Bo", path: "OU=North,")
        try bench.expectRest()
        let north = try bench.place(.ad, "OU=North,")
        if isDeleted { try bench.delete(.ad, bo) } else { try bench.move(.ad, bo, to: "") }
        try bench.delete(.ad, north)
        try bench.step(.feed(.ad, .changes([.deleted(north)], cursor: nil)))
        let manager = Reference.entry(try #require(bench.counterpart(.miniorange, "bo"))).octets
        try bench.set(.miniorange, try #require(bench.counterpart(.miniorange, "ann")), "manager", [manager])
        let lines = try bench.tell(.miniorange)
        #expect(!lines.contains { $0.contains("ad modify") }, "\(lines)")
        try bench.tell(.ad)
        try bench.answerAll()
        #expect(
            bench.directories.ad.entries[ann]?.attributes["manager"] == (isDeleted ? [] : [Reference.entry(bo).octets])
        )
        #expect(bench.engine.isQuiet)
    }
}
