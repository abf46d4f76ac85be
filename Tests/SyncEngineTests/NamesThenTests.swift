import Support
import SyncEngine
import SyncModel
import Testing

/// A DN names who had the name when it was written, whoever has it by the time that it is told.
struct NamesThenTests {
    private static func answerAll(_ bench: Bench) throws {
        for _ in 0..<50 where !bench.sent.isEmpty { try bench.answer() }
    }

    /// Two take each other's account at AD, and so each other's name at the LDAP side, where the answers come before the feed.
    private static func swap(_ bench: Bench, _ one: Anchor, _ other: Anchor) throws {
        try bench.set(.ad, one, "samaccountname", ["spare"])
        try bench.set(.ad, other, "samaccountname", ["ann"])
        try bench.set(.ad, one, "samaccountname", ["bo"])
        try bench.tell(.ad)
        try answerAll(bench)
    }

    @Test
    func `A reference that was written before two swapped names, and told after it, is to who had the name`() throws {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann")
        let bo = try bench.create(.ad, "Bo")
        let cy = try bench.create(.ad, "Cy")
        try bench.settle()
        let target = try #require(bench.counterpart(.miniorange, "ann"))
        let source = try #require(bench.counterpart(.miniorange, "cy"))
        try bench.set(.miniorange, source, "manager", [Reference.entry(target).octets])
        try Self.swap(bench, ann, bo)
        #expect(bench.directories.miniorange.entries[target]?.rdn.value == "bo")
        try bench.tell(.miniorange)
        try bench.settle()
        #expect(bench.directories.ad.entries[cy]?.attributes["manager"] == [Reference.entry(ann).octets])
        #expect(bench.directories.miniorange.entries[source]?.attributes["manager"] == [Reference.entry(target).octets])
    }

