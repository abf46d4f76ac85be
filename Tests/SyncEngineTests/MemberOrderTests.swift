import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Answers and the log's records of memberships come in any order, and each tells of its own time.
struct MemberOrderTests {
    /// As the log tells them.
    private func changes(_ bench: Bench, since start: Int) -> [Change] {
        bench.directories.miniorange.log[start...].compactMap { record in
            switch record.kind {
            case .renamed(let name): .edited(record.anchor, edits: [], newName: name, version: record.version)
            case .edited(let edits): .edited(record.anchor, edits: edits, newName: nil, version: record.version)
            case .added: record.snapshot.map { .present($0) }
            case .deleted: .deleted(record.anchor)
            }
        }
    }

    /// A group whose members are asked for, and the answer, which changes that are told before it have overtaken.
    private func overtaken(_ bench: Bench) throws -> (group: Anchor, answer: WriteOutcome) {
        let directory = bench.directories.miniorange
        try bench.setMembers(.ad, try Crew.group(bench, .ad), remove: [try Crew.entry(bench, .ad, "bo")])
        #expect(try bench.tell(.ad).count == 1)
        let write = try #require(bench.sent.first)
        _ = directory.perform(write.operation)
        // The process ends before the answer, and asks.
        try bench.start()
        _ = try bench.connect(.ad)
        let group = try Crew.group(bench, .miniorange)
        #expect(try bench.connect(.miniorange) == ["miniorange readMembers \(group.low)"])
        let answer = directory.perform(.readMembers(group))
        let start = directory.log.count
        try bench.set(.miniorange, group, "description", ["else"])
        try bench.move(.miniorange, group, to: "", rdn: RelativeDistinguishedName(type: "cn", value: "band"))
        try bench.setMembers(.miniorange, group, add: [try Crew.entry(bench, .miniorange, "cy")])
        try bench.step(.feed(.miniorange, .changes(changes(bench, since: start), cursor: nil)))
        return (group, answer)
    }

