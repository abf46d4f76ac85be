import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// With another one's name nobody comes into a group that was to be his.
struct NamesGivenTests {
    @Test
    func `Nobody gets the name by which a membership is being written of who has just given it up`() throws {
        let bench = try Crew.bench()
        let dee = try bench.create(.ad, "Dee")
        try Crew.settled(bench)
        let (cy, there) = (try Crew.entry(bench, .ad, "cy"), try Crew.entry(bench, .miniorange, "cy"))
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [cy])
        #expect(try bench.tell(.ad).count == 1)
        try bench.move(.miniorange, there, to: "ou=North,")
        try bench.set(.ad, cy, "samaccountname", ["cyn"])
        try bench.set(.ad, dee, "samaccountname", ["cy"])
        #expect(try bench.tell(.ad).isEmpty)
        try Crew.passed(bench)
        let members = bench.directories.miniorange.members(of: try Crew.group(bench, .miniorange))
        let wanted = try ["ann", "bo", "cyn"].map { try Crew.entry(bench, .miniorange, $0) }
        #expect(members == wanted.sorted())
        #expect(bench.members(.ad, "crew") == "ann bo cy")
        #expect(bench.values(.miniorange, "cy", "cn") == "[Dee]")
    }

    /// Cy is written to the group after he has moved, which is not told yet; and Dee gets the name that he had.
    private func writtenByFormerName() throws -> (bench: Bench, dee: PerSide<Anchor>, cy: PerSide<Anchor>) {
        let bench = try Crew.bench()
        try bench.create(.ad, "Dee")
        try Crew.settled(bench)
        func entry(_ account: String) throws -> PerSide<Anchor> {
            PerSide(ad: try Crew.entry(bench, .ad, account), miniorange: try Crew.entry(bench, .miniorange, account))
        }
        let (dee, cy) = (try entry("dee"), try entry("cy"))
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [cy.ad])
        #expect(try bench.tell(.ad).count == 1)
        try bench.move(.miniorange, cy.miniorange, to: "ou=North,")
        try bench.answer()
        return (bench, dee, cy)
    }

    private func expectMembers(_ bench: Bench, _ cy: PerSide<Anchor>) throws {
        try Crew.passed(bench)
        for side in Side.allCases {
            let members = try ["ann", "bo"].map { try Crew.entry(bench, side, $0) } + [cy[side]]
            #expect(bench.directories[side].members(of: try Crew.group(bench, side)) == members.sorted())
        }
    }

    @Test
    func `Nobody is in a group by the name that a member had given up before he was written by it`() throws {
        let (bench, dee, cy) = try writtenByFormerName()
        try bench.move(.miniorange, dee.miniorange, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "cy"))
        try expectMembers(bench, cy)
    }

    @Test
    func `Nobody gets the name by which a member was written before it is told whether he had it still`() throws {
        let (bench, dee, cy) = try writtenByFormerName()
        try bench.set(.ad, cy.ad, "samaccountname", ["cyn"])
        try bench.set(.ad, dee.ad, "samaccountname", ["cy"])
        let lines = try bench.tell(.ad)
        #expect(lines.count == 1 && lines[0].contains(" rename \(cy.miniorange.low) "), "\(lines)")
        try expectMembers(bench, cy)
        #expect(bench.values(.miniorange, "cy", "cn") == "[Dee]")
    }

    @Test
    func `Who is being written to a group is renamed when he is in it, and at once`() throws {
        let bench = try Crew.bench()
        let (cy, there) = (try Crew.entry(bench, .ad, "cy"), try Crew.entry(bench, .miniorange, "cy"))
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [cy])
        #expect(try bench.tell(.ad).count == 1)
        try bench.set(.ad, cy, "samaccountname", ["cyn"])
        #expect(try bench.tell(.ad).isEmpty)
        let lines = try bench.answer()
        #expect(lines.count == 1 && lines[0].contains(" rename \(there.low) "), "\(lines)")
        try Crew.passed(bench)
        #expect(bench.members(.miniorange, "crew") == "ann bo cyn")
    }

    @Test
    func `Who waits to be renamed is not written at the other server again and again where that refuses it`()
        throws
    {
        let bench = try Crew.bench()
        let (cy, there) = (try Crew.entry(bench, .ad, "cy"), try Crew.entry(bench, .miniorange, "cy"))
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [cy])
        #expect(try bench.tell(.ad).count == 1)
        try bench.set(.ad, cy, "samaccountname", ["cyn"])
        try bench.set(.miniorange, there, "displayname", ["Cyr"])
        #expect(try bench.tell(.miniorange).count == 1)
        #expect(try bench.tell(.ad).isEmpty)
        #expect(bench.sent.map(\.side) == [.miniorange, .ad])
        let refusal = WriteOutcome.refused(Refusal(reason: .valueTaken, code: 19, message: "taken"))
        // He has moved since then, and what he holds now may be taken.
        let lines = try bench.answerLast(refusal)
        #expect(lines.count == 1 && lines[0].hasPrefix("ad modify "), "\(lines)")
        #expect(try bench.answerLast(refusal).isEmpty)
        #expect(try bench.pass(milliseconds: 100).isEmpty)
        try Crew.passed(bench)
        #expect(bench.members(.miniorange, "crew") == "ann bo cyn")
        #expect(bench.values(.ad, "cyn", "displayname") == "[Cyr]")
    }

    /// An answer from before comes while he is read for his new name.
    @Test
    func `Nobody is written to a group by a name that he is known to have given up`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let dee = try bench.create(.ad, "Dee")
        try Crew.settled(bench)
        let cy = try Crew.entry(bench, .ad, "cy")
        try bench.set(.ad, cy, "displayname", ["Cyr"])
        #expect(try bench.tell(.ad).count == 1)
        let written = directory.perform(bench.sent[0].operation)
        let renamed = try [("cy", "cyr"), ("dee", "cy")].map { account, name in
            let anchor = try Crew.entry(bench, .miniorange, account)
            try bench.move(
                .miniorange,
                anchor,
                to: "",
                rdn: RelativeDistinguishedName(type: "uid", value: Octets(name))
            )
            let shown = try #require(directory.snapshot(anchor))
            return Change.edited(anchor, edits: [], newName: shown.name, version: shown.version)
        }
        try bench.step(.feed(.miniorange, .changes(renamed, cursor: nil)))
        try bench.answer(written)
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [cy])
        #expect(try bench.tell(.ad).allSatisfy { !$0.contains(" edit ") })
        try Crew.passed(bench)
        #expect(bench.members(.miniorange, "crew") == "ann bo cyr")
        #expect(bench.members(.ad, "crew") == "ann bo cy")
        #expect(bench.directories.ad.entries[dee]?.attributes["samaccountname"] == ["cy"])
    }

    private func listed() throws -> (bench: Bench, people: [Anchor], group: Anchor) {
        let bench = try Bench.withGroups(MembershipSpecification(form: .memberUid))
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0) }
        let group = try bench.createGroup(.ad, "crew")
        try Crew.settled(bench)
        return (bench, people, group)
    }

    @Test(arguments: [false, true])
    func `Nobody is listed by a uid that another one is getting, whichever was to be written first`(
        _ isListedFirst: Bool
    ) throws {
        let (bench, people, group) = try listed()
        let (ann, bo) = (
            try Crew.entry(bench, .miniorange, "ann"), try Crew.entry(bench, .miniorange, "bo")
        )
        let list = {
            try bench.setMembers(.ad, group, add: [people[0]])
            return try bench.tell(.ad)
        }
        if isListedFirst { #expect(try list().count == 1) }
        try bench.set(.ad, people[0], "samaccountname", ["anna"])
        try bench.set(.ad, people[1], "samaccountname", ["ann"])
        let lines = try bench.tell(.ad)
        #expect(lines.contains { $0.contains(" rename \(ann.low) ") })
        #expect(lines.contains { $0.contains(" rename \(bo.low) ") } != isListedFirst, "\(lines)")
        if !isListedFirst { #expect(try list().isEmpty) }
        var held: [[Octets]] = []
        for _ in 0..<25 {
            try bench.settle()
            held.append(bench.directories.ad.entries[group]?.attributes["member"] ?? [])
            _ = try bench.pass(milliseconds: 1_000)
        }
        try Crew.settled(bench)
        #expect(bench.members(.miniorange, "crew") == "anna")
        #expect(held.allSatisfy { $0 == [Reference.entry(people[0]).octets] })
    }

    /// What is known of him has no version then, since he is being read for it; when he got the name is known all the same.
    @Test
    func
        `Who was put into a group by a name that he had given up before is named anew, though two answers told of that`()
        throws
    {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let (cy, group) = (try Crew.entry(bench, .miniorange, "cy"), try Crew.group(bench, .miniorange))
        let own = try Crew.entry(bench, .ad, "cy")
        try bench.move(.miniorange, cy, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "cyr"))
        let renamed = try #require(directory.snapshot(cy))
        let rename = Change.edited(cy, edits: [], newName: renamed.name, version: renamed.version)
        #expect(try bench.step(.feed(.miniorange, .changes([rename], cursor: nil))) == ["miniorange read \(cy.low)"])
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.answer(.unavailable)
        try bench.set(.miniorange, cy, "displayname", ["Cyr"])
        let version = try #require(directory.snapshot(cy)?.version)
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [own])
        try bench.step(
            .feed(
                .ad,
                .changes(
                    [
                        .present(
                            try #require(
                                bench.directories.ad.snapshotWithMembers(
                                    try Crew.group(bench, .ad)
                                )
                            )
                        )
                    ],
                    cursor: nil
                )
            )
        )
        #expect(bench.sent.count == 1)
        try bench.answer()
        let told = try #require(directory.snapshotWithMembers(group))
        let edit = AttributeEdit(kind: .add, name: "displayname", values: ["Cyr"])
        let changes: [Change] = [.present(told), .edited(cy, edits: [edit], newName: nil, version: version)]
        #expect(try bench.step(.feed(.miniorange, .changes(changes, cursor: nil))) == ["miniorange read \(cy.low)"])
        try bench.answer()
        for _ in 0..<10 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 1_000)
        }
        #expect(directory.members(of: group).contains(cy))
    }

    /// Cy is deleted at the LDAP side when he has the name that he is being given there, which is not known here yet; he is made again with it.
    @Test
    func `Who is made again comes into his group when the server has followed that he left with that name`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        directory.followsLate = true
        let (cy, there) = (try Crew.entry(bench, .ad, "cy"), try Crew.entry(bench, .miniorange, "cy"))
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [cy])
        try Crew.settled(bench)
        try bench.set(.ad, cy, "samaccountname", ["cyn"])
        #expect(try bench.tell(.ad).count == 1)
        let renamed = directory.perform(bench.sent[0].operation)
        try bench.delete(.miniorange, there)
        try bench.step(.feed(.miniorange, .changes([.deleted(there)], cursor: nil)))
        var lines = try bench.answer(renamed)
        for _ in 0..<10 where !bench.sent.isEmpty { lines += try bench.answer() }
        #expect(!lines.contains { $0.contains(" edit ") }, "\(lines)")
        #expect(bench.counterpart(.miniorange, "cyn") != nil)
        for _ in 0..<2 { directory.followNext() }
        try Crew.passed(bench)
        #expect(bench.members(.miniorange, "crew") == "ann bo cyn")
        #expect(bench.members(.ad, "crew") == "ann bo cy")
    }

    /// Who had it was never known here: he had come and gone before anything was told of him.
    @Test
    func `Who is made by the name of somebody who has just gone comes into no group that names that one still`() throws
    {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        directory.followsLate = true
        let former = try bench.create(.miniorange, "Dee")
        let band = try bench.createGroup(.miniorange, "band", members: [former])
        try bench.delete(.miniorange, former)
        try bench.create(.ad, "Dee")
        try bench.step(.feed(.miniorange, .changes([.deleted(former)], cursor: nil)))
        #expect(try bench.tell(.ad).count == 1)
        try bench.answer()
        // As it was before she was made.
        let told = try #require(directory.snapshotWithMembers(band))
        try bench.step(.feed(.miniorange, .changes([.present(told)], cursor: nil)))
        #expect(bench.sent.contains { $0.operation == .readMembers(band) })
        for _ in 0..<3 { try bench.answer() }
        directory.followNext()
        try Crew.passed(bench)
        #expect(bench.members(.ad, "band") == "")
    }

    @Test
    func `Who is made again is in no group by what was written for who he was, after that was gone`() throws {
        let bench = try Crew.bench()
        let cy = try Crew.entry(bench, .miniorange, "cy")
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "cy")])
        #expect(try bench.tell(.ad).count == 1)
        try bench.delete(.miniorange, cy)
        try bench.create(.miniorange, "Cy")
        try bench.answer()
        #expect(bench.members(.miniorange, "crew") == "ann bo cy")
        try bench.tell(.miniorange)
        try Crew.passed(bench)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    /// His deletion is told before the write is answered, or after it; then the group is changed once more, and perhaps the process ends.
    @Test(arguments: [false, true], [false, true])
    func `What was written for who was gone is not his who has the name since, whatever else becomes of the group`(
        isToldFirst: Bool,
        isRestarted: Bool
    ) throws {
        let bench = try Crew.bench()
        try bench.create(.ad, "Dee")
        try Crew.settled(bench)
        let group = try Crew.group(bench, .miniorange)
        let cy = try Crew.entry(bench, .miniorange, "cy")
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "cy")])
        #expect(try bench.tell(.ad).count == 1)
        try bench.delete(.miniorange, cy)
        let deletion = EngineEvent.feed(
            .miniorange,
            .changes([.deleted(cy)], cursor: bench.cursor(.miniorange))
        )
        try bench.create(.miniorange, "Cy")
        let answer = bench.directories.miniorange.perform(try #require(bench.sent.first).operation)
        if isToldFirst { try bench.step(deletion) }
        try bench.answer(answer)
        if !isToldFirst { try bench.step(deletion) }
        try bench.setMembers(.miniorange, group, add: [try Crew.entry(bench, .miniorange, "dee")])
        if isRestarted {
            try bench.start()
            for side in Side.allCases { _ = try bench.connect(side) }
        }
        try Crew.passed(bench)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo dee") }
        // Whom somebody puts into it himself is in it.
        try bench.setMembers(.miniorange, group, add: [try Crew.entry(bench, .miniorange, "cy")])
        try Crew.passed(bench)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo cy dee") }
    }

    @Test
    func `What was written of somebody who was out of the scope is taken away when he is gone`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let (group, cy) = (try Crew.group(bench, .ad), try Crew.entry(bench, .ad, "cy"))
        let former = try Crew.entry(bench, .miniorange, "cy")
        try bench.setMembers(.ad, group, add: [cy])
        #expect(try bench.tell(.ad).count == 1)
        #expect(directory.rename(former, below: directory.top, try #require(directory.entries[former]).rdn) == nil)
        try bench.tell(.miniorange)
        try bench.answer()
        #expect(bench.members(.miniorange, "crew") == "ann bo cy")
        try bench.setMembers(.ad, group, remove: [cy])
        try Crew.settled(bench)
        try bench.delete(.miniorange, former)
        try Crew.passed(bench)
        #expect(bench.counterpart(.ad, "cy") == nil)
        #expect(bench.members(.miniorange, "crew") == "ann bo")
        try bench.create(.ad, "Cy")
        try Crew.passed(bench)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }
}