    @Test
    func `Who named somebody whose name another one has got names that one`() throws {
        let bench = try Bench()
        for name in ["Ann", "Cy"] { try bench.create(.ad, name) }
        try bench.settle()
        let former = try #require(bench.counterpart(.miniorange, "ann"))
        let cy = try #require(bench.counterpart(.miniorange, "cy"))
        try bench.delete(.miniorange, former)
        let ann = try bench.create(.miniorange, "Ann", ["displayname": ["Another"]])
        try bench.set(.miniorange, cy, "manager", [Reference.entry(ann).octets])
        let told = try [cy, ann].map { Change.present(try #require(bench.directories.miniorange.snapshot($0))) }
        try bench.step(.feed(.miniorange, .changes(told, cursor: nil)))
        try bench.settle(rounds: 5, milliseconds: 1_000)
        let other = try #require(bench.counterpart(.ad, "ann"))
        #expect(bench.values(.ad, "ann", "displayname") == "[Another]")
        let source = try #require(bench.counterpart(.ad, "cy"))
        #expect(bench.directories.ad.entries[source]?.attributes["manager"] == [Reference.entry(other).octets])
        #expect(bench.directories.miniorange.entries[cy]?.attributes["manager"] == [Reference.entry(ann).octets])
    }

    @Test
    func `Who names himself by a name that another had is told as himself`() throws {
        let bench = try Bench()
        let former = try bench.create(.ad, "Ann", path: "OU=North,")
        let ann = try bench.create(.ad, "Ann", ["samaccountname": ["ann2"]])
        try bench.settle()
        try bench.delete(.ad, former)
        try bench.move(.ad, ann, to: "OU=North,")
        try bench.set(.ad, ann, "manager", [Reference.entry(ann).octets])
        let told = try #require(bench.directories.ad.snapshot(ann))
        try bench.step(.feed(.ad, .changes([.present(told)], cursor: nil)))
        try bench.settle()
        let other = try #require(bench.counterpart(.miniorange, "ann2"))
        #expect(bench.directories.miniorange.entries[other]?.attributes["manager"] == [Reference.entry(other).octets])
        #expect(bench.directories.ad.entries[ann]?.attributes["manager"] == [Reference.entry(ann).octets])
    }

    @Test
    func `A reference by a name that its owner has no more is to him`() throws {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann")
        let cy = try bench.create(.ad, "Cy")
        try bench.settle()
        let target = try #require(bench.counterpart(.miniorange, "ann"))
        let source = try #require(bench.counterpart(.miniorange, "cy"))
        try bench.set(.miniorange, source, "manager", [Reference.entry(target).octets])
        try bench.set(.ad, ann, "samaccountname", ["other"])
        try bench.tell(.ad)
        try Self.answerAll(bench)
        try bench.tell(.miniorange)
        try bench.settle()
        #expect(bench.directories.ad.entries[cy]?.attributes["manager"] == [Reference.entry(ann).octets])
    }

    /// Cy names Ann, who is never known on the LDAP side: she is deleted there, and made by us.
    @Test(arguments: [false, true])
    func `A name that nobody had when it was told is nobody's who has come to it since`(_ isEdit: Bool) throws {
        let bench = try Bench()
        try bench.create(.ad, "Cy")
        try bench.settle()
        let cy = try #require(bench.counterpart(.miniorange, "cy"))
        let directory = bench.directories.miniorange
        let ann = try bench.create(.miniorange, "Ann", ["displayname": ["Former"]])
        try bench.set(.miniorange, cy, "manager", [Reference.entry(ann).octets])
        let told = try #require(directory.snapshot(cy))
        let edit = AttributeEdit(kind: .replace, name: "manager", values: told.attributes["manager"])
        let change: Change =
            isEdit ? .edited(cy, edits: [edit], newName: nil, version: told.version) : .present(told)
        try bench.delete(.miniorange, ann)
        try bench.step(.feed(.miniorange, .changes([change], cursor: nil)))
        try bench.create(.ad, "Ann")
        try bench.tell(.ad)
        try Self.answerAll(bench)
        #expect(bench.counterpart(.miniorange, "ann") != nil)
        #expect(bench.values(.ad, "cy", "manager") == "[]")
        #expect(directory.entries[cy]?.attributes["manager"] == [])
    }

    @Test
    func `Who was read behind a swap of names, and told before it, names who has the name then`() throws {
        let bench = try Bench()
        for name in ["Ann", "Bo", "Cy"] { try bench.create(.ad, name) }
        try bench.settle()
        let directory = bench.directories.miniorange
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        let bo = try #require(bench.counterpart(.miniorange, "bo"))
        let cy = try #require(bench.counterpart(.miniorange, "cy"))
        try bench.set(.miniorange, cy, "manager", [Reference.entry(ann).octets])
        for (anchor, account) in [(ann, "spare"), (bo, "ann"), (ann, "bo")] {
            let rdn = RelativeDistinguishedName(type: "uid", value: Octets(account))
            try bench.move(.miniorange, anchor, to: "", rdn: rdn)
        }
        // By its present text Cy's manager is called bo, who is another one as far as is known yet.
        let read = Change.present(try #require(directory.snapshot(cy)))
        try bench.step(.feed(.miniorange, .changes([read], cursor: nil)))
        try bench.tell(.miniorange)
        try bench.settle()
        let manager = try #require(bench.counterpart(.ad, "bo"))
        let source = try #require(bench.counterpart(.ad, "cy"))
        #expect(bench.directories.ad.entries[source]?.attributes["manager"] == [Reference.entry(manager).octets])
    }

    @Test
    func `Who names somebody that has got the name which was his own names that one`() throws {
        let bench = try Bench()
        let directory = bench.directories.ad
        let ann = try bench.create(.ad, "Ann")
        try bench.settle()
        let source = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.move(.ad, ann, to: "", rdn: RelativeDistinguishedName(type: "CN", value: "Anna"))
        let other = try bench.create(.ad, "Ann", ["samaccountname": ["other"]])
        try bench.set(.ad, ann, "manager", [Reference.entry(other).octets])
        for entry in [ann, other] {
            let told = Change.present(try #require(directory.snapshot(entry)))
            try bench.step(.feed(.ad, .changes([told], cursor: nil)))
        }
        try bench.settle()
        let target = try #require(bench.counterpart(.miniorange, "other"))
        #expect(bench.directories.miniorange.entries[source]?.attributes["manager"] == [Reference.entry(target).octets])
    }

    /// Bo is known by an earlier reading, and was deleted since.
    @Test
    func `Who names the next one by the name of one who is gone names that one after a first read, too`() throws {
        let bench = try Bench()
        let former = try bench.create(.ad, "Bo", ["samaccountname": ["former"]])
        try bench.settle()
        try bench.store.write { try $0.setLoaded(.ad, false) }
        try bench.delete(.ad, former)
        let bo = try bench.create(.ad, "Bo")
        let ann = try bench.create(.ad, "Ann", ["manager": [Reference.entry(bo).octets]])
        let told = try [ann, bo].map { Change.present(try #require(bench.directories.ad.snapshot($0))) }
        try bench.step(.feed(.ad, .changes(told, cursor: nil)))
        try bench.complete(.ad)
        try bench.settle()
        let other = try #require(bench.counterpart(.miniorange, "bo"))
        let source = try #require(bench.counterpart(.miniorange, "ann"))
        #expect(bench.directories.miniorange.entries[source]?.attributes["manager"] == [Reference.entry(other).octets])
    }

    /// Ann is made by us at the LDAP side, where another one had been who is told only then, and last of all to be gone.
    @Test
    func `Who seemed to name one who is gone, by a name that another one has, names that one`() throws {
        let bench = try Bench()
        let directory = bench.directories.miniorange
        try bench.create(.ad, "Cy")
        try bench.settle()
        let cy = try #require(bench.counterpart(.miniorange, "cy"))
        let former = try bench.create(.miniorange, "Ann", ["displayname": ["Former"]])
        let toldFormer = Change.present(try #require(directory.snapshot(former)))
        try bench.delete(.miniorange, former)
        let ann = try bench.create(.ad, "Ann")
        try bench.tell(.ad)
        try Self.answerAll(bench)
        let target = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.miniorange, cy, "manager", [Reference.entry(target).octets])
        let toldCy = Change.present(try #require(directory.snapshot(cy)))
        for change in [toldFormer, toldCy, .deleted(former)] {
            try bench.step(.feed(.miniorange, .changes([change], cursor: nil)))
        }
        try bench.settle(rounds: 5, milliseconds: 1_000)
        let source = try #require(bench.counterpart(.ad, "cy"))
        #expect(bench.directories.ad.entries[source]?.attributes["manager"] == [Reference.entry(ann).octets])
        #expect(directory.entries[cy]?.attributes["manager"] == [Reference.entry(target).octets])
    }

    /// Ann is deleted, and made again, while Cy's manager is on its way to the LDAP side.
    @Test
    func `Our own write of a name that another one has got meanwhile names that one on both sides`() throws {
        let bench = try Bench()
        let directory = bench.directories.miniorange
        let former = try bench.create(.ad, "Ann")
        let cy = try bench.create(.ad, "Cy")
        try bench.settle()
        let target = try #require(bench.counterpart(.miniorange, "ann"))
        let source = try #require(bench.counterpart(.miniorange, "cy"))
        try bench.set(.ad, cy, "manager", [Reference.entry(former).octets])
        try bench.tell(.ad)
        try bench.delete(.miniorange, target)
        let ann = try bench.create(.miniorange, "Ann", ["displayname": ["Another"]])
        try bench.answer()
        #expect(directory.entries[source]?.attributes["manager"] == [Reference.entry(ann).octets])
        try bench.settle(rounds: 5, milliseconds: 1_000)
        let other = try #require(bench.counterpart(.ad, "ann"))
        #expect(other != former)
        #expect(bench.directories.ad.entries[cy]?.attributes["manager"] == [Reference.entry(other).octets])
        #expect(directory.entries[source]?.attributes["manager"] == [Reference.entry(ann).octets])
    }

    /// It was another Dee's, who was deleted before this one was made from AD's; the group is told as it was then.
    @Test(arguments: [false, true])
    func `Nobody is in a group by a name that he had not yet when it was told`(_ isLogged: Bool) throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let start = directory.log.count
        let group = try Crew.group(bench, .miniorange)
        let dee = try bench.create(.miniorange, "Dee")
        try bench.setMembers(.miniorange, group, add: [dee])
        let added = try #require(directory.log.last)
        try bench.delete(.miniorange, dee)
        try bench.create(.ad, "Dee")
        try bench.tell(.ad)
        try bench.answer()
        guard case .edited(let edits) = added.kind, isLogged else {
            try bench.tell(.miniorange)
            try bench.answerAll()
            for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
            return
        }
        let rest = directory.log[(start + 2)...].map { $0.snapshot.map { Change.present($0) } ?? .deleted($0.anchor) }
        let edit = Change.edited(group, edits: edits, newName: nil, version: added.version)
        try bench.step(.feed(.miniorange, .changes([edit] + rest, cursor: nil)))
        try bench.answerAll()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    /// Cy is deleted while he is being added to the group, which leaves the scope behind that, and stays out of it until another Cy is made.
    @Test(arguments: [false, true], [false, true])
    func `A name that was written for somebody who was gone is nobody's who has come to it before the group is back`(
        isToldFirst: Bool,
        isAdded: Bool
    ) throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let group = try Crew.group(bench, .miniorange)
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "cy")])
        #expect(try bench.tell(.ad).count == 1)
        try bench.delete(.miniorange, try Crew.entry(bench, .miniorange, "cy"))
        let answer = directory.perform(try #require(bench.sent.first).operation)
        #expect(directory.rename(group, below: directory.top, try #require(directory.entries[group]).rdn) == nil)
        if isToldFirst { try bench.tell(.miniorange) }
        try bench.answer(answer)
        try Crew.passed(bench)
        try bench.create(.miniorange, "Cy", ["displayname": ["Another"]])
        try Crew.passed(bench)
        #expect(bench.values(.ad, "cy", "displayname") == "[Another]")
        // Unless he is put into it at AD.
        if isAdded { try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "cy")]) }
        try Crew.passed(bench)
        try bench.move(.miniorange, group, to: "")
        try Crew.passed(bench)
        for side in Side.allCases { #expect(bench.members(side, "crew") == (isAdded ? "ann bo cy" : "ann bo")) }
    }

    /// Another one has his name by then, which is read before the server has followed him. What else was done to the group before that its log has told.
    @Test
    func `Who is not shown in a group that was changed otherwise since he was known to be in it is in it still`()
        throws
    {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let group = try Crew.group(bench, .miniorange)
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "cy")])
        try Crew.settled(bench)
        directory.followsLate = true
        let people = try ["bo", "cy"].map { try Crew.entry(bench, .miniorange, $0) }
        try bench.set(.miniorange, group, "description", ["ours"])
        let version = try #require(directory.snapshot(group)).version
        let edit = AttributeEdit(kind: .replace, name: "description", values: ["ours"])
        try bench.step(
            .feed(.miniorange, .changes([.edited(group, edits: [edit], newName: nil, version: version)], cursor: nil))
        )
        bench.skip(.miniorange)
        try bench.answerAll()
        for (person, name) in zip(people, ["spare", "bo"]) {
            let rdn = RelativeDistinguishedName(type: "uid", value: Octets(name))
            try bench.move(.miniorange, person, to: "", rdn: rdn)
        }
        let named = try people.map { Change.present(try #require(directory.snapshot($0))) }
        try bench.step(.feed(.miniorange, .changes(named, cursor: nil)))
        bench.skip(.miniorange)
        while !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.members(.ad, "crew") == "ann bo cy")
        for _ in 0..<2 { directory.followNext() }
        try Crew.passed(bench)
        for side in Side.allCases {
            #expect(bench.members(side, "crew") == (side == .ad ? "ann bo cy" : "ann bo spare"))
        }
    }

