import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// What follows from each way in which a write may end.
struct AnsweringTests {
    /// What stands in for a surname comes from another attribute than the one that is written.
    @Test
    func `A name is confirmed for who has something standing in for another value`() throws {
        let bench = try Bench { people in
            for index in people.attributes.indices where people.attributes[index].ad == "sn" {
                people.attributes[index].fallback = ["cn", "uid"]
            }
        }
        let ann = try bench.create(.ad, "Ann")
        try bench.set(.ad, ann, "sn", [])
        try bench.settle()
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        #expect(try bench.tell(.ad).count == 1)
        // While that is on its way he gets another one: nothing conflicts, since the first is agreed with the answer.
        try bench.set(.ad, ann, "samaccountname", ["annika"])
        #expect(try bench.tell(.ad).isEmpty)
        let lines = try bench.answer()
        #expect(lines.count == 1 && lines[0].contains("rename"), "\(lines)")
    }

    private static func refusal(_ reason: RefusalReason) -> WriteOutcome {
        .refused(Refusal(reason: reason, code: 1, message: "no"))
    }

    /// Ann on both sides, and a change at AD whose write is on its way.
    private func changing() throws -> (bench: Bench, ad: Anchor, miniorange: Anchor) {
        let bench = try Bench()
        let ad = try bench.create(.ad, "Ann")
        try bench.settle()
        let miniorange = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.ad, ad, "mail", ["a@syncline.test"])
        #expect(try bench.tell(.ad).count == 1)
        return (bench, ad, miniorange)
    }

    @Test
    func `A refused write is not sent again and again while another one of the entry waits for its side`() throws {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann")
        try bench.settle()
        let there = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.miniorange, there, "displayname", ["A"])
        #expect(try bench.tell(.miniorange).count == 1)
        try bench.disconnect(.miniorange)
        try bench.set(.ad, ann, "mail", ["a@syncline.test"])
        #expect(try bench.tell(.ad).isEmpty)
        // It has moved since, and what it holds now may be taken.
        #expect(try bench.answer(Self.refusal(.other)).count == 1)
        #expect(try bench.answer(Self.refusal(.other)).isEmpty)
        #expect(try bench.pass(milliseconds: 100).isEmpty)
        #expect(try bench.connect(.miniorange).contains { $0.contains(" mail: ") })
    }

    @Test(arguments: [
        (RefusalReason.invalid, false), (.notLeaf, true), (.noParent, true), (.notAllowed, true), (.valueTaken, true),
        (.nameTaken, true), (.other, true),
    ])
    func `A refused write sets the entry aside`(_ reason: RefusalReason, _ isRetried: Bool) throws {
        let (bench, ad, miniorange) = try changing()
        #expect(try bench.answer(Self.refusal(reason)).isEmpty)
        #expect(bench.quarantine == ["refused by miniorange: \(reason)"])
        let again = ["miniorange modify \(miniorange.low) mail: [] -> [a@syncline.test]"]
        #expect(try bench.pass(milliseconds: 3_600_000) == (isRetried ? again : []))
        if isRetried { try bench.answer(Self.refusal(reason)) }
        // A change of the entry is a new chance in any case.
        try bench.set(.ad, ad, "mail", ["b@syncline.test"])
        #expect(try bench.tell(.ad) == ["miniorange modify \(miniorange.low) mail: [] -> [b@syncline.test]"])
        try bench.answer()
        #expect(bench.quarantine.isEmpty)
    }

    @Test
    func `What is refused of an entry that could not be made for long has its own attempts`() throws {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann")
        try bench.tell(.ad)
        for _ in 0..<60 where !bench.sent.isEmpty {
            try bench.answer(Self.refusal(.notAllowed))
            _ = try bench.pass(milliseconds: 3_600_000)
        }
        #expect(bench.quarantine == ["refused by miniorange: notAllowed"] && bench.sent.isEmpty)
        try bench.set(.ad, ann, "mail", ["a@syncline.test"])
        #expect(try bench.tell(.ad).count == 1)
        try bench.set(.ad, ann, "mail", ["b@syncline.test"])
        try bench.tell(.ad)
        #expect(try bench.answer().count == 1)
        try bench.answer(Self.refusal(.other))
        #expect(try bench.pass(milliseconds: 3_600_000).count == 1)
    }

    /// Bo is renamed again and again, and each time somebody's name may have become free.
    @Test
    func `What else wakes an entry that is set aside is none of its attempts`() throws {
        let (bench, _, miniorange) = try changing()
        let bo = try bench.create(.miniorange, "Bo")
        try bench.answer(Self.refusal(.valueTaken))
        for number in 0..<60 {
            let rdn = RelativeDistinguishedName(type: "uid", value: Octets("bo\(number)"))
            try bench.move(.miniorange, bo, to: "", rdn: rdn)
            try bench.tell(.miniorange)
            for _ in 0..<10 {
                guard let write = bench.sent.first else { break }
                if write.operation.anchor == miniorange, write.side == .miniorange {
                    try bench.answer(Self.refusal(.valueTaken))
                } else {
                    try bench.answer()
                }
            }
        }
        #expect(bench.quarantine == ["refused by miniorange: valueTaken"])
        let again = "miniorange modify \(miniorange.low) mail: [] -> [a@syncline.test]"
        #expect(try bench.pass(milliseconds: 3_600_000).contains(again))
    }

    @Test
    func `A common name that is taken at AD is counted up`() throws {
        let bench = try Bench()
        try bench.create(.ad, "Ann", ["samaccountname": ["other"]])
        try bench.settle()
        try bench.create(.miniorange, "Ann")
        try bench.tell(.miniorange)
        // Who has it may have gone meanwhile, so the plain name is tried once more.
        let again = try bench.answer()
        #expect(again.count == 1 && again[0].hasPrefix("ad add cn=Ann,OU=People"), "\(again)")
        let lines = try bench.answer()
        #expect(lines.count == 1 && lines[0].hasPrefix("ad add cn=Ann (2),OU=People"), "\(lines)")
        #expect(try bench.settle().isEmpty)
        #expect(bench.values(.miniorange, "ann", "cn") == "[Ann]")
    }

    @Test
    func `Whose name was counted up and is not decided on keeps the one that AD has where he is moved`() throws {
        let bench = try Bench { people in
            for index in people.attributes.indices { people.attributes[index].conflict = .hold }
        }
        for side in Side.allCases { _ = try bench.container(side, "Staff", below: try bench.place(side)) }
        try bench.create(.ad, "Ann", ["samaccountname": ["other"]])
        try bench.settle()
        let ann = try bench.create(.miniorange, "Ann")
        try bench.settle()
        let there = try #require(bench.counterpart(.ad, "ann"))
        try bench.move(.ad, there, to: "", rdn: RelativeDistinguishedName(type: "CN", value: "Anna"))
        try bench.set(.miniorange, ann, "cn", ["Ann Lee"])
        try bench.move(.miniorange, ann, to: "ou=Staff,")
        try bench.settle()
        #expect(bench.directories.ad.name(of: there)?.description == "CN=Anna,OU=Staff,OU=People,DC=syncline,DC=test")
        #expect(bench.values(.miniorange, "ann", "cn") == "[Ann Lee]")
    }

    @Test
    func `A stale write is planned anew on what the entry holds`() throws {
        let (bench, _, miniorange) = try changing()
        try bench.set(.miniorange, miniorange, "displayname", ["unseen"])
        let lines = try bench.answer()
        #expect(
            lines.sorted() == [
                "ad modify \(try #require(bench.counterpart(.ad, "ann")).low) displayname: [] -> [unseen]",
                "miniorange modify \(miniorange.low) mail: [] -> [a@syncline.test]",
            ]
        )
        #expect(try bench.settle().isEmpty)
        #expect(bench.engine.counters.stale.miniorange == 1)
    }

    @Test
    func `A busy server is asked again after a while`() throws {
        let (bench, _, miniorange) = try changing()
        #expect(try bench.answer(.unavailable).isEmpty)
        #expect(try bench.pass(milliseconds: 999).isEmpty)
        #expect(
            try bench.pass(milliseconds: 1) == ["miniorange modify \(miniorange.low) mail: [] -> [a@syncline.test]"]
        )
    }

    @Test(arguments: [true, false])
    func `After a lost answer to a modify the entry is read`(_ carriedOut: Bool) throws {
        let (bench, _, miniorange) = try changing()
        #expect(try bench.answer(.unknown, carriedOut: carriedOut) == ["miniorange read \(miniorange.low)"])
        let again = ["miniorange modify \(miniorange.low) mail: [] -> [a@syncline.test]"]
        #expect(try bench.answer() == (carriedOut ? [] : again))
        try bench.settle()
        #expect(bench.values(.miniorange, "ann", "mail") == "[a@syncline.test]")
    }

    @Test(arguments: [true, false])
    func `After a lost answer to an add its name is read`(_ carriedOut: Bool) throws {
        let bench = try Bench()
        try bench.create(.ad, "Ann")
        try bench.tell(.ad)
        #expect(
            try bench.answer(.unknown, carriedOut: carriedOut)
                == ["miniorange readName uid=ann,ou=people,dc=syncline,dc=test"]
        )
        let lines = try bench.answer()
        #expect(lines.count == (carriedOut ? 0 : 1) && lines.allSatisfy { $0.hasPrefix("miniorange add") }, "\(lines)")
        try bench.settle()
        #expect(bench.directories.miniorange.entries.count == 4)
    }

    @Test(arguments: [true, false])
    func `After a lost answer to a delete the entry is looked for`(_ carriedOut: Bool) throws {
        let bench = try Bench()
        let ad = try bench.create(.ad, "Ann")
        try bench.settle()
        let miniorange = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.delete(.ad, ad)
        try bench.tell(.ad)
        #expect(
            try bench.answer(.unknown, carriedOut: carriedOut) == ["miniorange confirmAbsence \(miniorange.low)"]
        )
        let lines = try bench.answer()
        #expect(
            lines.count == (carriedOut ? 0 : 1) && lines.allSatisfy { $0.hasPrefix("miniorange delete") },
            "\(lines)"
        )
        try bench.settle()
        #expect(bench.counterpart(.miniorange, "ann") == nil)
    }

    @Test
    func `The feed may bring an added entry before the answer does`() throws {
        let bench = try Bench()
        try bench.create(.ad, "Ann")
        try bench.tell(.ad)
        let write = try #require(bench.sent.first)
        let outcome = bench.directories.miniorange.perform(write.operation)
        #expect(try bench.tell(.miniorange).isEmpty)
        #expect(try bench.answer(outcome).isEmpty)
        #expect(try bench.pass(milliseconds: 10_000).isEmpty)
        #expect(bench.directories.ad.entries.count == 4)
        #expect(bench.engine.isQuiet)
    }

    @Test
    func `What the feed brings of an added entry may be asked for when the answer comes`() throws {
        let bench = try Bench()
        let ann = try bench.create(.miniorange, "Ann")
        _ = try bench.tell(.miniorange)
        let add = try #require(bench.sent.first)
        let outcome = bench.directories.ad.perform(add.operation)
        let added = try #require(bench.counterpart(.ad, "ann"))
        // The feed brings her first, a read that lacks her makes her be asked for, and she gets another account at the other side.
        try bench.move(
            .miniorange,
            ann,
            to: "",
            rdn: RelativeDistinguishedName(type: "uid", value: "anna")
        )
        let told = try #require(bench.directories.ad.snapshot(added))
        try bench.step(.feed(.ad, .changes([.present(told)], cursor: nil)))
        let present = bench.directories.ad.entries.keys.filter { $0 != added }.sorted()
        let asked = try bench.step(.feed(.ad, .complete(present: present, cursor: SimulatedFeed.cursor(0))))
        #expect(asked == ["ad confirmAbsence \(added.low)"])
        let lines = try bench.answer(outcome) + bench.settle()
        #expect(!lines.contains { $0.hasPrefix("ad add") || $0.contains("add uid=ann,") }, "\(lines)")
        #expect(bench.values(.ad, "anna", "cn") == "[Ann]")
        #expect(bench.directories.miniorange.sorted.count(where: { $0.attributes["cn"].contains("Ann") }) == 1)
    }

    @Test
    func `By a configuration that does not write an attribute any more nothing is confirmed of it`() throws {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann", ["displayname": ["old"]])
        try bench.settle()
        try bench.set(.ad, ann, "displayname", ["new"])
        #expect(try bench.tell(.ad).count == 1)
        try bench.configure { $0.direction = .toAD }
        #expect(bench.sent.map(\.operation.isRead) == [true])
        _ = try bench.answer()
        let pair = try bench.store.write { store in try store.pairID(.ad, ann).flatMap { try store.pair($0) } }
        #expect(pair?.base?["displayname"] == ["old"])
    }

    @Test
    func `An entry deleted while its add is on its way is deleted, not brought back`() throws {
        let bench = try Bench()
        let ad = try bench.create(.ad, "Ann")
        try bench.tell(.ad)
        try bench.delete(.ad, ad)
        #expect(try bench.tell(.ad).isEmpty)
        let lines = try bench.answer()
        #expect(lines.count == 1 && lines[0].hasPrefix("miniorange delete"), "\(lines)")
        #expect(try bench.settle().isEmpty)
        #expect(bench.counterpart(.ad, "ann") == nil && bench.counterpart(.miniorange, "ann") == nil)
    }

    @Test
    func `An added entry that a user deletes before the answer comes stays deleted`() throws {
        let bench = try Bench()
        try bench.create(.ad, "Ann")
        try bench.tell(.ad)
        let write = try #require(bench.sent.first)
        let outcome = bench.directories.miniorange.perform(write.operation)
        try bench.delete(.miniorange, try #require(bench.counterpart(.miniorange, "ann")))
        try bench.tell(.miniorange)
        let lines = try bench.answer(outcome)
        #expect(lines.count == 1 && lines[0].hasPrefix("ad delete"), "\(lines)")
        #expect(try bench.settle().isEmpty)
        #expect(bench.counterpart(.ad, "ann") == nil && bench.counterpart(.miniorange, "ann") == nil)
    }

    @Test
    func `An added entry that was deleted before a complete read, of which the answer knows nothing, stays deleted`()
        throws
    {
        let bench = try Bench()
        try bench.create(.ad, "Ann")
        try bench.tell(.ad)
        let directory = bench.directories.miniorange
        let outcome = directory.perform(try #require(bench.sent.first).operation)
        let anchor = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.delete(.miniorange, anchor)
        let cursor = SimulatedFeed.cursor(directory.log.count)
        try bench.step(.feed(.miniorange, .complete(present: directory.entries.keys.sorted(), cursor: cursor)))
        #expect(try bench.answer(outcome) == ["miniorange confirmAbsence \(anchor.low)"])
        let lines = try bench.answer()
        #expect(lines.count == 1 && lines[0].hasPrefix("ad delete"), "\(lines)")
    }

    @Test
    func `An answer from before a rename that the log has told brings no former name back`() throws {
        let bench = try Bench()
        let ann = try bench.create(.miniorange, "Ann")
        try bench.settle()
        let directory = bench.directories.miniorange
        func rename(to account: Octets) throws -> Change {
            try bench.move(.miniorange, ann, to: "", rdn: RelativeDistinguishedName(type: "uid", value: account))
            let version = try #require(directory.log.last?.version)
            return .edited(ann, edits: [], newName: directory.name(of: ann), version: version)
        }
        try bench.step(.feed(.miniorange, .changes([try rename(to: "anna")], cursor: nil)))
        let former = directory.perform(.read(ann))
        try bench.step(.feed(.miniorange, .changes([try rename(to: "annie")], cursor: nil)))
        #expect(bench.sent.count == 2)
        try bench.answer(former)
        try bench.set(.miniorange, ann, "displayname", ["A"])
        let edit = AttributeEdit(kind: .replace, name: "displayname", values: ["A"])
        let version = try #require(directory.log.last?.version)
        let change = Change.edited(ann, edits: [edit], newName: nil, version: version)
        try bench.step(.feed(.miniorange, .changes([change], cursor: nil)))
        while !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.values(.ad, "annie", "displayname") == "[A]")
    }

    @Test
    func `Edits that follow a rename in the log wait for the read`() throws {
        let bench = try Bench()
        let ann = try bench.create(.miniorange, "Ann")
        try bench.settle()
        let directory = bench.directories.miniorange
        try bench.move(.miniorange, ann, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "anna"))
        try bench.set(.miniorange, ann, "displayname", ["Anna"])
        let version = try #require(directory.snapshot(ann)?.version)
        let renamed = Change.edited(ann, edits: [], newName: directory.name(of: ann), version: directory.version(4))
        let edited = Change.edited(
            ann,
            edits: [AttributeEdit(kind: .replace, name: "displayname", values: ["Anna"])],
            newName: nil,
            version: version
        )
        let lines = try bench.step(.feed(.miniorange, .changes([renamed, edited], cursor: nil)))
        #expect(lines.allSatisfy { $0 == "miniorange read \(ann.low)" } && !lines.isEmpty)
        try bench.settle()
        #expect(bench.values(.ad, "anna", "displayname") == "[Anna]")
    }

    /// Ann is renamed after our write, and changed after that; its answer comes when the rename is being read for.
    @Test
    func `An answer from before a rename does not make the edits after it fit`() throws {
        let bench = try Bench()
        let ann = try bench.create(.miniorange, "Ann")
        try bench.settle()
        try bench.set(.ad, try #require(bench.counterpart(.ad, "ann")), "displayname", ["A"])
        try bench.tell(.ad)
        let directory = bench.directories.miniorange
        let outcome = directory.perform(try #require(bench.sent.first).operation)
        try bench.move(.miniorange, ann, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "anna"))
        func told(_ edits: [AttributeEdit], _ newName: DistinguishedName?) throws -> EngineEvent {
            let version = try #require(directory.snapshot(ann)).version
            let change = Change.edited(ann, edits: edits, newName: newName, version: version)
            return .feed(.miniorange, .changes([change], cursor: nil))
        }
        #expect(try bench.step(told([], directory.name(of: ann))) == ["miniorange read \(ann.low)"])
        try bench.answer(outcome)
        try bench.set(.miniorange, ann, "mail", ["a@syncline.test"])
        try bench.step(told([AttributeEdit(kind: .replace, name: "mail", values: ["a@syncline.test"])], nil))
        for _ in 0..<10 where !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.values(.ad, "anna", "mail") == "[a@syncline.test]")
    }

    @Test
    func `An older answer that comes last is not what the entry holds`() throws {
        let bench = try Bench()
        let directory = bench.directories.miniorange
        try bench.create(.ad, "Ann")
        try bench.settle()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.move(.miniorange, ann, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "anna"))
        let first = try #require(directory.snapshot(ann))
        let renamed = Change.edited(ann, edits: [], newName: first.name, version: first.version)
        try bench.step(.feed(.miniorange, .changes([renamed], cursor: nil)))
        try bench.set(.miniorange, ann, "displayname", ["Later"])
        let second = try #require(directory.snapshot(ann))
        let edit = AttributeEdit(kind: .replace, name: "displayname", values: ["Later"])
        let changed = Change.edited(ann, edits: [edit], newName: nil, version: second.version)
        try bench.step(.feed(.miniorange, .changes([changed], cursor: nil)))
        #expect(bench.sent.count == 2)
        try bench.step(.settled(bench.sent[1].id, .done(second)))
        #expect(try bench.answer(.done(first)) == ["miniorange read \(ann.low)"])
        try bench.settle()
        #expect(bench.values(.ad, "anna", "displayname") == "[Later]")
    }

    /// The answer is lost with the process, and by the next configuration nothing is written there.
    @Test
    func
        `Whom we have added, and somebody has changed since, is nobody new by a configuration that does not write there`()
        throws
    {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann")
        try bench.tell(.ad)
        _ = bench.directories.miniorange.perform(try #require(bench.sent.first).operation)
        try bench.set(.miniorange, try #require(bench.counterpart(.miniorange, "ann")), "sn", ["Lea"])
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        try bench.configure(mapping: "one-way") { $0.direction = .toAD }
        try bench.answer()
        try bench.configure { _ in }
        for side in Side.allCases {
            try bench.tell(side)
            try bench.complete(side)
        }
        try bench.settle()
        for side in Side.allCases { #expect(bench.directories[side].entries.count == 4) }
        #expect(bench.values(.miniorange, "anna", "cn") == "[Ann]")
    }
}
