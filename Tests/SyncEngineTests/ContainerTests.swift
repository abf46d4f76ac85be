import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// The tree that people and groups stand in is the same on both sides.
struct ContainerTests {
    func settled(_ bench: Bench) throws -> [String] {
        let lines = try bench.settle()
        #expect(lines.last != "does not come to rest")
        #expect(try bench.settle().isEmpty)
        #expect(bench.engine.isQuiet)
        return lines.filter { !$0.contains(" read") }
    }

    func bench() throws -> Bench { try Bench.withGroups(try Bench.named(), departments: true) }

    func name(_ bench: Bench, _ side: Side, _ account: String) -> String {
        bench.counterpart(side, account).flatMap { bench.directories[side].name(of: $0) }?
            .description.lowercased() ?? "no entry"
    }

    func ou(_ side: Side) -> String { side == .ad ? "OU" : "ou" }

    @Test(arguments: Side.allCases)
    func `Missing containers are made, parents first`(_ side: Side) throws {
        let bench = try bench()
        let south = try bench.container(side, "South", below: try bench.place(side))
        _ = try bench.container(side, "Deep", below: south)
        try bench.create(side, "Ann", path: "\(ou(side))=Deep,\(ou(side))=South,")
        let lines = try settled(bench)
        #expect(lines.count == 3, "\(lines)")
        #expect(name(bench, side.opposite, "ann").contains("=ann,ou=deep,ou=south,ou=people,"))
    }

    @Test(arguments: Side.allCases)
    func `A renamed container is one rename, and what stands in it is not touched`(_ side: Side) throws {
        let bench = try bench()
        for person in ["Ann", "Bo"] { try bench.create(side, person, path: "\(ou(side))=North,") }
        _ = try settled(bench)
        let north = try bench.place(side, "\(ou(side))=North,")
        try bench.move(side, north, to: "", rdn: RelativeDistinguishedName(type: ou(side), value: "Arctic"))
        let lines = try settled(bench)
        #expect(lines.count == 1 && lines[0].contains(" rename "), "\(lines)")
        #expect(name(bench, side.opposite, "ann").contains(",ou=arctic,ou=people,"))
        let ann = try #require(bench.counterpart(side, "ann"))
        try bench.set(side, ann, "displayname", ["A"])
        _ = try settled(bench)
        #expect(bench.values(side.opposite, "ann", "displayname") == "[A]")
    }

    /// The other side's feed tells nothing meanwhile.
    @Test(arguments: Side.allCases)
    func `Who stands in a container that has another name by then is renamed when that is known, and not set aside`(
        _ side: Side
    ) throws {
        let bench = try bench()
        let other = side.opposite
        let deep = try bench.container(side, "Deep", below: try bench.place(side, "\(ou(side))=North,"))
        _ = try settled(bench)
        let north = try bench.place(other, "\(ou(other))=North,")
        let named = { RelativeDistinguishedName(type: self.ou($0), value: $1) }
        try bench.move(other, north, to: "", rdn: named(other, "Arctic"))
        try bench.move(side, deep, to: "\(ou(side))=North,", rdn: named(side, "Deeper"))
        try bench.tell(side)
        try bench.answerAll()
        #expect(bench.quarantine == [])
        _ = try bench.place(other, "\(ou(other))=Deeper,\(ou(other))=Arctic,")
        _ = try settled(bench)
        _ = try bench.place(side, "\(ou(side))=Deeper,\(ou(side))=Arctic,")
    }

    @Test
    func `Who comes back into the scope brings back the container that he is to stand in`() throws {
        let bench = try bench()
        let directory = bench.directories.ad
        let elsewhere = try bench.container(.ad, "Elsewhere", below: directory.top)
        for side in Side.allCases { _ = try bench.container(side, "South", below: try bench.place(side)) }
        _ = try settled(bench)
        let south = try bench.place(.ad, "OU=South,")
        let rdn = RelativeDistinguishedName(type: "OU", value: "South")
        #expect(directory.rename(south, below: elsewhere, rdn) == nil)
        try bench.tell(.ad)
        try bench.move(.miniorange, try bench.place(.miniorange, "ou=South,"), to: "ou=North,")
        try bench.tell(.miniorange)
        try bench.delete(.ad, try bench.place(.ad, "OU=North,"))
        try bench.tell(.ad)
        try bench.move(.ad, south, to: "")
        _ = try settled(bench)
        for side in Side.allCases { _ = try bench.place(side, "\(ou(side))=South,\(ou(side))=North,") }
    }

