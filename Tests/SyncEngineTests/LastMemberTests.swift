import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// slapd keeps the name of who is gone in a group that must have a member: nobody comes into the group by getting that name.
struct LastMemberTests {
    @Test
    func `The placeholder takes the place of a name that is left alone since the others went after its owner`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        directory.followsLate = true
        let group = try Crew.group(bench, .ad)
        try bench.delete(.ad, try Crew.entry(bench, .ad, "bo"))
        try bench.tell(.ad)
        try bench.setMembers(.ad, group, remove: [try Crew.entry(bench, .ad, "ann")])
        try bench.settle()
        directory.followNext()
        #expect(bench.members(.miniorange, "crew") == "nobody")
        try bench.create(.ad, "Bo")
        try bench.settle()
        try bench.answerAll()
        #expect(bench.members(.miniorange, "crew") == "nobody" && bench.members(.ad, "crew") == "")
    }

    @Test
    func `Who has got such a name before that could be is not in the group`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        directory.followsLate = true
        let group = try Crew.group(bench, .miniorange)
        try bench.delete(.miniorange, try Crew.entry(bench, .miniorange, "bo"))
        try bench.tell(.miniorange)
        try bench.setMembers(.miniorange, group, remove: [try Crew.entry(bench, .miniorange, "ann")])
        guard case .edited(let edits)? = directory.log.last?.kind, let version = directory.log.last?.version else {
            Issue.record("no edit")
            return
        }
        directory.followNext()
        try bench.create(.miniorange, "Bo", ["displayname": ["Another"]])
        #expect(bench.members(.miniorange, "crew") == "bo")
        let other = try #require(directory.log.last?.snapshot)
        let edit = Change.edited(group, edits: edits, newName: nil, version: version)
        try bench.step(.feed(.miniorange, .changes([edit, .present(other)], cursor: nil)))
        try bench.answerAll()
        #expect(bench.values(.ad, "bo", "displayname") == "[Another]")
        #expect(bench.members(.miniorange, "crew") == "nobody" && bench.members(.ad, "crew") == "")
    }

    /// She is made again by a change, and is in the group at AD for all that time.
    @Test
    func `Who is made again before the server has followed her deletion is in her group when it has`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let group = try Crew.group(bench, .miniorange)
        try bench.setMembers(.miniorange, group, remove: [try Crew.entry(bench, .miniorange, "bo")])
        try Crew.settled(bench)
        directory.followsLate = true
        let ann = try Crew.entry(bench, .ad, "ann")
        try bench.delete(.miniorange, try Crew.entry(bench, .miniorange, "ann"))
        try bench.setMembers(.miniorange, group, add: [try Crew.entry(bench, .miniorange, "cy")])
        try bench.set(.ad, ann, "displayname", ["Changed"])
        try bench.tell(.ad)
        try bench.tell(.miniorange)
        try bench.settle()
        #expect(bench.values(.miniorange, "ann", "displayname") == "[Changed]")
        directory.followNext()
        try bench.answerAll()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann cy") }
    }

    /// She is put into the group herself, by the name that its server still takes for the former one's.
    @Test
    func `Who is made again stays in a group from which the server drops her for the one who is gone`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        directory.followsLate = true
        let group = try Crew.group(bench, .miniorange)
        try bench.delete(.miniorange, try Crew.entry(bench, .miniorange, "cy"))
        let cy = try bench.create(.miniorange, "Cy", ["displayname": ["Another"]])
        try bench.tell(.miniorange)
        try bench.setMembers(.miniorange, group, add: [cy])
        guard case .edited(let edits)? = directory.log.last?.kind, let version = directory.log.last?.version else {
            Issue.record("no edit")
            return
        }
        bench.skip(.miniorange)
        let edit = Change.edited(group, edits: edits, newName: nil, version: version)
        try bench.step(.feed(.miniorange, .changes([edit], cursor: nil)))
        try bench.settle()
        directory.followNext()
        #expect(bench.members(.miniorange, "crew") == "ann bo")
        try bench.answerAll()
        try bench.settle()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo cy") }
    }

    /// The server has rewritten the value to where she is now, and tells nobody.
    @Test
    func `Who gets the name of somebody who left the scope long ago is not in her groups`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let ann = try Crew.entry(bench, .miniorange, "ann")
        let rdn = try #require(directory.entries[ann]).rdn
        #expect(directory.rename(ann, below: directory.top, rdn) == nil)
        try Crew.settled(bench)
        _ = try bench.pass(milliseconds: 600_000)
        try bench.set(.ad, try Crew.entry(bench, .ad, "ann"), "samaccountname", ["former"])
        try bench.create(.miniorange, "Ann")
        try bench.settle(rounds: 3, milliseconds: 2_000)
        #expect(bench.counterpart(.ad, "ann") != nil)
        #expect(bench.members(.ad, "crew") == "ann bo")
        #expect(directory.entries[try Crew.group(bench, .miniorange)]?.attributes["member"].count == 2)
    }

    /// Cy is added, and gets the name of who is gone, while another name in the group passes from Bo to Eve: all of it is asked for until its server has followed.
    @Test
    func `Who is in a group by the name of one who is gone, as its server has followed his rename, is in it`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let group = try Crew.group(bench, .miniorange)
        for name in ["Dee", "Eve"] { try bench.create(.ad, name) }
        try Crew.settled(bench)
        let eve = try Crew.entry(bench, .miniorange, "eve")
        let people = try ["ann", "bo", "cy"].map { try Crew.entry(bench, .miniorange, $0) }
        try bench.delete(.miniorange, try Crew.entry(bench, .miniorange, "dee"))
        try Crew.settled(bench)
        directory.followsLate = true
        try bench.setMembers(.miniorange, group, add: [people[2]])
        let told = try #require(directory.snapshotWithMembers(group))
        for (person, name) in [(people[1], "spare"), (eve, "bo"), (people[2], "dee")] {
            let rdn = RelativeDistinguishedName(type: "uid", value: Octets(name))
            try bench.move(.miniorange, person, to: "", rdn: rdn)
        }
        let named = try [people[1], eve, people[2]].map { Change.present(try #require(directory.snapshot($0))) }
        try bench.step(.feed(.miniorange, .changes(named + [.present(told)], cursor: nil)))
        bench.skip(.miniorange)
        for _ in 0..<3 { directory.followNext() }
        try Crew.passed(bench)
        #expect(directory.members(of: group) == people)
        #expect(bench.members(.ad, "crew") == "ann bo cy")
    }

    /// He was taken out, and made again by a change, while the write was on its way.
    @Test
    func `A name that was written of who is gone is taken away, whoever has it by then`() throws {
        let bench = try Crew.bench()
        let (group, cy) = (try Crew.group(bench, .ad), try Crew.entry(bench, .ad, "cy"))
        try bench.setMembers(.ad, group, add: [cy])
        #expect(try bench.tell(.ad).count == 1)
        let write = try #require(bench.sent.first)
        try bench.set(.ad, cy, "displayname", ["Changed"])
        try bench.setMembers(.ad, group, remove: [cy])
        try bench.delete(.miniorange, try Crew.entry(bench, .miniorange, "cy"))
        try bench.tell(.miniorange)
        _ = bench.directories.miniorange.perform(write.operation)
        try bench.start()
        for side in Side.allCases {
            _ = try bench.connect(side)
            try bench.tell(side)
        }
        try bench.settle(rounds: 25, milliseconds: 1_000)
        #expect(bench.values(.miniorange, "cy", "displayname") == "[Changed]")
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }
}