    /// Bo has another name, is taken out by it, and Ann gets his former one; the group is read before either of them, whose server is busy with them for long.
    @Test
    func `Who stands in a group by a name that another one had is not taken for him before his new one is known`()
        throws
    {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let group = try Crew.group(bench, .miniorange)
        let (ann, bo) = (try Crew.entry(bench, .miniorange, "ann"), try Crew.entry(bench, .miniorange, "bo"))
        try bench.move(.miniorange, bo, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "spare"))
        let spare = try #require(directory.snapshot(bo))
        try bench.setMembers(.miniorange, group, remove: [bo])
        let edit = AttributeEdit(kind: .delete, name: "member", values: [Octets(spare.name.description)])
        let removed = Change.edited(
            group,
            edits: [edit],
            newName: nil,
            version: try #require(directory.snapshot(group)).version
        )
        try bench.move(.miniorange, ann, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "bo"))
        let renamed = [spare, try #require(directory.snapshot(ann))].map {
            Change.edited($0.anchor, edits: [], newName: $0.name, version: $0.version)
        }
        try bench.step(.feed(.miniorange, .changes([renamed[0], removed, renamed[1]], cursor: nil)))
        bench.skip(.miniorange)
        for _ in 0..<30 {
            for write in bench.sent {
                if case .read = write.operation {
                    try bench.answer(.unavailable)
                } else {
                    try bench.answer()
                }
            }
            _ = try bench.pass(milliseconds: 500)
            #expect(bench.members(.ad, "crew") == "ann bo")
        }
        try Crew.passed(bench)
        #expect(bench.members(.ad, "crew") == "ann")
        #expect(bench.members(.miniorange, "crew") == "bo")
    }

    /// Bo has Ann's name since, and is in the group by that when their container gets another one.
    @Test
    func `A name below a former container's means who had it there last, and not who had it before`() throws {
        let bench = try Bench.withGroups(try Bench.named())
        let directory = bench.directories.miniorange
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0, path: "OU=North,") }
        let crew = try bench.createGroup(.ad, "crew")
        try Crew.settled(bench)
        let (ann, bo) = (try Crew.entry(bench, .miniorange, "ann"), try Crew.entry(bench, .miniorange, "bo"))
        for (person, account) in [(ann, "swap"), (bo, "ann"), (ann, "bo")] {
            let rdn = RelativeDistinguishedName(type: "uid", value: Octets(account))
            try bench.move(.miniorange, person, to: "ou=North,", rdn: rdn)
        }
        try bench.settle(rounds: 10, milliseconds: 1_000)
        try bench.setMembers(.ad, crew, add: [people[1]])
        try bench.settle(rounds: 10, milliseconds: 1_000)
        #expect(bench.members(.ad, "crew") == "bo" && bench.members(.miniorange, "crew") == "ann")
        directory.followsLate = true
        let north = try bench.place(.miniorange, "ou=North,")
        try bench.move(.miniorange, north, to: "", rdn: RelativeDistinguishedName(type: "ou", value: "South"))
        try bench.set(.miniorange, try Crew.group(bench, .miniorange), "description", ["ours"])
        try bench.tell(.miniorange)
        while !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.members(.ad, "crew") == "bo")
        directory.followNext()
        try bench.settle(rounds: 10, milliseconds: 1_000)
        #expect(bench.members(.ad, "crew") == "bo" && bench.members(.miniorange, "crew") == "ann")
    }

    /// She was renamed before that, and is told below the name that it had then.
    @Test
    func `Whose rename is answered after that of her container is named where she stands`() throws {
        let bench = try Bench.withGroups(try Bench.named(), departments: true)
        let directory = bench.directories.miniorange
        let ann = try bench.create(.ad, "Ann", path: "OU=North,")
        let cy = try bench.create(.ad, "Cy")
        try bench.settle()
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        let rdn = RelativeDistinguishedName(type: "OU", value: "South")
        try bench.move(.ad, try bench.place(.ad, "OU=North,"), to: "", rdn: rdn)
        try bench.tell(.ad)
        #expect(bench.sent.count == 2)
        let own = try #require(bench.sent.first { $0.operation.line.contains("anna") })
        let outcome = directory.perform(own.operation)
        for write in bench.sent where write.id != own.id {
            try bench.step(.settled(write.id, directory.perform(write.operation)))
        }
        try bench.step(.settled(own.id, outcome))
        // She is read where she stands.
        try bench.answerLast()
        try bench.set(.ad, cy, "manager", [Reference.entry(ann).octets])
        let lines = try bench.tell(.ad)
        #expect(!lines.contains { $0.contains("uid=anna,ou=North") }, "\(lines)")
    }

    /// Its server is busy with her, and answers everything else.
    @Test
    func `Who refers to somebody whose name is asked for is read again when it is known, and not before`() throws {
        let bench = try Bench()
        let ann = try bench.create(.miniorange, "Ann")
        let cy = try bench.create(.miniorange, "Cy")
        try bench.settle()
        try bench.move(.miniorange, ann, to: "")
        let moved = try #require(bench.directories.miniorange.snapshot(ann))
        let edit = Change.edited(ann, edits: [], newName: moved.name, version: moved.version)
        try bench.step(.feed(.miniorange, .changes([edit], cursor: nil)))
        try bench.answer(.unavailable)
        try bench.set(.miniorange, cy, "manager", [Reference.entry(ann).octets])
        let told = Change.present(try #require(bench.directories.miniorange.snapshot(cy)))
        try bench.step(.feed(.miniorange, .changes([told], cursor: nil)))
        #expect(try bench.answer() == [])
        #expect(try bench.pass(milliseconds: 900) == [])
        #expect(bench.sent.isEmpty)
        // Another attempt at both; hers is not answered this time either.
        #expect(try bench.pass(milliseconds: 100).count == 2)
        let hers = try #require(bench.sent.first { $0.operation.anchor == ann })
        for write in bench.sent where write.id != hers.id {
            let lines = try bench.step(.settled(write.id, bench.directories.miniorange.perform(write.operation)))
            #expect(lines == [])
        }
        let lines = try bench.step(.settled(hers.id, bench.directories.miniorange.perform(hers.operation)))
        #expect(lines.count == 1, "\(lines)")
        try Self.answerAll(bench)
        let (target, source) = (bench.counterpart(.ad, "ann"), bench.counterpart(.ad, "cy"))
        let manager = bench.directories.ad.entries[try #require(source)]?.attributes["manager"]
        #expect(manager == [Reference.entry(try #require(target)).octets])
    }
}
