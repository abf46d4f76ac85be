import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// A state that lacks a value proves nothing: the account may have lost the right to read it.
struct EmptinessTests {
    private static let mail: Octets = "ann@syncline.test"

    private func bench() throws -> (Bench, PerSide<Anchor>) {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann", ["mail": [Self.mail]])
        try bench.settle()
        return (bench, PerSide(ad: ann, miniorange: try #require(bench.counterpart(.miniorange, "ann"))))
    }

    @Test(arguments: Side.allCases)
    func `What was emptied is emptied on the other side as soon as its server says that it may be read`(
        _ side: Side
    ) throws {
        let (bench, ann) = try bench()
        try bench.set(side, ann[side], "mail", [])
        #expect(try bench.tell(side) == ["\(side.name) confirmEmpty \(ann[side].low) mail"])
        let other = side.opposite
        #expect(
            try bench.answer() == ["\(other.name) modify \(ann[other].low) mail: [ann@syncline.test] -> []"]
        )
        #expect(try bench.settle().isEmpty)
        #expect(bench.quarantine.isEmpty)
    }

    @Test(arguments: Side.allCases)
    func `What may not be read any more empties nothing, and the rest of the entry flows`(_ side: Side) throws {
        let (bench, ann) = try bench()
        let other = side.opposite
        bench.directories[side].unreadable = ["mail"]
        try bench.set(side, ann[side], "sn", ["Cole"])
        try bench.settle()
        #expect(bench.values(other, "ann", "mail") == "[ann@syncline.test]")
        #expect(bench.values(other, "ann", "sn") == "[Cole]")
        #expect(bench.quarantine == ["mail unreadable at \(side.name)"])
        // What can't be compared is not written, and not taken for agreed.
        try bench.set(other, ann[other], "mail", ["new@syncline.test"])
        #expect(try bench.settle().isEmpty)
        bench.directories[side].unreadable = []
        #expect(bench.values(side, "ann", "mail") == "[ann@syncline.test]")
        _ = try bench.pass(milliseconds: 1_000)
        try bench.settle()
        #expect(bench.values(side, "ann", "mail") == "[new@syncline.test]")
        #expect(bench.quarantine.isEmpty)
    }

    /// The answer to the write shows it, and comes after a later state that does not.
    @Test(arguments: Side.allCases, [false, true])
    func `What we wrote and may not read any more before the answer comes empties nothing`(
        _ side: Side,
        isEmptied: Bool
    ) throws {
        let (bench, ann) = try bench()
        let directory = bench.directories[side]
        let other = side.opposite
        try bench.set(other, ann[other], "displayname", ["Ann Lee"])
        try bench.tell(other)
        let write = try #require(bench.sent.first)
        let outcome = directory.perform(write.operation)
        directory.unreadable = ["displayname"]
        try bench.set(side, ann[side], "sn", ["Cole"])
        if isEmptied { try bench.set(side, ann[side], "displayname", []) }
        let later = try #require(directory.snapshot(ann[side]))
        try bench.step(.feed(side, .changes([.present(later)], cursor: nil)))
        bench.skip(side)
        #expect(try bench.answer(outcome) == ["\(side.name) confirmEmpty \(ann[side].low) displayname"])
        try bench.settle()
        #expect(bench.values(other, "ann", "displayname") == "[Ann Lee]")
        #expect(bench.values(other, "ann", "sn") == "[Cole]")
        #expect(bench.quarantine == ["displayname unreadable at \(side.name)"])
        directory.unreadable = []
        _ = try bench.pass(milliseconds: 60_000)
        try bench.settle()
        #expect(bench.values(other, "ann", "displayname") == (isEmptied ? "[]" : "[Ann Lee]"))
        #expect(bench.quarantine.isEmpty)
    }

    /// AD refuses to add it.
    @Test(arguments: [false, true])
    func `What stands where none is shown may not be read, and is asked about until it may`(isEmptied: Bool) throws {
        let (bench, ann) = try bench()
        bench.directories.ad.unreadable = ["displayname"]
        try bench.set(.ad, ann.ad, "displayname", ["Unseen"])
        try bench.settle()
        try bench.set(.miniorange, ann.miniorange, "displayname", ["Ann Lee"])
        try bench.settle()
        #expect(bench.values(.ad, "ann", "displayname") == "[Unseen]")
        #expect(bench.quarantine == ["displayname unreadable at ad"])
        if isEmptied { try bench.set(.ad, ann.ad, "displayname", []) }
        bench.directories.ad.unreadable = []
        try bench.settle(rounds: 60, milliseconds: 1_000)
        #expect(bench.values(.ad, "ann", "displayname") == bench.values(.miniorange, "ann", "displayname"))
        if isEmptied { #expect(bench.values(.ad, "ann", "displayname") == "[Ann Lee]") }
        #expect(bench.quarantine.isEmpty)
    }

    @Test
    func `What was emptied while it could not be read is emptied when it can`() throws {
        let (bench, ann) = try bench()
        bench.directories.ad.unreadable = ["mail"]
        try bench.set(.ad, ann.ad, "sn", ["Cole"])
        try bench.settle()
        try bench.set(.ad, ann.ad, "mail", [])
        try bench.settle()
        #expect(bench.values(.miniorange, "ann", "mail") == "[ann@syncline.test]")
        bench.directories.ad.unreadable = []
        _ = try bench.pass(milliseconds: 60_000)
        try bench.settle()
        #expect(bench.values(.miniorange, "ann", "mail") == "[]")
        #expect(bench.quarantine.isEmpty)
    }

    private func leave(_ bench: Bench, _ side: Side, _ entry: Anchor) throws {
        let directory = bench.directories[side]
        let elsewhere = try bench.container(side, "Elsewhere", below: directory.top)
        let rdn = try #require(directory.entries[entry]).rdn
        #expect(directory.rename(entry, below: elsewhere, rdn) == nil)
        try bench.settle()
    }

    /// Of who left the scope nothing is kept but what both had agreed on.
    @Test(arguments: Side.allCases, [false, true])
    func `Who comes back into the scope loses nothing of what may not be read meanwhile`(
        _ side: Side,
        isEmptied: Bool
    ) throws {
        let (bench, ann) = try bench()
        let directory = bench.directories[side]
        try leave(bench, side, ann[side])
        directory.unreadable = ["mail"]
        if isEmptied { try bench.set(side, ann[side], "mail", []) }
        try bench.move(side, ann[side], to: "")
        #expect(try bench.tell(side).contains("\(side.name) confirmEmpty \(ann[side].low) mail"))
        try bench.settle()
        #expect(bench.values(side.opposite, "ann", "mail") == "[ann@syncline.test]")
        #expect(bench.quarantine == ["mail unreadable at \(side.name)"])
        directory.unreadable = []
        _ = try bench.pass(milliseconds: 60_000)
        try bench.settle()
        #expect(bench.values(side.opposite, "ann", "mail") == (isEmptied ? "[]" : "[ann@syncline.test]"))
        #expect(bench.quarantine.isEmpty)
    }

    @Test(arguments: Side.allCases)
    func `Who comes back into the scope as he was agreed on nobody is asked about`(_ side: Side) throws {
        let (bench, ann) = try bench()
        try leave(bench, side, ann[side])
        try bench.move(side, ann[side], to: "")
        #expect(try !bench.settle().contains { $0.contains("confirmEmpty") })
    }

    @Test
    func `What stands in for a value takes the place of none that may not be read`() throws {
        let bench = try Bench { people in
            for index in people.attributes.indices where people.attributes[index].ad == "sn" {
                people.attributes[index].fallback = ["cn"]
            }
        }
        let ann = try bench.create(.ad, "Ann")
        try bench.set(.ad, ann, "sn", [])
        try bench.settle()
        let there = try #require(bench.counterpart(.miniorange, "ann"))
        let directory = bench.directories.miniorange
        #expect(directory.entries[there]?.attributes["sn"] == ["Ann"])
        directory.unreadable = ["sn"]
        try bench.set(.miniorange, there, "sn", ["Lee"])
        try bench.settle()
        try bench.move(.ad, ann, to: "", rdn: RelativeDistinguishedName(type: "CN", value: "Anna"))
        try bench.settle()
        #expect(directory.entries[there]?.attributes["cn"] == ["Anna"])
        #expect(directory.entries[there]?.attributes["sn"] == ["Lee"])
        directory.unreadable = []
        _ = try bench.pass(milliseconds: 60_000)
        try bench.settle()
        for side in Side.allCases { #expect(bench.values(side, "ann", "sn") == "[Lee]") }
        #expect(bench.quarantine.isEmpty)
    }

    @Test
    func `What we emptied ourselves nobody is asked about`() throws {
        let (bench, ann) = try bench()
        try bench.set(.miniorange, ann.miniorange, "mail", [])
        try bench.tell(.miniorange)
        try bench.answer()
        #expect(bench.sent.map(\.operation.line) == ["modify \(ann.ad.low) mail: [ann@syncline.test] -> []"])
        #expect(try bench.settle().isEmpty)
        #expect(bench.values(.ad, "ann", "mail") == "[]")
    }

    @Test
    func `A log says itself what it emptied`() throws {
        let (bench, ann) = try bench()
        try bench.set(.miniorange, ann.miniorange, "mail", [])
        let version = try #require(bench.directories.miniorange.snapshot(ann.miniorange)).version
        let edit = AttributeEdit(kind: .replace, name: "mail", values: [])
        let change = Change.edited(ann.miniorange, edits: [edit], newName: nil, version: version)
        #expect(
            try bench.step(.feed(.miniorange, .changes([change], cursor: nil)))
                == ["ad modify \(ann.ad.low) mail: [ann@syncline.test] -> []"]
        )
    }

    @Test(arguments: [false, true])
    func `A question that a crash cut off is asked again`(_ isReadable: Bool) throws {
        let (bench, ann) = try bench()
        if isReadable {
            try bench.set(.ad, ann.ad, "mail", [])
        } else {
            bench.directories.ad.unreadable = ["mail"]
            try bench.set(.ad, ann.ad, "sn", ["Cole"])
        }
        try bench.tell(.ad)
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.settle()
        #expect(bench.values(.miniorange, "ann", "mail") == (isReadable ? "[]" : "[ann@syncline.test]"))
        #expect(bench.quarantine == (isReadable ? [] : ["mail unreadable at ad"]))
    }

    @Test
    func `Whom a person has tried again is asked about at once`() throws {
        let (bench, ann) = try bench()
        bench.directories.ad.unreadable = ["mail"]
        try bench.set(.ad, ann.ad, "sn", ["Cole"])
        try bench.settle()
        let pair = try #require(try bench.store.write { try $0.pairID(.ad, ann.ad) })
        #expect(try bench.step(.retry(pair)) == ["ad confirmEmpty \(ann.ad.low) mail"])
        try bench.settle()
        #expect(bench.quarantine == ["mail unreadable at ad"])
    }

    @Test(arguments: Side.allCases)
    func `Nobody loses a membership by a group whose members may not be read any more`(_ side: Side) throws {
        let bench = try Bench.withGroups(try Bench.named())
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0) }
        try bench.createGroup(.ad, "crew", members: people)
        try bench.settle()
        let crew = try #require(bench.directories[side].sorted.first { $0.attributes["cn"] == ["crew"] }).anchor
        bench.directories[side].unreadable = ["member"]
        try bench.set(side, crew, "description", ["ours"])
        try bench.step(
            .feed(
                side,
                .changes([.present(try #require(bench.directories[side].snapshotWithMembers(crew)))], cursor: nil)
            )
        )
        try bench.settle()
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
        #expect(bench.quarantine == ["member unreadable at \(side.name)"])
        bench.directories[side].unreadable = []
        if side == .ad { try bench.setMembers(.ad, crew, remove: people) }
        _ = try bench.pass(milliseconds: 60_000)
        try bench.settle()
        #expect(bench.quarantine.isEmpty)
        let expected = side == .ad ? PerSide(ad: "", miniorange: "nobody") : PerSide(both: "ann bo")
        for side in Side.allCases { #expect(bench.members(side, "crew") == expected[side]) }
    }

    /// Its server is asked whether that is so when another one takes its place.
    @Test(arguments: [true, false])
    func `A group without its members is asked about still at another server, and has none where these may be read`(
        isReadable: Bool
    ) throws {
        let bench = try Bench.withGroups(try Bench.named())
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0) }
        let crew = try bench.createGroup(.ad, "crew", members: people)
        try bench.settle()
        let directory = bench.directories.ad
        if isReadable {
            try bench.setMembers(.ad, crew, remove: people)
        } else {
            directory.unreadable = ["member"]
            try bench.set(.ad, crew, "description", ["ours"])
        }
        let told = try #require(directory.snapshotWithMembers(crew))
        #expect(try bench.step(.feed(.ad, .changes([.present(told)], cursor: nil))) == ["ad readMembers \(crew.low)"])
        bench.skip(.ad)
        try bench.answer(.unavailable)
        _ = try bench.pass(milliseconds: 60_000)
        try bench.step(.feed(.ad, .changes([], cursor: bench.cursor(.ad))))
        try bench.disconnect(.ad)
        directory.becomeAnotherServer(firstSequence: 500)
        try bench.start()
        _ = try bench.connect(.miniorange)
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .anotherServer, reason: "a test"))
        let shown = directory.sorted.compactMap { directory.snapshotWithMembers($0.anchor) }
        try bench.step(.feed(.ad, .changes(shown.map { .present($0) }, cursor: nil)))
        try bench.complete(.ad)
        try bench.settle(rounds: 5, milliseconds: 1_000)
        let expected = isReadable ? PerSide(ad: "", miniorange: "nobody") : PerSide(both: "ann bo")
        for side in Side.allCases { #expect(bench.members(side, "crew") == expected[side]) }
    }

    /// Both have people when they meet. Of each container and attribute the first one is asked about.
    @Test(arguments: Side.allCases)
    func `Where two meet nothing is written to what may not be read`(_ side: Side) throws {
        let bench = try Bench()
        bench.directories[side].unreadable = ["mail"]
        for name in ["Ann", "Bo"] {
            try bench.create(side, name, ["mail": [Octets("\(name)@here")]])
            try bench.create(side.opposite, name, ["mail": [Octets("\(name)@there")], "displayname": ["New"]])
        }
        try bench.settle()
        for name in ["Ann", "Bo"] {
            #expect(bench.values(side, name.lowercased(), "mail") == "[\(name)@here]")
            #expect(bench.values(side, name.lowercased(), "displayname") == "[New]")
        }
        #expect(bench.quarantine == Array(repeating: "mail unreadable at \(side.name)", count: 2))
    }

    /// It was read without a value that can be read by now, and no state of it is newer.
    @Test
    func `Where two meet what is shown again is taken in`() throws {
        let bench = try Bench()
        bench.directories.miniorange.unreadable = ["displayname"]
        try bench.create(.miniorange, "Ann", ["displayname": ["Ann Lee"]])
        try bench.disconnect(.ad)
        try bench.tell(.miniorange)
        bench.directories.miniorange.unreadable = []
        try bench.create(.ad, "Ann", ["displayname": ["Ann"]])
        _ = try bench.connect(.ad)
        try bench.settle()
        for side in Side.allCases { #expect(bench.values(side, "ann", "displayname") == "[Ann]") }
        #expect(bench.quarantine.isEmpty)
    }

    @Test
    func `Where two meet in a container of which it is known that it may be read nobody is asked`() throws {
        let bench = try Bench()
        for name in ["Ann", "Bo"] {
            try bench.create(.ad, name)
            try bench.create(.miniorange, name, ["mail": [Octets("\(name)@there")]])
            let lines = try bench.settle()
            let asked = lines.filter { $0.contains("confirmEmpty") }.count
            #expect(asked == (name == "Ann" ? 1 : 0), "\(lines)")
            #expect(bench.values(.ad, name.lowercased(), "mail") == "[\(name)@there]")
        }
    }

    @Test
    func `What the configuration does not ask for any more is no matter`() throws {
        let (bench, ann) = try bench()
        bench.directories.ad.unreadable = ["mail"]
        try bench.set(.ad, ann.ad, "sn", ["Cole"])
        try bench.settle()
        try bench.configure { specification in
            specification.attributes.removeAll { $0.ad == "mail" }
            specification.match.removeLast()
        }
        for side in Side.allCases {
            let shown = bench.directories[side].sorted.compactMap { bench.directories[side].snapshot($0.anchor) }
            try bench.step(.feed(side, .changes(shown.map { .present($0) }, cursor: nil)))
            try bench.complete(side)
        }
        try bench.settle()
        #expect(bench.quarantine.isEmpty)
        #expect(bench.values(.miniorange, "ann", "mail") == "[ann@syncline.test]")
    }

    /// The right is taken away without a change of the entry: a compare is what shows it.
    @Test
    func `A compare finds what may not be read any more, and takes nothing of it for drift to be repaired`() throws {
        let (bench, ann) = try bench()
        bench.directories.ad.unreadable = ["mail"]
        let shown = bench.directories.ad.sorted.compactMap { bench.directories.ad.snapshot($0.anchor) }
        try bench.step(.comparison(.begin))
        #expect(
            try bench.step(.comparison(.scanned(.ad, shown))) == ["ad confirmEmpty \(ann.ad.low) mail"]
        )
        try bench.settle()
        #expect(bench.quarantine == ["mail unreadable at ad"])
        #expect(bench.values(.miniorange, "ann", "mail") == "[ann@syncline.test]")
    }
}