    @Test
    func `Who is to stand where the other side has no place gets what else changed`() throws {
        let bench = try bench()
        let directory = bench.directories.ad
        let elsewhere = try bench.container(.ad, "Elsewhere", below: directory.top)
        try bench.create(.ad, "Ann")
        _ = try settled(bench)
        let rdn = RelativeDistinguishedName(type: "OU", value: "North")
        #expect(directory.rename(try bench.place(.ad, "OU=North,"), below: elsewhere, rdn) == nil)
        try bench.tell(.ad)
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.move(.miniorange, ann, to: "ou=North,")
        try bench.set(.miniorange, ann, "displayname", ["Ann"])
        _ = try settled(bench)
        #expect(bench.values(.ad, "ann", "displayname") == "[Ann]")
        #expect(bench.quarantine == ["no counterpart for parent"])
    }

    @Test
    func `Who was added below a container that has another name by now is nobody new`() throws {
        let bench = try bench()
        try bench.create(.ad, "Ann", path: "OU=North,")
        #expect(try bench.tell(.ad).count == 1)
        _ = bench.directories.miniorange.perform(try #require(bench.sent.first).operation)
        try bench.answer(.unknown)
        try bench.set(.ad, try #require(bench.counterpart(.ad, "ann")), "samaccountname", ["anna"])
        try bench.tell(.ad)
        let arctic = RelativeDistinguishedName(type: "ou", value: "Arctic")
        try bench.move(.miniorange, try bench.place(.miniorange, "ou=North,"), to: "", rdn: arctic)
        let lines = try bench.tell(.miniorange)
        #expect(!lines.contains { $0.contains(" add ") }, "\(lines)")
        try bench.settle(rounds: 10, milliseconds: 200)
        for side in Side.allCases {
            let people = bench.directories[side].sorted.filter { $0.attributes["cn"] == ["Ann"] }
            #expect(people.count == 1)
        }
    }

    /// Ann was added, the answer was lost, and nothing has told yet of the other name that her container has since.
    private func benchOfLostAnn() throws -> Bench {
        let bench = try bench()
        _ = try settled(bench)
        try bench.create(.ad, "Ann", path: "OU=North,")
        try bench.tell(.ad)
        try bench.answer(.unknown, carriedOut: true)
        let rdn = RelativeDistinguishedName(type: "ou", value: "Arctic")
        try bench.move(.miniorange, try bench.place(.miniorange, "ou=North,"), to: "", rdn: rdn)
        return bench
    }

    @Test
    func `Nor is he where nothing has told yet of the container's other name`() throws {
        let bench = try benchOfLostAnn()
        for _ in 0..<5 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 1_000)
        }
        _ = try settled(bench)
        #expect(bench.directories.miniorange.sorted.count { $0.attributes["uid"] == ["ann"] } == 1)
        for side in Side.allCases { #expect(name(bench, side, "ann").contains("=ann,ou=arctic,")) }
    }

    @Test
    func `Nor is he while the answer that tells it is on its way`() throws {
        let bench = try benchOfLostAnn()
        while bench.sent.isEmpty { _ = try bench.pass(milliseconds: 1_000) }
        #expect(try bench.answer().contains { $0.hasPrefix("miniorange read ") })
        for _ in 0..<5 {
            #expect(try bench.pass(milliseconds: 1_000).allSatisfy { $0.hasPrefix("miniorange readName ") })
            if bench.sent.count > 1 { #expect(try bench.answerLast().isEmpty) }
        }
        while !bench.sent.isEmpty { try bench.answer() }
        _ = try bench.pass(milliseconds: 1_000)
        _ = try settled(bench)
        #expect(bench.directories.miniorange.sorted.count { $0.attributes["uid"] == ["ann"] } == 1)
    }

    @Test
    func `Who is back by the answer to a write is looked for in his groups`() throws {
        let bench = try bench()
        let directory = bench.directories.miniorange
        let elsewhere = try bench.container(.miniorange, "Elsewhere", below: directory.top)
        let own = try bench.create(.ad, "Ann")
        _ = try settled(bench)
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.ad, own, "displayname", ["Ann"])
        try bench.tell(.ad)
        let rdn = RelativeDistinguishedName(type: "uid", value: "ann")
        #expect(directory.rename(ann, below: elsewhere, rdn) == nil)
        try bench.tell(.miniorange)
        try bench.move(.miniorange, ann, to: "")
        #expect(try bench.answer().contains("miniorange readGroups \(ann.low)"))
    }

    @Test(arguments: Side.allCases)
    func `A moved container is one move`(_ side: Side) throws {
        let bench = try bench()
        _ = try bench.container(side, "South", below: try bench.place(side))
        try bench.create(side, "Ann", path: "\(ou(side))=North,")
        _ = try settled(bench)
        try bench.move(side, try bench.place(side, "\(ou(side))=North,"), to: "\(ou(side))=South,")
        let lines = try settled(bench)
        #expect(lines.count == 1 && lines[0].contains(" rename "), "\(lines)")
        #expect(name(bench, side.opposite, "ann").contains(",ou=north,ou=south,ou=people,"))
    }

    @Test(arguments: Side.allCases)
    func `A container that is deleted with all in it goes when it is empty`(_ side: Side) throws {
        let bench = try bench()
        let ann = try bench.create(side, "Ann", path: "\(ou(side))=North,")
        _ = try settled(bench)
        let north = try bench.place(side, "\(ou(side))=North,")
        try bench.delete(side, ann)
        try bench.delete(side, north)
        let lines = try settled(bench)
        #expect(lines.count == 2 && lines.allSatisfy { $0.contains(" delete ") }, "\(lines)")
        #expect(throws: (any Error).self) { try bench.place(side.opposite, "\(self.ou(side.opposite))=North,") }
    }

    @Test(arguments: Side.allCases)
    func `Who is new in a container that is deleted on the other side brings it back`(_ side: Side) throws {
        let bench = try bench()
        _ = try settled(bench)
        try bench.delete(side, try bench.place(side, "\(ou(side))=North,"))
        try bench.create(side.opposite, "Ann", path: "\(ou(side.opposite))=North,")
        _ = try settled(bench)
        #expect(name(bench, side, "ann").contains("=ann,ou=north,ou=people,"))
        #expect(name(bench, side.opposite, "ann").contains("=ann,ou=north,ou=people,"))
    }

    @Test(arguments: Side.allCases)
    func `Whose change outlives the deletion of all around it gets its container back`(_ side: Side) throws {
        let bench = try bench()
        let ann = try bench.create(side, "Ann", path: "\(ou(side))=North,")
        _ = try settled(bench)
        let other = try #require(bench.counterpart(side.opposite, "ann"))
        try bench.set(side.opposite, other, "displayname", ["still here"])
        try bench.delete(side, ann)
        try bench.delete(side, try bench.place(side, "\(ou(side))=North,"))
        _ = try settled(bench)
        #expect(bench.values(side, "ann", "displayname") == "[still here]")
        #expect(name(bench, side, "ann").contains("=ann,ou=north,ou=people,"))
    }

    /// Where she stands is the LDAP side's affair.
    @Test
    func `Who was moved out of a container that was deleted then, and is to stand there all the same, gets it back`()
        throws
    {
        let bench = try Bench.withGroups(
            try Bench.named(),
            departments: true,
            specifyPeople: { $0.direction = .toAD }
        )
        try bench.create(.miniorange, "Ann", path: "ou=North,")
        _ = try settled(bench)
        let ann = try #require(bench.counterpart(.ad, "ann"))
        try bench.move(.ad, ann, to: "")
        try bench.delete(.ad, try bench.place(.ad, "OU=North,"))
        _ = try settled(bench)
        for side in Side.allCases { #expect(name(bench, side, "ann").contains("=ann,ou=north,ou=people,")) }
        #expect(bench.quarantine.isEmpty)
    }

    @Test
    func `Who was moved out of a container that was deleted then comes into his group when it is known where he is`()
        throws
    {
        let bench = try bench()
        let directory = bench.directories.miniorange
        let ann = try bench.create(.ad, "Ann", path: "OU=North,")
        let crew = try bench.createGroup(.ad, "crew")
        _ = try settled(bench)
        let there = try #require(bench.counterpart(.miniorange, "ann"))
        let start = directory.log.count
        try bench.move(.miniorange, there, to: "")
        try bench.delete(.miniorange, try bench.place(.miniorange, "ou=North,"))
        let changes: [Change] = directory.log[start...].map { record in
            guard case .renamed(let name) = record.kind else { return .deleted(record.anchor) }
            return .edited(record.anchor, edits: [], newName: name, version: record.version)
        }
        try bench.step(.feed(.miniorange, .changes(changes, cursor: nil)))
        try bench.setMembers(.ad, crew, add: [ann])
        try bench.tell(.ad)
        for _ in 0..<10 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 1_000)
        }
        #expect(bench.members(.miniorange, "crew") == "ann")
    }