    /// He was listed by the name that he had given up as well, which his server rewrites behind the removal.
    @Test
    func `Who is shown in a group as of the version by which he was taken out is in it`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        directory.followsLate = true
        let (bo, group) = (try Crew.entry(bench, .miniorange, "bo"), try Crew.group(bench, .miniorange))
        let start = directory.log.count
        try bench.move(.miniorange, bo, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "bob"))
        try bench.setMembers(.miniorange, group, add: [bo])
        try bench.setMembers(.miniorange, group, remove: [bo])
        directory.followNext()
        let told = changes(bench, since: start)
        let read = try [directory.snapshot(bo), directory.snapshotWithMembers(group)].map {
            Change.present(try #require($0))
        }
        try bench.step(.feed(.miniorange, .changes(read, cursor: nil)))
        try bench.answerAll()
        try bench.step(.feed(.miniorange, .changes(told, cursor: nil)))
        try bench.answerAll()
        #expect(bench.members(.miniorange, "crew") == "ann bob")
        #expect(bench.members(.ad, "crew") == "ann bo")
    }

    @Test
    func `A list of members that is answered late takes back nothing that was told since`() throws {
        let bench = try Crew.bench()
        try bench.answer(try overtaken(bench).answer)
        try bench.answerAll()
        for side in Side.allCases { #expect(bench.members(side, "band") == "ann cy") }
    }

    @Test
    func `A server that keeps answering of an older time is asked again more and more seldom, until it has caught up`()
        throws
    {
        let bench = try Crew.bench()
        let (group, answer) = try overtaken(bench)
        var asked = 0
        for _ in 0..<120 {
            while asked < 100, let write = bench.sent.first {
                guard case .readMembers(group) = write.operation else {
                    try bench.answer()
                    continue
                }
                asked += 1
                try bench.answer(answer)
            }
            _ = try bench.pass(milliseconds: 1_000)
        }
        #expect((2...15).contains(asked), "\(asked)")
        for _ in 0..<120 where bench.members(.ad, "band") != "ann cy" {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 1_000)
        }
        for side in Side.allCases { #expect(bench.members(side, "band") == "ann cy") }
    }

    /// A group is told as a whole, by a name that is not known yet, and then an edit, before it was answered who that is.
    @Test
    func `Who was taken out of a group stays out, though it is asked for when that and a later addition are told`()
        throws
    {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let group = try Crew.group(bench, .miniorange)
        let dan = try bench.create(.miniorange, "Dan")
        let ann = try Crew.entry(bench, .miniorange, "ann")
        try bench.setMembers(.miniorange, group, add: [dan], remove: [ann])
        let whole = try #require(directory.snapshotWithMembers(group))
        #expect(
            try bench.step(.feed(.miniorange, .changes([.present(whole)], cursor: nil)))
                == ["miniorange readMembers \(group.low)"]
        )
        let start = directory.log.count
        try bench.setMembers(.miniorange, group, add: [try Crew.entry(bench, .miniorange, "cy")])
        try bench.step(.feed(.miniorange, .changes(changes(bench, since: start), cursor: nil)))
        try bench.answer()
        try bench.settle(rounds: 10, milliseconds: 2_000)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "bo cy dan") }
    }

    @Test
    func `A removal that found nothing, as its member had another name by then, is made again`() throws {
        let bench = try Crew.bench()
        let start = bench.directories.miniorange.log.count
        try bench.setMembers(.ad, try Crew.group(bench, .ad), remove: [try Crew.entry(bench, .ad, "bo")])
        #expect(try bench.tell(.ad).count == 1)
        let bo = try Crew.entry(bench, .miniorange, "bo")
        try bench.setMembers(
            .miniorange,
            try Crew.group(bench, .miniorange),
            add: [try Crew.entry(bench, .miniorange, "cy")]
        )
        try bench.move(.miniorange, bo, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "bob"))
        try bench.answer()
        #expect(bench.members(.miniorange, "crew") == "ann bob cy")
        try bench.step(.feed(.miniorange, .changes(changes(bench, since: start), cursor: nil)))
        try bench.answerAll()
        #expect(bench.members(.ad, "crew") == "ann cy" && bench.members(.miniorange, "crew") == "ann cy")
    }

    @Test(arguments: [false, true])
    func `So it is whether its answer comes after all that the log tells of it or before`(isToldFirst: Bool) throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let start = directory.log.count
        try bench.setMembers(
            .ad,
            try Crew.group(bench, .ad),
            add: [try Crew.entry(bench, .ad, "cy")],
            remove: [try Crew.entry(bench, .ad, "bo")]
        )
        #expect(try bench.tell(.ad).count == 1)
        let bo = try Crew.entry(bench, .miniorange, "bo")
        try bench.move(.miniorange, bo, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "bob"))
        let answer = directory.perform(try #require(bench.sent.first).operation)
        #expect(bench.members(.miniorange, "crew") == "ann bob cy")
        try bench.set(.miniorange, try Crew.group(bench, .miniorange), "description", ["later"])
        if !isToldFirst { try bench.answer(answer) }
        // Bo is read for his name.
        try bench.step(.feed(.miniorange, .changes(changes(bench, since: start), cursor: nil)))
        if isToldFirst { try bench.answer(answer) }
        try bench.answerAll()
        #expect(bench.members(.ad, "crew") == "ann cy" && bench.members(.miniorange, "crew") == "ann cy")
    }

    @Test(arguments: [false, true], [false, true])
    func `A uid that was listed before its owner got another one still means him`(restarts: Bool, asWhole: Bool) throws
    {
        let bench = try Crew.bench(MembershipSpecification(form: .memberUid))
        let directory = bench.directories.miniorange
        let start = directory.log.count
        try bench.set(.ad, try Crew.entry(bench, .ad, "cy"), "samaccountname", ["cyrus"])
        #expect(try bench.tell(.ad).count == 1)
        let group = try Crew.group(bench, .miniorange)
        try bench.set(.miniorange, group, "memberuid", ["ann", "bo", "cy"])
        try bench.answer()
        try bench.set(.miniorange, group, "description", ["later"])
        if restarts {
            try bench.start()
            for side in Side.allCases { _ = try bench.connect(side) }
        }
        // As a whole first, as where it is read again.
        let now = try #require(directory.snapshotWithMembers(group))
        try bench.step(.feed(.miniorange, .changes([.present(now)], cursor: nil)))
        let whole = directory.log[start...].compactMap { $0.snapshot.map { Change.present($0) } }
        let news = asWhole ? whole : changes(bench, since: start)
        try bench.step(.feed(.miniorange, .changes(news, cursor: nil)))
        try bench.answerAll()
        #expect(bench.members(.ad, "crew") == "ann bo cy" && bench.members(.miniorange, "crew") == "ann bo cyrus")
    }

    @Test
    func `Who is told by another name while everything is read anew, and was taken out on the other side, stays out`()
        throws
    {
        let bench = try Crew.bench()
        try bench.setMembers(.ad, try Crew.group(bench, .ad), remove: [try Crew.entry(bench, .ad, "bo")])
        let bo = try Crew.entry(bench, .miniorange, "bo")
        try bench.start(mapping: "another")
        for side in Side.allCases { _ = try bench.connect(side) }
        for side in Side.allCases {
            if side == .miniorange {
                try bench.move(side, bo, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "bob"))
            }
            // Groups first, which name people by what those are called now.
            let all = bench.directories[side].sorted
            let entries =
                all.filter { $0.attributes["cn"] == ["crew"] } + all.filter { $0.attributes["cn"] != ["crew"] }
            for snapshot in entries.compactMap({ bench.directories[side].snapshotWithMembers($0.anchor) }) {
                try bench.step(.feed(side, .changes([.present(snapshot)], cursor: nil)))
            }
            try bench.complete(side)
        }
        try bench.answerAll()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann") }
    }

    /// He is made again by a change, under the name that stands there, and is in the group no more at AD.
    @Test
    func `A name that was written after its owner had got another one goes with him`() throws {
        let bench = try Crew.bench()
        let group = try Crew.group(bench, .ad)
        let cy = try Crew.entry(bench, .ad, "cy")
        try bench.setMembers(.ad, group, add: [cy])
        #expect(try bench.tell(.ad).count == 1)
        let there = try Crew.entry(bench, .miniorange, "cy")
        let start = bench.directories.miniorange.log.count
        try bench.move(.miniorange, there, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "cyrus"))
        try bench.answer()
        try bench.delete(.miniorange, there)
        try bench.setMembers(.ad, group, remove: [cy])
        try bench.set(.ad, cy, "displayname", ["Changed"])
        try bench.tell(.ad)
        try bench.step(.feed(.miniorange, .changes(changes(bench, since: start), cursor: nil)))
        try bench.answerAll()
        try Crew.settled(bench)
        #expect(bench.values(.miniorange, "cy", "displayname") == "[Changed]")
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    @Test
    func `Members come and go while their group's name is refused`() throws {
        let bench = try Crew.bench()
        let group = try Crew.group(bench, .ad)
        try bench.set(.ad, group, "samaccountname", ["band"])
        try bench.setMembers(.ad, group, add: [try Crew.entry(bench, .ad, "cy")])
        #expect(try bench.tell(.ad).count == 1)
        let lines = try bench.answer(.refused(Refusal(reason: .notAllowed, code: 50, message: "not now")))
        #expect(lines.count == 1 && lines[0].contains("edit"), "\(lines)")
        try bench.answer()
        #expect(bench.members(.miniorange, "crew") == "ann bo cy")
    }

    /// Neither the rename nor what else was done to the group is known here then.
    @Test
    func `A removal that found nothing is made again also where the group had moved meanwhile`() throws {
        let bench = try Crew.bench()
        let (group, bo) = (try Crew.group(bench, .miniorange), try Crew.entry(bench, .miniorange, "bo"))
        try bench.setMembers(.ad, try Crew.group(bench, .ad), remove: [try Crew.entry(bench, .ad, "bo")])
        #expect(try bench.tell(.ad).count == 1)
        try bench.set(.miniorange, group, "description", ["ours"])
        try bench.move(.miniorange, bo, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "bob"))
        try bench.answer()
        #expect(bench.members(.miniorange, "crew") == "ann bob")
        try bench.set(.miniorange, group, "description", ["theirs"])
        let directory = bench.directories.miniorange
        let told = try [directory.snapshot(bo), directory.snapshotWithMembers(group)].map {
            Change.present(try #require($0))
        }
        try bench.step(.feed(.miniorange, .changes(told, cursor: nil)))
        try bench.answerAll()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann") }
    }

    /// We wrote it by the name from before, in the moment in which somebody else added him by the new one.
    @Test
    func `Who is listed by his former name and by his present one is listed once`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let (group, cy) = (try Crew.group(bench, .miniorange), try Crew.entry(bench, .miniorange, "cy"))
        try bench.move(.miniorange, cy, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "cyrus"))
        try Crew.settled(bench)
        _ = try bench.pass(milliseconds: 5_000)
        let former = Reference.unresolved(try DistinguishedName(parsing: "uid=cy,\(Bench.bases.miniorange)")).octets
        let held = try #require(directory.entries[group]).attributes["member"]
        try bench.set(.miniorange, group, "member", held + [former, Reference.entry(cy).octets])
        try bench.tell(.miniorange)
        try bench.answerAll()
        #expect(bench.members(.miniorange, "crew") == "ann bo cyrus")
        #expect(bench.members(.ad, "crew") == "ann bo cy")
    }

    /// It was asked for when one was listed whose new name was not known, and comes when that is known.
    @Test
    func `A list of members that is answered late takes back no later list that was told since`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let (group, cy) = (try Crew.group(bench, .miniorange), try Crew.entry(bench, .miniorange, "cy"))
        func told(since start: Int) throws {
            let replaced = changes(bench, since: start).map { change in
                guard case .edited(group, let edits, nil, let version, _) = change, !edits.isEmpty,
                    let members = directory.snapshotWithMembers(group)?.attributes["member"]
                else { return change }
                let edit = AttributeEdit(kind: .replace, name: "member", values: members)
                return .edited(group, edits: [edit], newName: nil, version: version)
            }
            try bench.step(.feed(.miniorange, .changes(replaced, cursor: nil)))
        }
        let start = directory.log.count
        try bench.move(.miniorange, cy, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "cyrus"))
        try bench.setMembers(.miniorange, group, add: [cy])
        try told(since: start)
        #expect(bench.sent.map(\.operation.line) == ["read \(cy.low)", "readMembers \(group.low)"])
        let late = directory.perform(.readMembers(group))
        let end = directory.log.count
        try bench.setMembers(.miniorange, group, remove: [cy])
        try told(since: end)
        try bench.answer()
        try bench.answer(late)
        try bench.answerAll()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    /// The process ends meanwhile, and asks twice for who was renamed: the first answer does not count as of any version.
    @Test
    func `A member who was renamed just before he was written is written by his present name`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let cy = try Crew.entry(bench, .miniorange, "cy")
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "cy")])
        try bench.set(.ad, try Crew.entry(bench, .ad, "cy"), "displayname", ["C"])
        #expect(try bench.tell(.ad).count == 2)
        let start = directory.log.count
        try bench.move(.miniorange, cy, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "cyrus"))
        for write in bench.sent where write.operation.line.hasPrefix("edit") { _ = directory.perform(write.operation) }
        let changes = changes(bench, since: start)
        #expect(changes.count == 2)
        try bench.step(.feed(.miniorange, .changes([changes[0]], cursor: nil)))
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        #expect(bench.sent.count == 3)
        try bench.step(.feed(.miniorange, .changes([changes[1]], cursor: nil)))
        try bench.answerAll()
        #expect(bench.members(.miniorange, "crew") == "ann bo cyrus")
    }

    @Test
    func `Who was taken out stays out where he, and then his group as it was before, is told once more`() throws {
        var membership = try Bench.named()
        membership.includesPrimaryGroup = true
        let bench = try Crew.bench(membership)
        let directory = bench.directories.ad
        let bo = try #require(directory.snapshotWithMembers(try Crew.entry(bench, .ad, "bo")))
        let group = try #require(directory.snapshotWithMembers(try Crew.group(bench, .ad)))
        try bench.setMembers(
            .miniorange,
            try Crew.group(bench, .miniorange),
            remove: [try Crew.entry(bench, .miniorange, "bo")]
        )
        #expect(try bench.tell(.miniorange).count == 1)
        try bench.answer()
        #expect(bench.members(.ad, "crew") == "ann")
        #expect(try bench.step(.feed(.ad, .changes([.present(bo), .present(group)], cursor: nil))).isEmpty)
        try Crew.settled(bench)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann") }
    }

    /// What the group holds after it names somebody whose new name is not known yet. Meanwhile the feed tells of the group, and of the member's addition at AD.
    @Test
    func `A removal whose answer was lost is nobody else's while what was read after it can't be understood`() throws {
        let bench = try Crew.bench()
        let (crew, bo) = (try Crew.group(bench, .ad), try Crew.entry(bench, .ad, "bo"))
        let ann = try Crew.entry(bench, .miniorange, "ann")
        try bench.setMembers(.ad, crew, remove: [bo])
        #expect(try bench.tell(.ad).count == 1)
        try bench.answer(.unknown, carriedOut: true)
        try bench.move(.miniorange, ann, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "anna"))
        try bench.answer()
        try bench.setMembers(.ad, crew, add: [bo])
        try bench.tell(.ad)
        try bench.tell(.miniorange)
        try bench.settle(rounds: 20, milliseconds: 500)
        try Crew.settled(bench)
        for side in Side.allCases { #expect(bench.members(side, "crew").hasSuffix(" bo")) }
    }
}
