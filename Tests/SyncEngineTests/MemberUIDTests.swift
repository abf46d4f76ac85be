import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Lists of uids, which no server keeps right, and which may mean another one tomorrow.
struct MemberUIDTests {
    private func bench() throws -> Bench {
        try Bench.withGroups(MembershipSpecification(form: .memberUid), departments: true)
    }

    @Test
    func `memberUid names the users of an AD group`() throws {
        let bench = try self.bench()
        let ann = try bench.create(.ad, "Ann")
        let group = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        #expect(bench.members(.miniorange, "crew") == "ann")
        let bo = try bench.create(.ad, "Bo")
        try bench.setMembers(.ad, group, add: [bo], remove: [ann])
        try bench.expectRest()
        #expect(bench.members(.miniorange, "crew") == "bo")
    }

    @Test
    func `A value of memberUid that comes and goes is carried to AD`() throws {
        let bench = try self.bench()
        try bench.create(.ad, "Ann")
        try bench.createGroup(.ad, "crew")
        try bench.expectRest()
        let group = try #require(bench.groupNamed(.miniorange, "crew"))
        try bench.set(.miniorange, group, "memberuid", ["ann"])
        try bench.expectRest()
        #expect(bench.members(.ad, "crew") == "ann")
        try bench.set(.miniorange, group, "memberuid", [])
        try bench.expectRest()
        #expect(bench.members(.ad, "crew") == "")
    }

    @Test
    func `memberUid follows a new account name, and loses who is deleted, which no server does`() throws {
        let bench = try self.bench()
        let ann = try bench.create(.ad, "Ann")
        let bo = try bench.create(.ad, "Bo")
        try bench.createGroup(.ad, "crew", members: [ann, bo])
        try bench.expectRest()
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        try bench.expectRest()
        #expect(bench.members(.miniorange, "crew") == "anna bo")
        try bench.delete(.ad, bo)
        try bench.expectRest()
        #expect(bench.members(.miniorange, "crew") == "anna")
        #expect(bench.members(.ad, "crew") == "ann")
    }

    /// Ann and Bo, in two containers, so that both may have one uid for a moment.
    private func swapped() throws -> (bench: Bench, ann: Anchor, bo: Anchor, group: Anchor) {
        let bench = try self.bench()
        _ = try bench.container(.ad, "Staff", below: try bench.place(.ad))
        let ann = try bench.create(.ad, "Ann", path: "OU=Staff,")
        let bo = try bench.create(.ad, "Bo")
        let group = try bench.createGroup(.ad, "crew", members: [ann, bo])
        try bench.expectRest()
        #expect(bench.members(.miniorange, "crew") == "ann bo")
        for (person, account) in [(ann, "swap"), (bo, "ann"), (ann, "bo")] {
            try bench.set(.ad, person, "samaccountname", [Octets(account)])
        }
        return (bench, ann, bo, group)
    }

    @Test(arguments: [1, 2, 3])
    func `Two who exchange their uids stay in their group, in whatever order they are renamed`(answers: Int) throws {
        let (bench, _, _, _) = try swapped()
        try bench.tell(.ad)
        for _ in 0..<answers where !bench.sent.isEmpty { try bench.answer() }
        try bench.tell(.miniorange)
        try bench.settle(rounds: 5, milliseconds: 2_000)
        #expect(bench.members(.miniorange, "crew") == "ann bo")
        #expect(bench.members(.ad, "crew") == "ann bo")
    }

    @Test
    func `Of two who exchange their uids while everything is read anew the one who is taken out goes`() throws {
        let (bench, _, bo, group) = try swapped()
        try bench.setMembers(.ad, group, remove: [bo])
        try bench.start(mapping: "another")
        for side in Side.allCases {
            _ = try bench.connect(side)
            let entries = bench.directories[side].sorted.compactMap {
                bench.directories[side].snapshotWithMembers($0.anchor)
            }
            try bench.step(.feed(side, .changes(entries.map { .present($0) }, cursor: nil)))
            try bench.complete(side)
        }
        try bench.settle(rounds: 5, milliseconds: 2_000)
        #expect(bench.members(.ad, "crew") == "ann")
        #expect(bench.members(.miniorange, "crew") == "bo")
    }

