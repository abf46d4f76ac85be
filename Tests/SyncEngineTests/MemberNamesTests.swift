import Support
import SyncEngine
import SyncModel
import Testing

/// A value names whoever has that name: nobody comes into a group by a name that was another one's, and nobody stays in it.
struct MemberNamesTests {
    private func rename(_ bench: Bench, _ entry: Anchor, to account: Octets) throws {
        try bench.move(.miniorange, entry, to: "", rdn: RelativeDistinguishedName(type: "uid", value: account))
    }

    @Test
    func `A deletion that is told after its answer leaves no name behind`() throws {
        let bench = try Crew.bench()
        try bench.setMembers(.ad, try Crew.group(bench, .ad), remove: [try Crew.entry(bench, .ad, "bo")])
        try Crew.settled(bench)
        try bench.delete(.ad, try Crew.entry(bench, .ad, "ann"))
        #expect(try bench.tell(.ad).count == 1)
        // The group is waited for, and can't be written.
        try bench.set(.miniorange, try Crew.group(bench, .miniorange), "description", ["ours"])
        #expect(try bench.tell(.miniorange).count == 1)
        try bench.answer()
        try bench.tell(.miniorange)
        try Crew.settled(bench)
        #expect(bench.members(.miniorange, "crew") == "nobody")
        try bench.create(.ad, "Ann")
        try Crew.settled(bench)
        for side in Side.allCases { #expect(!bench.members(side, "crew").contains("ann")) }
    }

    @Test(arguments: [false, true])
    func `Who is taken out by a name that is not known yet stays out`(_ isOneAdded: Bool) throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let start = directory.log.count
        let bo = try Crew.entry(bench, .miniorange, "bo")
        let group = try Crew.group(bench, .miniorange)
        try rename(bench, bo, to: "bob")
        try bench.setMembers(.miniorange, group, remove: [bo])
        if isOneAdded { try bench.setMembers(.miniorange, group, add: [try Crew.entry(bench, .miniorange, "cy")]) }
        let changes: [Change] = directory.log[start...].compactMap { record in
            switch record.kind {
            case .renamed(let name): .edited(record.anchor, edits: [], newName: name, version: record.version)
            case .edited(let edits): .edited(record.anchor, edits: edits, newName: nil, version: record.version)
            case .added, .deleted: nil
            }
        }
        try bench.step(.feed(.miniorange, .changes(changes, cursor: nil)))
        for _ in 0..<50 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 500)
        }
        for side in Side.allCases { #expect(bench.members(side, "crew") == (isOneAdded ? "ann cy" : "ann")) }
    }

    @Test
    func `Who came into the scope before his group was told by the name that he had outside is in it`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        directory.followsLate = true
        let elsewhere = try bench.container(.miniorange, "Elsewhere", below: directory.top)
        let rdn = RelativeDistinguishedName(type: "uid", value: "dee")
        let dee = try directory.add(
            below: elsewhere,
            rdn,
            ["objectclass": ["inetOrgPerson"], "cn": ["Dee"], "sn": ["Lee"], "uid": ["dee"]]
        ).get()
        let group = try bench.createGroup(.miniorange, "band", members: [dee])
        let told = try #require(directory.snapshotWithMembers(group))
        #expect(directory.rename(dee, below: try bench.place(.miniorange), rdn) == nil)
        let present = try #require(directory.snapshot(dee))
        for entry in [present, told] {
            try bench.step(.feed(.miniorange, .changes([.present(entry)], cursor: nil)))
        }
        directory.followNext()
        for _ in 0..<50 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 500)
        }
        #expect(bench.members(.ad, "band") == "dee")
    }

    @Test
    func `A former name that no server follows any more is written anew`() throws {
        let bench = try Crew.bench()
        let bo = try Crew.entry(bench, .miniorange, "bo")
        try rename(bench, bo, to: "bob")
        try Crew.settled(bench)
        let group = try Crew.group(bench, .miniorange)
        let former = try DistinguishedName(parsing: "uid=bo,\(Bench.bases.miniorange)")
        let ann = Reference.entry(try Crew.entry(bench, .miniorange, "ann")).octets
        try bench.set(.miniorange, group, "member", [ann, Reference.unresolved(former).octets])
        let told = try #require(bench.directories.miniorange.snapshotWithMembers(group))
        try bench.step(.feed(.miniorange, .changes([.present(told)], cursor: nil)))
        for _ in 0..<50 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 500)
        }
        #expect(bench.members(.miniorange, "crew") == "ann bob")
        #expect(bench.members(.ad, "crew") == "ann bo")
    }

    @Test
    func `Who is told to be in a group by a name that he has only now is in it, and not who had it`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let (ann, bo) = (try Crew.entry(bench, .miniorange, "ann"), try Crew.entry(bench, .miniorange, "bo"))
        let band = try bench.createGroup(.miniorange, "band", members: [ann])
        try rename(bench, bo, to: "swap")
        try rename(bench, ann, to: "bo")
        try rename(bench, bo, to: "ann")
        let changes =
            try [try #require(directory.snapshotWithMembers(band))]
            + [bo, ann].map { try #require(directory.snapshot($0)) }
        try bench.step(.feed(.miniorange, .changes(changes.map { .present($0) }, cursor: nil)))
        for _ in 0..<50 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 500)
        }
        #expect(bench.members(.ad, "band") == "ann")
    }

    @Test
    func `Who is taken out after a rename that his server follows is not put in by it`() throws {
        let bench = try Crew.bench()
        let (cy, group) = (try Crew.entry(bench, .miniorange, "cy"), try Crew.group(bench, .miniorange))
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "cy")])
        try bench.tell(.ad)
        try bench.answer()
        try rename(bench, cy, to: "cyr")
        let named = try #require(bench.directories.miniorange.snapshot(cy))
        try bench.setMembers(.miniorange, group, remove: [cy])
        let lines = try bench.step(.feed(.miniorange, .changes([.present(named)], cursor: nil)))
        #expect(!lines.contains { $0.hasPrefix("miniorange edit") }, "\(lines)")
        try bench.settle(rounds: 50, milliseconds: 500)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    @Test
    func `A clock that is set back keeps no name waiting`() throws {
        let bench = try Crew.bench()
        let cy = try Crew.entry(bench, .miniorange, "cy")
        try bench.move(.miniorange, cy, to: "ou=North,")
        try Crew.settled(bench)
        try bench.move(.miniorange, cy, to: "")
        try Crew.settled(bench)
        bench.now = bench.now.advanced(byMilliseconds: -600_000)
        try bench.step()
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "cy")])
        _ = try bench.settle()
        for _ in 0..<6 {
            _ = try bench.pass(milliseconds: 500)
            _ = try bench.settle()
        }
        #expect(bench.members(.miniorange, "crew") == "ann bo cy")
    }

    @Test
    func `Who came to his name before anything was told of him is found by it when his server has followed`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        directory.followsLate = true
        let group = try Crew.group(bench, .miniorange)
        let dee = try bench.create(.miniorange, "Dee", path: "ou=North,")
        try bench.setMembers(.miniorange, group, add: [dee])
        guard case .edited(let edits)? = directory.log.last?.kind, let version = directory.log.last?.version else {
            return
        }
        try bench.move(.miniorange, dee, to: "")
        let snapshot = try #require(directory.snapshot(dee))
        let edit = Change.edited(group, edits: edits, newName: nil, version: version)
        try bench.step(.feed(.miniorange, .changes([.present(snapshot), edit], cursor: nil)))
        while !bench.sent.isEmpty { try bench.answer() }
        directory.followNext()
        _ = try bench.pass(milliseconds: 2_000)
        while !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.members(.ad, "crew") == "ann bo dee")
    }

    @Test
    func `Who has the name of a member that was deleted before is in the group that names him since`() throws {
        let bench = try Crew.bench()
        let group = try Crew.group(bench, .miniorange)
        let former = try Crew.entry(bench, .miniorange, "cy")
        try bench.delete(.miniorange, former)
        let cy = try bench.create(.miniorange, "Cy", ["displayname": ["Another"]])
        try bench.setMembers(.miniorange, group, add: [cy])
        let directory = bench.directories.miniorange
        let told = try [directory.snapshotWithMembers(group), directory.snapshot(cy)].map {
            Change.present(try #require($0))
        }
        try bench.step(.feed(.miniorange, .changes(told, cursor: nil)))
        try bench.settle(rounds: 20, milliseconds: 1_000)
        #expect(bench.values(.ad, "cy", "displayname") == "[Another]")
        #expect(bench.members(.miniorange, "crew") == "ann bo cy")
        // Its plain name was still taken there.
        #expect(bench.members(.ad, "crew") == "ann bo cy (2)")
    }

    @Test
    func `Who is just being renamed comes into a group by the new name`() throws {
        let bench = try Crew.bench()
        let cy = try Crew.entry(bench, .ad, "cy")
        try bench.set(.ad, cy, "samaccountname", ["cyn"])
        #expect(try bench.tell(.ad).count == 1)
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [cy])
        #expect(try bench.tell(.ad).isEmpty)
        try bench.answer()
        let lines = try bench.pass(milliseconds: 2_000)
        #expect(lines.count == 1 && lines[0].contains("member: +[uid=cyn,"), "\(lines)")
        try Crew.settled(bench)
        #expect(bench.members(.miniorange, "crew") == "ann bo cyn")
    }

    @Test
    func `Who has a name that was another's comes into a group when its server has followed`() throws {
        let bench = try Crew.bench()
        bench.directories.miniorange.followsLate = true
        let (bo, cy) = (try Crew.entry(bench, .miniorange, "bo"), try Crew.entry(bench, .miniorange, "cy"))
        try rename(bench, bo, to: "spare")
        try rename(bench, cy, to: "bo")
        try bench.tell(.miniorange)
        while !bench.sent.isEmpty { try bench.answer() }
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "bo")])
        #expect(try !bench.tell(.ad).contains { $0.contains(" edit ") })
        for _ in 0..<2 { bench.directories.miniorange.followNext() }
        try bench.settle(rounds: 10, milliseconds: 1_000)
        try Crew.settled(bench)
        let members = bench.directories.miniorange.members(of: try Crew.group(bench, .miniorange))
        #expect(members == [try Crew.entry(bench, .miniorange, "ann"), bo, cy].sorted())
    }

    @Test
    func `The name of a member who is gone makes nobody a member who had it before him`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let cy = try Crew.entry(bench, .miniorange, "cy")
        try rename(bench, try Crew.entry(bench, .miniorange, "bo"), to: "spare")
        try rename(bench, cy, to: "bo")
        try Crew.passed(bench)
        directory.followsLate = true
        try bench.createGroup(.miniorange, "band", members: [cy])
        try bench.delete(.miniorange, cy)
        try bench.settle()
        directory.followNext()
        try Crew.passed(bench)
        #expect(bench.members(.ad, "band") == "")
    }

    @Test
    func `Who leaves a group takes nobody along whose name he has just got`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        directory.followsLate = true
        let people = try ["ann", "bo", "cy"].map { try Crew.entry(bench, .miniorange, $0) }
        let group = try Crew.group(bench, .miniorange)
        try bench.setMembers(.miniorange, group, add: [people[2]])
        try bench.tell(.miniorange)
        try bench.setMembers(.ad, try Crew.group(bench, .ad), remove: [try Crew.entry(bench, .ad, "bo")])
        try rename(bench, people[1], to: "spare")
        try rename(bench, people[2], to: "bo")
        try rename(bench, people[1], to: "cy")
        try bench.tell(.miniorange)
        try bench.tell(.ad)
        try bench.settle()
        for _ in 0..<3 { directory.followNext() }
        try Crew.passed(bench)
        #expect(directory.members(of: group) == [people[0], people[2]])
    }

    @Test
    func `Who has another name since he was put into a group leaves it by that one`() throws {
        let bench = try Crew.bench()
        let cy = try Crew.entry(bench, .ad, "cy")
        let group = try Crew.group(bench, .ad)
        try bench.setMembers(.ad, group, add: [cy])
        try bench.tell(.ad)
        // Of none of it the LDAP side's feed tells yet.
        while !bench.sent.isEmpty { try bench.answer() }
        try bench.set(.ad, cy, "samaccountname", ["cyn"])
        try bench.tell(.ad)
        while !bench.sent.isEmpty { try bench.answer() }
        try bench.setMembers(.ad, group, remove: [cy])
        try bench.tell(.ad)
        _ = try bench.pass(milliseconds: 2_000)
        while !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.members(.miniorange, "crew") == "ann bo")
        try Crew.passed(bench)
        for side in Side.allCases { #expect(!bench.members(side, "crew").contains("cy")) }
    }

    @Test
    func `Who was put into a group by the name of a container that was renamed just before is in it`() throws {
        let bench = try Crew.bench()
        let dee = try bench.create(.ad, "Dee", path: "OU=North,")
        try Crew.settled(bench)
        let north = try bench.place(.miniorange, "ou=North,")
        try bench.move(.miniorange, north, to: "", rdn: RelativeDistinguishedName(type: "ou", value: "Arctic"))
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [dee])
        try bench.tell(.ad)
        try bench.answer()
        try bench.tell(.miniorange)
        try Crew.passed(bench)
        let member = try Crew.entry(bench, .miniorange, "dee")
        #expect(bench.directories.miniorange.members(of: try Crew.group(bench, .miniorange)).contains(member))
    }

    /// Perhaps another one goes behind it.
    @Test(arguments: [false, true])
    func `Who gets the name of an entry that was never known stays in a group when its deletion was followed`(
        isAnotherGone: Bool
    ) throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        directory.followsLate = true
        func comeAndGo(_ name: Octets) throws {
            let rdn = RelativeDistinguishedName(type: "uid", value: name)
            let device = try directory.add(below: try bench.place(.miniorange), rdn, ["objectclass": ["device"]]).get()
            try bench.delete(.miniorange, device)
            try Crew.settled(bench)
        }
        try comeAndGo("dee")
        let dee = try bench.create(.ad, "Dee")
        if isAnotherGone {
            try Crew.settled(bench)
            try comeAndGo("eve")
        }
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [dee])
        try Crew.settled(bench)
        #expect(bench.members(.miniorange, "crew") == "ann bo dee")
        directory.followNext()
        #expect(bench.members(.miniorange, "crew") == "ann bo")
        try Crew.passed(bench)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo dee") }
    }

    @Test
    func `A group of a server that was set back, which names nobody, is not asked for without end`() throws {
        let bench = try Crew.bench()
        let group = try Crew.group(bench, .miniorange)
        let directory = bench.directories.miniorange
        let backup = directory.backUp()
        try bench.setMembers(.ad, try Crew.group(bench, .ad), remove: [try Crew.entry(bench, .ad, "bo")])
        try Crew.settled(bench)
        directory.restore(backup)
        let ghost = Reference.unresolved(try DistinguishedName(parsing: "uid=ghost,ou=people,dc=syncline,dc=test"))
        let held = try #require(directory.entries[group]).attributes["member"]
        try bench.set(.miniorange, group, "member", held + [ghost.octets])
        _ = try bench.connect(.miniorange, stepBack: StepBack(cause: .restored, reason: "a test"))
        var told = try #require(directory.snapshotWithMembers(group))
        told.version = .unordered
        try bench.step(.feed(.miniorange, .changes([.present(told)], cursor: nil)))
        try bench.complete(.miniorange)
        var reads = 0
        for _ in 0..<40 {
            while reads < 100, let write = bench.sent.first {
                if case .readMembers(group) = write.operation { reads += 1 }
                try bench.answer()
            }
            _ = try bench.pass(milliseconds: 1_000)
        }
        #expect(reads < 20)
    }

    @Test
    func `A name below a former container's means who had it then, and not who got it in the renamed one`() throws {
        let bench = try Bench.withGroups(try Bench.named())
        let directory = bench.directories.miniorange
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0, path: "OU=North,") }
        try bench.createGroup(.ad, "crew", members: [people[0]])
        try Crew.settled(bench)
        directory.followsLate = true
        let (ann, bo) = (try Crew.entry(bench, .miniorange, "ann"), try Crew.entry(bench, .miniorange, "bo"))
        let north = try bench.place(.miniorange, "ou=North,")
        try bench.move(.miniorange, north, to: "", rdn: RelativeDistinguishedName(type: "ou", value: "South"))
        for (person, account) in [(ann, "swap"), (bo, "ann"), (ann, "bo")] {
            let rdn = RelativeDistinguishedName(type: "uid", value: Octets(account))
            try bench.move(.miniorange, person, to: "ou=South,", rdn: rdn)
        }
        try bench.set(.miniorange, try Crew.group(bench, .miniorange), "description", ["ours"])
        try bench.tell(.miniorange)
        while !bench.sent.isEmpty { try bench.answer() }
        for _ in 0..<10 { directory.followNext() }
        try bench.settle(rounds: 25, milliseconds: 1_000)
        #expect(bench.members(.ad, "crew") == "ann" && bench.members(.miniorange, "crew") == "bo")
    }

    /// Cy is added on both sides and moves on the one, whose log tells it late; he is taken out on the other side.
    @Test
    func `Who goes by a name from before one that is being asked for goes by the one that he has, too`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let (crew, group) = (try Crew.group(bench, .ad), try Crew.group(bench, .miniorange))
        let (cy, member) = (try Crew.entry(bench, .ad, "cy"), try Crew.entry(bench, .miniorange, "cy"))
        let former = Octets(try #require(directory.name(of: member)).description)
        func edit(_ kind: AttributeEdit.Kind) throws -> Change {
            let edit = AttributeEdit(kind: kind, name: "member", values: [former])
            let version = try #require(directory.snapshot(group)).version
            return .edited(group, edits: [edit], newName: nil, version: version)
        }
        try bench.setMembers(.miniorange, group, add: [member])
        var late = [try edit(.add)]
        try bench.setMembers(.ad, crew, add: [cy])
        try bench.move(.miniorange, member, to: "ou=North,")
        let moved = try #require(directory.snapshot(member))
        late.append(.edited(member, edits: [], newName: moved.name, version: moved.version))
        #expect(try bench.tell(.ad).count == 1)
        try bench.answer()
        late.append(try edit(.add))
        try bench.setMembers(.ad, crew, remove: [cy])
        #expect(try bench.tell(.ad).count == 1)
        try bench.step(.feed(.miniorange, .changes(late, cursor: nil)))
        try bench.answer()
        try bench.step(.feed(.miniorange, .changes([try edit(.delete)], cursor: nil)))
        bench.skip(.miniorange)
        try Crew.passed(bench)
        #expect(directory.members(of: group).count == 2)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }
}