    @Test(arguments: Side.allCases)
    func `What comes with a container that is moved into scope comes along`(_ side: Side) throws {
        let bench = try bench()
        let directory = bench.directories[side]
        let south = try bench.container(side, "South", below: directory.top)
        let north = try bench.place(side, "\(ou(side))=North,")
        let ann = try bench.create(side, "Ann", path: "\(ou(side))=North,")
        _ = try settled(bench)
        let rdn = try #require(directory.entries[north]).rdn
        #expect(directory.rename(north, below: south, rdn) == nil)
        try bench.set(side, ann, "displayname", ["outside"])
        _ = try settled(bench)
        #expect(bench.values(side.opposite, "ann", "displayname") == "[]")
        #expect(directory.rename(north, below: try bench.place(side), rdn) == nil)
        _ = try settled(bench)
        #expect(bench.values(side.opposite, "ann", "displayname") == "[outside]")
    }

    @Test
    func `A table of container pairs places by its longest match`() throws {
        func pair(_ ad: String, _ miniorange: String) throws -> PerSide<DistinguishedName> {
            PerSide(
                ad: try DistinguishedName(parsing: ad + Bench.bases.ad),
                miniorange: try DistinguishedName(parsing: miniorange + Bench.bases.miniorange)
            )
        }
        let table = [try pair("OU=North,", "ou=polar,"), try pair("OU=Deep,OU=North,", "ou=sea,")]
        let bench = try Bench { people in people.containerPairs = table }
        let deep = try bench.container(.ad, "Deep", below: try bench.place(.ad, "OU=North,"))
        _ = try bench.container(.ad, "Deeper", below: deep)
        _ = try bench.container(.miniorange, "polar", below: try bench.place(.miniorange))
        _ = try bench.container(.miniorange, "sea", below: try bench.place(.miniorange))
        try bench.create(.ad, "Ann", path: "OU=North,")
        try bench.create(.ad, "Bo", path: "OU=Deeper,OU=Deep,OU=North,")
        try bench.create(.ad, "Cy")
        try bench.create(.miniorange, "Dee", path: "ou=sea,")
        _ = try settled(bench)
        #expect(name(bench, .miniorange, "ann") == "uid=ann,ou=polar,ou=people,dc=syncline,dc=test")
        #expect(name(bench, .miniorange, "bo") == "uid=bo,ou=sea,ou=people,dc=syncline,dc=test")
        #expect(name(bench, .miniorange, "cy") == "uid=cy,ou=people,dc=syncline,dc=test")
        #expect(name(bench, .ad, "dee") == "cn=dee,ou=deep,ou=north,ou=people,dc=syncline,dc=test")
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.move(.miniorange, ann, to: "ou=sea,")
        _ = try settled(bench)
        #expect(name(bench, .ad, "ann") == "cn=ann,ou=deep,ou=north,ou=people,dc=syncline,dc=test")
        #expect(name(bench, .ad, "bo") == "cn=bo,ou=deeper,ou=deep,ou=north,ou=people,dc=syncline,dc=test")
    }