    @Test
    func `A memberUid from before two swapped names, and told after it, is his who had the name`() throws {
        let bench = try self.bench()
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0) }
        try bench.createGroup(.ad, "crew")
        try bench.expectRest()
        try bench.set(.miniorange, try #require(bench.groupNamed(.miniorange, "crew")), "memberuid", ["ann"])
        try bench.set(.ad, people[0], "samaccountname", ["spare"])
        try bench.set(.ad, people[1], "samaccountname", ["ann"])
        try bench.set(.ad, people[0], "samaccountname", ["bo"])
        try bench.tell(.ad)
        for _ in 0..<50 where !bench.sent.isEmpty { try bench.answer() }
        try bench.tell(.miniorange)
        try bench.expectRest()
        #expect(bench.members(.ad, "crew") == "ann")
        #expect(bench.members(.miniorange, "crew") == "bo")
    }

    @Test
    func `A memberUid of nobody waits for who gets it`() throws {
        let bench = try self.bench()
        try bench.createGroup(.ad, "crew")
        try bench.expectRest()
        let group = try #require(bench.groupNamed(.miniorange, "crew"))
        try bench.set(.miniorange, group, "memberuid", ["ann"])
        try bench.expectRest()
        try bench.create(.ad, "Ann")
        try bench.expectRest()
        #expect(bench.members(.ad, "crew") == "ann")
        #expect(bench.members(.miniorange, "crew") == "ann")
    }

    @Test
    func `Who is listed by two names, and taken away by the former one, is listed on both sides or on none`() throws {
        let bench = try self.bench()
        let ann = try bench.create(.ad, "Ann")
        let group = try bench.createGroup(.ad, "crew")
        try bench.expectRest()
        let directory = bench.directories.miniorange
        let crew = try #require(bench.groupNamed(.miniorange, "crew"))
        let other = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.setMembers(.ad, group, add: [ann])
        try bench.tell(.ad)
        try bench.move(.miniorange, other, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "anna"))
        try bench.set(.miniorange, crew, "memberuid", ["anna"])
        try bench.setMembers(.ad, group, remove: [ann])
        try bench.answer()
        #expect(directory.entries[crew]?.attributes["memberuid"] == ["ann", "anna"])
        // She is taken away by the one name, while the other one is told and asked for.
        try bench.tell(.ad)
        try bench.tell(.miniorange)
        try bench.settle(rounds: 10, milliseconds: 1_000)
        let isListed = directory.entries[crew]?.attributes["memberuid"] == ["anna"]
        #expect(bench.members(.ad, "crew") == (isListed ? "ann" : ""))
    }

    @Test
    func `Who gets another account while he is out of the scope of the other side is listed by it when he is back`()
        throws
    {
        let bench = try self.bench()
        let directory = bench.directories.ad
        let elsewhere = try bench.container(.ad, "Elsewhere", below: directory.top)
        let ann = try bench.create(.ad, "Ann", path: "OU=North,")
        try bench.createGroup(.ad, "crew", members: [ann])
        try bench.settle()
        #expect(bench.members(.miniorange, "crew") == "ann")
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        #expect(try bench.tell(.ad).count == 1)
        let north = try bench.place(.ad, "OU=North,")
        #expect(directory.rename(north, below: elsewhere, RelativeDistinguishedName(type: "OU", value: "North")) == nil)
        try bench.tell(.ad)
        try bench.answer()
        try bench.settle()
        try bench.move(.ad, north, to: "")
        try bench.settle()
        #expect(bench.members(.miniorange, "crew") == "anna")
    }

    @Test
    func `Who is taken out of a list while his new uid is on its way to it stays out`() throws {
        let bench = try bench()
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0) }
        try bench.createGroup(.ad, "crew", members: people)
        try bench.settle()
        try bench.set(.ad, people[0], "samaccountname", ["anna"])
        try bench.tell(.ad)
        let lines = try bench.answer()
        #expect(lines.contains { $0.hasSuffix("memberuid: +[anna] -[ann]") }, "\(lines)")
        let group = try #require(bench.groupNamed(.miniorange, "crew"))
        try bench.set(.miniorange, group, "memberuid", ["bo"])
        try bench.settle()
        #expect(bench.engine.isQuiet)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "bo") }
    }

    @Test
    func `A uid that two had when it was listed means the one who has it still`() throws {
        let bench = try self.bench()
        let directory = bench.directories.miniorange
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0) }
        try bench.settle()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        let bo = try #require(bench.counterpart(.miniorange, "bo"))
        try bench.move(.miniorange, bo, to: "ou=North,", rdn: RelativeDistinguishedName(type: "uid", value: "ann"))
        let band = try bench.createGroup(.miniorange, "band")
        try bench.set(.miniorange, band, "memberuid", ["ann"])
        try bench.move(.miniorange, ann, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "anna"))
        let changes = try [bo, ann, band].map { try #require(directory.snapshotWithMembers($0)) }
        try bench.step(.feed(.miniorange, .changes(changes.map { .present($0) }, cursor: nil)))
        try bench.settle()
        #expect(directory.entries[band]?.attributes["memberuid"] == ["ann"])
        #expect(bench.members(.ad, "band") == "bo")
        #expect(bench.directories.ad.entries[people[1]]?.attributes["samaccountname"] == ["ann"])
    }

    /// Who gets that uid next would be in the group. Perhaps Ann goes behind it, so that the feed tells later news before the answer.
    @Test(arguments: [false, true])
    func `A uid by which somebody is listed while his new one is being written goes`(isAnnGone: Bool) throws {
        let bench = try Crew.bench(MembershipSpecification(form: .memberUid))
        let directory = bench.directories.miniorange
        let start = directory.log.count
        let (cy, group) = (try Crew.entry(bench, .ad, "cy"), try Crew.group(bench, .miniorange))
        try bench.set(.ad, cy, "samaccountname", ["cyrus"])
        #expect(try bench.tell(.ad).count == 1)
        try bench.set(.miniorange, group, "memberuid", ["ann", "bo", "cy"])
        try bench.answer()
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [cy])
        #expect(try bench.tell(.ad).count == 1)
        let outcome = isAnnGone ? directory.perform(try #require(bench.sent.first).operation) : nil
        if isAnnGone { try bench.set(.miniorange, group, "memberuid", ["bo", "cy", "cyrus"]) }
        for record in start..<directory.log.count { _ = try log(bench, record..<record + 1) }
        if let outcome { try bench.answer(outcome) }
        for _ in 0..<20 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 500)
        }
        let expected: [Octets] = isAnnGone ? ["bo", "cyrus"] : ["ann", "bo", "cyrus"]
        #expect(directory.entries[group]?.attributes["memberuid"].sorted() == expected)
        #expect(bench.members(.ad, "crew") == (isAnnGone ? "bo cy" : "ann bo cy"))
    }

    /// The log does not tell of the new one with our write, since it was there before.
    @Test
    func `Who is listed by his new uid already stays in the group when we take his former one away`() throws {
        let bench = try Crew.bench(MembershipSpecification(form: .memberUid))
        let directory = bench.directories.miniorange
        let cy = try Crew.entry(bench, .miniorange, "cy")
        let group = try Crew.group(bench, .miniorange)
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "cy")])
        #expect(try bench.tell(.ad).count == 1)
        let start = directory.log.count
        try bench.answer()
        try bench.move(.miniorange, cy, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "cyrus"))
        try bench.set(.miniorange, group, "memberuid", ["ann", "bo", "cy", "cyrus"])
        let told = directory.log.count
        #expect(try log(bench, start..<told) == ["miniorange read \(cy.low)"])
        #expect(try bench.answer().contains("miniorange edit \(group.low) memberuid: +[cyrus] -[cy]"))
        let write = try #require(bench.sent.first { $0.operation.line.hasPrefix("edit ") })
        let outcome = directory.perform(write.operation)
        #expect(try log(bench, told..<directory.log.count) == ["miniorange readMembers \(group.low)"])
        bench.skip(.miniorange)
        try bench.step(.settled(write.id, outcome))
        try bench.settle()
        for side in Side.allCases { #expect(bench.members(side, "crew").contains("cy")) }
        #expect(directory.entries[group]?.attributes["memberuid"].sorted() == ["ann", "bo", "cyrus"])
    }

    /// The log tells these records, each with what was edited.
    private func log(_ bench: Bench, _ records: Range<Int>) throws -> [String] {
        let changes = bench.directories.miniorange.log[records].map { record in
            switch record.kind {
            case .renamed(let name): Change.edited(record.anchor, edits: [], newName: name, version: record.version)
            case .edited(let edits): Change.edited(record.anchor, edits: edits, newName: nil, version: record.version)
            case .added, .deleted: Change.deleted(record.anchor)
            }
        }
        return try bench.step(.feed(.miniorange, .changes(changes, cursor: nil)))
    }

    @Test
    func `Two who take each other's uids stay in a group of both`() throws {
        let bench = try Crew.bench(MembershipSpecification(form: .memberUid))
        let directory = bench.directories.miniorange
        let people = try ["ann", "bo"].map { try Crew.entry(bench, .miniorange, $0) }
        let uids: [(Anchor, Octets)] = [(people[0], "swap"), (people[1], "ann"), (people[0], "bo")]
        for (person, uid) in uids {
            try bench.move(.miniorange, person, to: "", rdn: RelativeDistinguishedName(type: "uid", value: uid))
        }
        try Crew.settled(bench)
        #expect(
            directory.entries[try Crew.group(bench, .miniorange)]?.attributes["memberuid"].sorted() == ["ann", "bo"]
        )
        #expect(bench.members(.ad, "crew") == "ann bo")
        for (name, uid) in [("Ann", "bo"), ("Bo", "ann")] {
            #expect(
                bench.directories.ad.sorted.first { $0.attributes["cn"] == [Octets(name)] }?
                    .attributes["samaccountname"] == [Octets(uid)]
            )
        }
    }

    @Test
    func `A uid that somebody else has written anew already is not written for ever`() throws {
        let bench = try Crew.bench(MembershipSpecification(form: .memberUid))
        let group = try Crew.group(bench, .miniorange)
        try bench.set(.ad, try Crew.entry(bench, .ad, "bo"), "samaccountname", ["bob"])
        try bench.tell(.ad)
        try bench.answer()
        try bench.set(.miniorange, group, "memberuid", ["ann", "bob"])
        for _ in 0..<20 where !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.sent.isEmpty)
        try Crew.settled(bench)
        #expect(bench.directories.miniorange.entries[group]?.attributes["memberuid"] == ["ann", "bob"])
        #expect(bench.members(.ad, "crew") == "ann bo")
    }

    /// He is deleted while he is being added, and both our adding him and our taking him out are told after that.
    @Test
    func `Who gets the uid of one who came and went is in no group by it`() throws {
        let bench = try self.bench()
        try bench.create(.ad, "Ann")
        let group = try bench.createGroup(.ad, "crew")
        try bench.expectRest()
        let directory = bench.directories.miniorange
        let (ann, crew) = (
            try #require(bench.counterpart(.miniorange, "ann")), try #require(bench.groupNamed(.miniorange, "crew"))
        )
        try bench.setMembers(.ad, group, add: [try #require(bench.counterpart(.ad, "ann"))])
        #expect(try bench.tell(.ad).count == 1)
        try bench.delete(.miniorange, ann)
        try bench.step(.feed(.miniorange, .changes([.deleted(ann)], cursor: nil)))
        func tellLast(_ kind: AttributeEdit.Kind) throws {
            let version = try #require(directory.log.last).version
            let edit = AttributeEdit(kind: kind, name: "memberuid", values: ["ann"])
            let change = Change.edited(crew, edits: [edit], newName: nil, version: version)
            try bench.step(.feed(.miniorange, .changes([change], cursor: nil)))
        }
        try bench.answer()
        try tellLast(.add)
        try bench.answer()
        let removal = try #require(bench.sent.first)
        let outcome = directory.perform(removal.operation)
        #expect(bench.members(.miniorange, "crew") == "")
        try tellLast(.delete)
        try bench.answer(outcome)
        try bench.tell(.ad)
        let another = try bench.create(.miniorange, "Ann", ["displayname": ["Another"]])
        let told = Change.present(try #require(directory.snapshot(another)))
        try bench.step(.feed(.miniorange, .changes([told], cursor: nil)))
        while !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.values(.ad, "ann", "displayname") == "[Another]")
        for side in Side.allCases { #expect(bench.members(side, "crew") == "") }
    }

    @Test
    func `Who is added while his uid is being written anew is listed by the new one alone`() throws {
        let bench = try self.bench()
        let ann = try bench.create(.ad, "Ann")
        let group = try bench.createGroup(.ad, "crew")
        try bench.expectRest()
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        #expect(try bench.tell(.ad).count == 1)
        try bench.setMembers(.ad, group, add: [ann])
        #expect(try bench.tell(.ad).isEmpty)
        try bench.settle(rounds: 5, milliseconds: 1_000)
        #expect(bench.members(.miniorange, "crew") == "anna")
    }

    @Test
    func `Who has another uid, and was out of the scope before his list was written, is in it by that`() throws {
        let bench = try self.bench()
        let directory = bench.directories.miniorange
        let ann = try bench.create(.ad, "Ann")
        try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        let other = try #require(bench.counterpart(.miniorange, "ann"))
        let rdn = RelativeDistinguishedName(type: "uid", value: "anna")
        for place in [try bench.place(.miniorange), directory.top, try bench.place(.miniorange)] {
            #expect(directory.rename(other, below: place, rdn) == nil)
        }
        try bench.tell(.miniorange)
        try bench.settle(rounds: 5, milliseconds: 2_000)
        #expect(bench.members(.miniorange, "crew") == "anna")
        #expect(bench.members(.ad, "crew") == "ann")
    }
}
