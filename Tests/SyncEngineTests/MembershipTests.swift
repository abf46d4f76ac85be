import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Who is in which group is the same on both sides, value by value.
struct MembershipTests {
    /// Ann, Bo and Cy on both sides, and a group of Ann and Bo that came from `side`.
    private func bench(
        _ side: Side,
        _ membership: MembershipSpecification? = nil
    ) throws -> (Bench, group: Anchor, people: [Anchor]) {
        let bench = try Bench.withGroups(try membership ?? Bench.named())
        let people = try ["Ann", "Bo", "Cy"].map { try bench.create(side, $0) }
        let group = try bench.createGroup(side, "crew", members: Array(people.prefix(2)))
        try bench.expectRest()
        return (bench, group, people)
    }

    @Test(arguments: Side.allCases)
    func `A new group comes with its members`(_ side: Side) throws {
        let (bench, _, _) = try bench(side)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
        #expect(bench.quarantine.isEmpty)
    }

    @Test(arguments: Side.allCases)
    func `One member that comes, and one that goes, are one value each`(_ side: Side) throws {
        let (bench, group, people) = try bench(side)
        let other = try #require(bench.groupNamed(side.opposite, "crew"))
        try bench.setMembers(side, group, add: [people[2]])
        let added = try bench.tell(side)
        #expect(
            added.count == 1 && added[0].hasPrefix("\(side.opposite.name) edit \(other.low) member: +["),
            "\(added)"
        )
        #expect(added.first?.hasSuffix("-[]") == true && added.first?.contains("|") == false, "\(added)")
        try bench.expectRest()
        #expect(bench.members(side.opposite, "crew") == "ann bo cy")
        try bench.setMembers(side, group, remove: [people[0]])
        let removed = try bench.tell(side)
        #expect(removed.count == 1 && removed[0].contains("+[] -[") && !removed[0].contains("|"), "\(removed)")
        try bench.expectRest()
        #expect(bench.members(side.opposite, "crew") == "bo cy")
    }

    @Test
    func `What both sides do to one group at once all stands`() throws {
        let (bench, group, people) = try bench(.ad)
        let other = try #require(bench.groupNamed(.miniorange, "crew"))
        let dee = try bench.create(.miniorange, "Dee")
        let bo = try #require(bench.counterpart(.miniorange, "bo"))
        try bench.setMembers(.ad, group, add: [people[2]], remove: [people[0]])
        try bench.setMembers(.miniorange, other, add: [dee], remove: [bo])
        try bench.expectRest()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "cy dee") }
        #expect(bench.store.contents.conflicts.isEmpty)
    }

    @Test
    func `Groups that were there on both sides are joined, and have the members of both`() throws {
        let bench = try Bench.withGroups(try Bench.named())
        let ann = try bench.create(.ad, "Ann")
        try bench.create(.miniorange, "Ann")
        let bo = try bench.create(.miniorange, "Bo")
        try bench.createGroup(.ad, "crew", members: [ann])
        try bench.createGroup(.miniorange, "crew", members: [bo])
        try bench.expectRest()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    @Test(arguments: Side.allCases)
    func `An empty group holds the placeholder at the LDAP side alone`(_ side: Side) throws {
        let (bench, group, people) = try bench(side)
        try bench.setMembers(side, group, add: [], remove: side == .ad ? Array(people.prefix(2)) : [people[0]])
        if side == .miniorange {
            try bench.setMembers(side, group, add: [], remove: [])
            let held = try #require(bench.directories[side].stored("member", [Octets(Bench.placeholder)]))
            try bench.set(side, group, "member", held)
        }
        try bench.expectRest()
        #expect(bench.members(.ad, "crew") == "")
        #expect(bench.members(.miniorange, "crew") == "nobody")
        try bench.setMembers(
            .ad,
            try #require(bench.groupNamed(.ad, "crew")),
            add: [try #require(bench.counterpart(.ad, "cy"))]
        )
        try bench.expectRest()
        #expect(bench.members(.miniorange, "crew") == "cy")
    }

    @Test(arguments: Side.allCases)
    func `A deleted member is nobody's removal`(_ side: Side) throws {
        let (bench, _, people) = try bench(side)
        try bench.delete(side, people[0])
        let lines = try bench.settle()
        #expect(!lines.contains { $0.contains(" edit ") }, "\(lines)")
        for side in Side.allCases { #expect(bench.members(side, "crew") == "bo") }
    }

    @Test(arguments: Side.allCases)
    func `The name of a deleted last member does not stay for whoever gets it next`(_ side: Side) throws {
        let (bench, group, people) = try bench(side)
        try bench.setMembers(side, group, remove: [people[1]])
        try bench.expectRest()
        try bench.delete(side, people[0])
        try bench.expectRest()
        #expect(bench.members(.miniorange, "crew") == "nobody")
        #expect(bench.members(.ad, "crew") == "")
    }

    @Test
    func
        `The name of a last member stays when others come before his deletion is told, and is nobody's who gets it later`()
        throws
    {
        let (bench, _, people) = try bench(.ad)
        let group = try #require(bench.groupNamed(.miniorange, "crew"))
        let here = try ["ann", "bo", "cy"].map { try #require(bench.counterpart(.miniorange, $0)) }
        try bench.setMembers(.ad, try #require(bench.groupNamed(.ad, "crew")), remove: [people[1]])
        try bench.expectRest()
        // slapd keeps Ann's name: then it was the only one.
        try bench.delete(.miniorange, here[0])
        try bench.setMembers(.miniorange, group, add: [here[2]])
        let told = try #require(bench.directories.miniorange.snapshotWithMembers(group))
        try bench.step(.feed(.miniorange, .changes([.present(told)], cursor: nil)))
        try bench.settle(rounds: 20, milliseconds: 5_000)
        #expect(bench.members(.ad, "crew") == "cy")
        try bench.create(.ad, "Ann")
        try bench.settle(rounds: 20, milliseconds: 5_000)
        #expect(bench.members(.ad, "crew") == bench.members(.miniorange, "crew"))
    }

    @Test
    func `Who gets the name of a deleted member is found in no group before the server has followed`() throws {
        let (bench, _, people) = try bench(.miniorange)
        bench.directories.miniorange.followsLate = true
        try bench.delete(.miniorange, people[0])
        try bench.create(.miniorange, "Ann")
        _ = try bench.tell(.miniorange)
        // Her groups are asked for, and one holds her name.
        for _ in 0..<20 where !bench.sent.isEmpty { _ = try bench.answer() }
        #expect(bench.members(.ad, "crew") == "bo")
        bench.directories.miniorange.followNext()
        for _ in 0..<10 { _ = try bench.pass(milliseconds: 2_000) + bench.settle() }
        for side in Side.allCases { #expect(bench.members(side, "crew") == "bo") }
        #expect(bench.engine.isQuiet)
    }

    @Test(arguments: Side.allCases)
    func `A member whose change outlives its deletion is in its groups again`(_ side: Side) throws {
        let (bench, _, people) = try bench(side)
        let other = try #require(bench.counterpart(side.opposite, "ann"))
        try bench.delete(side, people[0])
        try bench.set(side.opposite, other, "displayname", ["Ann B"])
        try bench.settle()
        // An LDAP server may yet have to take the former entry out of it.
        _ = try bench.pass(milliseconds: 2_000)
        try bench.expectRest()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    /// slapd takes him out of a group, at once or a moment later, but for the last one of it, whose name stays.
    @Test(arguments: [(isLast: false, isLate: false), (true, false), (false, true)])
    func `Who is made again while he is being added to a group on the other side stays in it`(
        isLast: Bool,
        isLate: Bool
    ) throws {
        let (bench, group, people) = try bench(.ad)
        if isLast {
            try bench.setMembers(.ad, group, remove: Array(people.prefix(2)))
            try bench.expectRest()
        }
        let cy = try #require(bench.counterpart(.miniorange, "cy"))
        let other = try #require(bench.groupNamed(.miniorange, "crew"))
        if isLast {
            try bench.set(.miniorange, other, "member", [Reference.entry(cy).octets])
        } else {
            try bench.setMembers(.miniorange, other, add: [cy])
        }
        #expect(try bench.tell(.miniorange).count == 1)
        // Whether he was added is asked for.
        try bench.disconnect(.ad)
        try bench.answer(.unknown, carriedOut: true)
        bench.directories.miniorange.followsLate = isLate
        try bench.delete(.miniorange, cy)
        try bench.set(.ad, people[2], "displayname", ["Cy R"])
        try bench.tell(.ad)
        try bench.tell(.miniorange)
        while !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.counterpart(.miniorange, "cy") != nil)
        _ = try bench.connect(.ad)
        _ = try bench.settle()
        if isLate {
            bench.directories.miniorange.followNext()
            #expect(bench.members(.miniorange, "crew") == "ann bo")
        }
        try bench.settle(rounds: 10, milliseconds: 2_000)
        for side in Side.allCases { #expect(bench.members(side, "crew") == (isLast ? "cy" : "ann bo cy")) }
    }

    @Test(arguments: Side.allCases)
    func `Who is deleted where he was moved out of the scope, and made again, is in his groups`(_ side: Side) throws {
        let (bench, _, _) = try bench(.ad)
        let ann = PerSide(
            ad: try #require(bench.counterpart(.ad, "ann")),
            miniorange: try #require(bench.counterpart(.miniorange, "ann"))
        )
        let directory = bench.directories[side]
        let rdn = try #require(directory.entries[ann[side]]).rdn
        #expect(directory.rename(ann[side], below: directory.top, rdn) == nil)
        try bench.delete(side, ann[side])
        try bench.set(side.opposite, ann[side.opposite], "displayname", ["Changed"])
        try bench.tell(side.opposite)
        try bench.tell(side)
        try bench.settle(rounds: 3, milliseconds: 2_000)
        #expect(bench.values(side, "ann", "displayname") == "[Changed]")
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    @Test(arguments: Side.allCases)
    func `Who is deleted where his group is out of the scope, and made again, is in it when it is back`(
        _ side: Side
    ) throws {
        let (bench, _, _) = try bench(.ad)
        let group = try #require(bench.groupNamed(side, "crew"))
        let ann = try #require(bench.counterpart(side, "ann"))
        let other = try #require(bench.counterpart(side.opposite, "ann"))
        let directory = bench.directories[side]
        #expect(directory.rename(group, below: directory.top, try #require(directory.entries[group]).rdn) == nil)
        try bench.tell(side)
        try bench.delete(side, ann)
        try bench.set(side.opposite, other, "displayname", ["Changed"])
        try bench.tell(side.opposite)
        try bench.settle(rounds: 3, milliseconds: 2_000)
        #expect(bench.values(side, "ann", "displayname") == "[Changed]")
        try bench.move(side, group, to: "")
        try bench.settle(rounds: 3, milliseconds: 2_000)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    @Test
    func `A group that names many before they are there is read a few times for all of them`() throws {
        let (bench, _, _) = try bench(.ad)
        let directory = bench.directories.miniorange
        let group = try #require(bench.groupNamed(.miniorange, "crew"))
        let people = (1...60).map { "P\($0)" }
        let names = people.map { Octets("uid=\($0.lowercased()),ou=people,dc=syncline,dc=test") }
        let held = try #require(directory.entries[group]).attributes["member"]
        try bench.set(.miniorange, group, "member", held + (directory.stored("member", names) ?? []))
        try bench.settle(rounds: 20, milliseconds: 2_000)
        #expect(bench.members(.ad, "crew") == "ann bo")
        var reads = 0
        for person in people {
            try bench.create(.miniorange, person)
            let lines = try bench.settle()
            reads += lines.count { $0.contains("readMembers") }
            reads += try bench.pass(milliseconds: 10).count { $0.contains("readMembers") }
        }
        try bench.settle(rounds: 3, milliseconds: 500)
        #expect(bench.members(.ad, "crew").split(separator: " ").count == 62)
        #expect((1...3).contains(reads), "\(reads)")
    }

    @Test(arguments: Side.allCases)
    func `A renamed member stays without a write to the group`(_ side: Side) throws {
        let (bench, _, people) = try bench(side)
        let attribute = side == .ad ? "samaccountname" : "uid"
        if side == .ad {
            try bench.set(side, people[0], attribute, ["anna"])
        } else {
            try bench.move(side, people[0], to: "", rdn: RelativeDistinguishedName(type: "uid", value: "anna"))
        }
        let lines = try bench.settle()
        #expect(!lines.contains { $0.contains(" edit ") }, "\(lines)")
        #expect(bench.members(.miniorange, "crew") == "anna bo")
        #expect(bench.members(.ad, "crew") == "ann bo")
    }

    @Test(arguments: Side.allCases)
    func `A member that is not in scope is left alone, and comes along when it is`(_ side: Side) throws {
        let (bench, group, _) = try bench(side)
        let directory = bench.directories[side]
        let outsider = try directory.add(
            below: directory.top,
            RelativeDistinguishedName(type: side == .ad ? "CN" : "uid", value: "zoe"),
            side == .ad
                ? ["objectclass": ["user"], "cn": ["zoe"], "sn": ["Z"], "samaccountname": ["zoe"]]
                : ["objectclass": ["inetOrgPerson"], "cn": ["zoe"], "sn": ["Z"], "uid": ["zoe"]]
        ).get()
        try bench.setMembers(side, group, add: [outsider])
        #expect(try bench.settle().filter { !$0.contains("readMembers") }.isEmpty)
        #expect(bench.members(side, "crew") == "ann bo zoe")
        #expect(bench.members(side.opposite, "crew") == "ann bo")
        try bench.move(side, outsider, to: "")
        try bench.expectRest()
        #expect(bench.members(side.opposite, "crew") == "ann bo zoe")
    }

    @Test(arguments: Side.allCases)
    func `Groups within groups, and around in a circle, are kept`(_ side: Side) throws {
        let (bench, group, _) = try bench(side)
        let inner = try bench.createGroup(side, "inner", members: [group])
        try bench.setMembers(side, group, add: [inner])
        try bench.expectRest()
        for side in Side.allCases {
            #expect(bench.members(side, "crew") == "ann bo inner")
            #expect(bench.members(side, "inner") == "crew")
        }
    }

    @Test(arguments: Side.allCases)
    func `A deleted group is deleted, and its members stay`(_ side: Side) throws {
        let (bench, group, _) = try bench(side)
        try bench.delete(side, group)
        let lines = try bench.settle()
        #expect(lines.count == 1 && lines[0].contains(" delete "), "\(lines)")
        #expect(bench.members(side.opposite, "crew") == "no group")
        #expect(bench.counterpart(side.opposite, "ann") != nil)
        #expect(bench.store.contents.links.count == 0)
    }

    @Test(arguments: Side.allCases)
    func `One refused member takes no other along`(_ side: Side) throws {
        let (bench, group, people) = try bench(side)
        let dee = try bench.create(side, "Dee")
        try bench.expectRest()
        let unwelcome = try #require(bench.counterpart(side.opposite, "cy"))
        bench.directories[side.opposite].unwelcome = [unwelcome]
        try bench.setMembers(side, group, add: [people[2], dee])
        try bench.settle()
        #expect(bench.members(side.opposite, "crew") == "ann bo dee")
        #expect(
            bench.quarantine.count == 1 && bench.quarantine[0].hasPrefix("1 members refused"),
            "\(bench.quarantine)"
        )
        bench.directories[side.opposite].unwelcome = []
        _ = try bench.pass(milliseconds: 5_000)
        try bench.expectRest()
        #expect(bench.members(side.opposite, "crew") == "ann bo cy dee")
        #expect(bench.quarantine.isEmpty)
    }

    @Test
    func `A one-way membership is put back where the other side changes it`() throws {
        let (bench, _, _) = try bench(.ad, try Bench.named(direction: .toMiniOrange))
        let other = try #require(bench.groupNamed(.miniorange, "crew"))
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        let cy = try #require(bench.counterpart(.miniorange, "cy"))
        try bench.setMembers(.miniorange, other, add: [cy], remove: [ann])
        try bench.expectRest()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    @Test(arguments: [WriteOutcome.unknown, .unavailable], [false, true])
    func `A lost answer loses no membership`(_ outcome: WriteOutcome, _ carriedOut: Bool) throws {
        guard carriedOut == false || outcome == .unknown else { return }
        let (bench, group, people) = try bench(.ad)
        try bench.setMembers(.ad, group, add: [people[2]])
        try bench.tell(.ad)
        try bench.answer(outcome, carriedOut: carriedOut)
        _ = try bench.pass(milliseconds: 2_000)
        try bench.expectRest()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo cy") }
    }

    @Test
    func `A crash before the answer loses no membership`() throws {
        let (bench, group, people) = try bench(.ad)
        try bench.setMembers(.ad, group, add: [people[2]])
        try bench.tell(.ad)
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.expectRest()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo cy") }
    }

    @Test(arguments: Side.allCases, [false, true])
    func `Who was taken out while the answer was lost does not come back by our own write`(
        _ side: Side,
        _ isCrash: Bool
    ) throws {
        let (bench, group, people) = try bench(side)
        try bench.setMembers(side, group, add: [people[2]])
        try bench.tell(side)
        try bench.answer(.unknown, carriedOut: true)
        if isCrash { try bench.start() }
        try bench.setMembers(side, group, remove: [people[2]])
        if isCrash { for side in Side.allCases { _ = try bench.connect(side) } }
        try bench.tell(side)
        _ = try bench.pass(milliseconds: 2_000)
        try bench.expectRest()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }
}
