import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Answers and the log's records of memberships come in any order, and each tells of its own time.
struct MemberOrderTests {
    private func settled(_ bench: Bench) throws {
        #expect(try bench.settle().last != "does not come to rest")
        #expect(bench.engine.isQuiet)
    }

    /// Ann, Bo and Cy on both sides, and a group of Ann and Bo.
    private func bench(_ membership: MembershipSpecification? = nil) throws -> Bench {
        let bench = try Bench.withGroups(try membership ?? Bench.named())
        let people = try ["Ann", "Bo", "Cy"].map { try bench.create(.ad, $0) }
        try bench.createGroup(.ad, "crew", members: Array(people.prefix(2)))
        try settled(bench)
        return bench
    }

    private func entry(_ bench: Bench, _ side: Side, _ account: String) throws -> Anchor {
        try #require(bench.counterpart(side, account))
    }

    private func crew(_ bench: Bench, _ side: Side) throws -> Anchor { try #require(bench.groupNamed(side, "crew")) }

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

    private func answerAll(_ bench: Bench) throws {
        for _ in 0..<50 {
            while !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 500)
        }
    }

    @Test
    func `A list of members that is answered late takes back nothing that was told since`() throws {
        let bench = try bench()
        let directory = bench.directories.miniorange
        try bench.setMembers(.ad, try crew(bench, .ad), remove: [try entry(bench, .ad, "bo")])
        #expect(try bench.tell(.ad).count == 1)
        let write = try #require(bench.sent.first)
        _ = directory.perform(write.operation)
        // The process ends before the answer, and asks.
        try bench.start()
        _ = try bench.connect(.ad)
        let group = try crew(bench, .miniorange)
        #expect(try bench.connect(.miniorange) == ["miniorange readMembers \(group.low)"])
        let answer = directory.perform(.readMembers(group))
        let start = directory.log.count
        try bench.set(.miniorange, group, "description", ["else"])
        try bench.move(.miniorange, group, to: "", rdn: RelativeDistinguishedName(type: "cn", value: "band"))
        try bench.setMembers(.miniorange, group, add: [try entry(bench, .miniorange, "cy")])
        try bench.step(.feed(.miniorange, .changes(changes(bench, since: start), cursor: nil)))
        try bench.answer(answer)
        try answerAll(bench)
        for side in Side.allCases { #expect(bench.members(side, "band") == "ann cy") }
    }

    @Test
    func `A removal that found nothing, as its member had another name by then, is made again`() throws {
        let bench = try bench()
        let start = bench.directories.miniorange.log.count
        try bench.setMembers(.ad, try crew(bench, .ad), remove: [try entry(bench, .ad, "bo")])
        #expect(try bench.tell(.ad).count == 1)
        let bo = try entry(bench, .miniorange, "bo")
        try bench.setMembers(.miniorange, try crew(bench, .miniorange), add: [try entry(bench, .miniorange, "cy")])
        try bench.move(.miniorange, bo, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "bob"))
        try bench.answer()
        #expect(bench.members(.miniorange, "crew") == "ann bob cy")
        try bench.step(.feed(.miniorange, .changes(changes(bench, since: start), cursor: nil)))
        try answerAll(bench)
        #expect(bench.members(.ad, "crew") == "ann cy" && bench.members(.miniorange, "crew") == "ann cy")
    }

    @Test(arguments: [false, true])
    func `A uid that was listed before its owner got another one still means him`(restarts: Bool) throws {
        let bench = try bench(MembershipSpecification(form: .memberUid))
        let directory = bench.directories.miniorange
        let start = directory.log.count
        try bench.set(.ad, try entry(bench, .ad, "cy"), "samaccountname", ["cyrus"])
        #expect(try bench.tell(.ad).count == 1)
        let group = try crew(bench, .miniorange)
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
        try bench.step(.feed(.miniorange, .changes(changes(bench, since: start), cursor: nil)))
        try answerAll(bench)
        #expect(bench.members(.ad, "crew") == "ann bo cy" && bench.members(.miniorange, "crew") == "ann bo cyrus")
    }

    @Test
    func `Who is told by another name while everything is read anew, and was taken out on the other side, stays out`()
        throws
    {
        let bench = try bench()
        try bench.setMembers(.ad, try crew(bench, .ad), remove: [try entry(bench, .ad, "bo")])
        let bo = try entry(bench, .miniorange, "bo")
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
        try answerAll(bench)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann") }
    }

    /// He is made again by a change, under the name that stands there, and is in the group no more at AD.
    @Test
    func `A name that was written after its owner had got another one goes with him`() throws {
        let bench = try bench()
        let group = try crew(bench, .ad)
        let cy = try entry(bench, .ad, "cy")
        try bench.setMembers(.ad, group, add: [cy])
        #expect(try bench.tell(.ad).count == 1)
        let there = try entry(bench, .miniorange, "cy")
        let start = bench.directories.miniorange.log.count
        try bench.move(.miniorange, there, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "cyrus"))
        try bench.answer()
        try bench.delete(.miniorange, there)
        try bench.setMembers(.ad, group, remove: [cy])
        try bench.set(.ad, cy, "displayname", ["Changed"])
        try bench.tell(.ad)
        try bench.step(.feed(.miniorange, .changes(changes(bench, since: start), cursor: nil)))
        try answerAll(bench)
        try settled(bench)
        #expect(bench.values(.miniorange, "cy", "displayname") == "[Changed]")
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }

    @Test
    func `Members come and go while their group's name is refused`() throws {
        let bench = try bench()
        let group = try crew(bench, .ad)
        try bench.set(.ad, group, "samaccountname", ["band"])
        try bench.setMembers(.ad, group, add: [try entry(bench, .ad, "cy")])
        #expect(try bench.tell(.ad).count == 1)
        let lines = try bench.answer(.refused(Refusal(reason: .notAllowed, code: 50, message: "not now")))
        #expect(lines.count == 1 && lines[0].contains("edit"), "\(lines)")
        try bench.answer()
        #expect(bench.members(.miniorange, "crew") == "ann bo cy")
    }
}