    /// Read while its container had moved, and told before that: by the time that all is known nobody has the name by which it was read.
    @Test
    func `An entry whose place was told by a name that is gone is asked for again`() throws {
        let bench = try bench()
        let directory = bench.directories.miniorange
        let north = try bench.place(.miniorange, "ou=North,")
        let south = try bench.container(.miniorange, "South", below: try bench.place(.miniorange))
        try bench.create(.miniorange, "Ann")
        _ = try settled(bench)
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        let start = directory.log.count
        try bench.move(.miniorange, ann, to: "ou=North,")
        try bench.move(.miniorange, north, to: "ou=South,")
        let read = try #require(directory.snapshot(ann))
        try bench.move(.miniorange, south, to: "", rdn: RelativeDistinguishedName(type: "ou", value: "Arctic"))
        let renames: [Change] = directory.log[(start + 1)...].compactMap { record in
            guard case .renamed(let name) = record.kind else { return nil }
            return .edited(record.anchor, edits: [], newName: name, version: record.version)
        }
        try bench.step(
            .feed(
                .miniorange,
                .changes([.edited(ann, edits: [], newName: read.name, version: read.version)], cursor: nil)
            )
        )
        try bench.answer(.done(read))
        try bench.step(.feed(.miniorange, .changes(renames, cursor: nil)))
        for _ in 0..<5 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 1_000)
        }
        let replica = try bench.store.write { try $0.replica(.miniorange, ann) }
        #expect(replica?.parent == .entry(north))
        #expect(bench.quarantine.isEmpty)
    }

    @Test(arguments: [true, false])
    func `So is a container, whether it is kept in agreement or only gives others their place`(isKept: Bool) throws {
        let bench = try Bench.withGroups(try Bench.named(), departments: isKept)
        let directory = bench.directories.ad
        let north = try bench.place(.ad, "OU=North,")
        if !isKept {
            _ = try bench.container(.miniorange, "Deep", below: try bench.place(.miniorange, "ou=North,"))
        }
        _ = try settled(bench)
        try bench.move(.ad, north, to: "", rdn: RelativeDistinguishedName(type: "OU", value: "Polar"))
        let deep = try bench.container(.ad, "Deep", below: north)
        let told = try #require(directory.snapshot(deep))
        #expect(
            try bench.step(.feed(.ad, .changes([.present(told)], cursor: nil)))
                == ["ad readBelow \(deep.low)", "ad read \(deep.low)"]
        )
        try bench.answer(.found([]))
        try bench.answer(.done(told))
        try bench.move(.ad, north, to: "", rdn: RelativeDistinguishedName(type: "OU", value: "Arctic"))
        let ann = try bench.create(.ad, "Ann", path: "OU=Deep,OU=Arctic,")
        let later = try [north, ann].map { Change.present(try #require(directory.snapshot($0))) }
        try bench.step(.feed(.ad, .changes(later, cursor: nil)))
        for _ in 0..<5 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 1_000)
        }
        #expect(name(bench, .miniorange, "ann").contains("=ann,ou=deep,ou=\(isKept ? "arctic" : "north"),ou=people,"))
        #expect(bench.quarantine.isEmpty)
    }

    @Test
    func `Who changed while his container was out of scope is back with it, though that is told last`() throws {
        let bench = try bench()
        let directory = bench.directories.miniorange
        try bench.create(.ad, "Ann", path: "OU=North,")
        try bench.settle()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        let north = try bench.place(.miniorange, "ou=North,")
        let rdn = try #require(directory.entries[north]).rdn
        #expect(directory.rename(north, below: directory.top, rdn) == nil)
        try bench.set(.miniorange, ann, "mail", ["ann@else.test"])
        let changed = try #require(directory.snapshot(ann))
        #expect(directory.rename(north, below: try bench.place(.miniorange), rdn) == nil)
        let back = try #require(directory.snapshot(north))
        for entry in [back, changed] {
            try bench.step(.feed(.miniorange, .changes([.present(entry)], cursor: nil)))
        }
        for _ in 0..<10 where !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.values(.ad, "ann", "mail") == "[ann@else.test]")
    }
}
