import Simulation
import Support
import SyncModel
import Testing

/// The simulated servers behave in matters of groups and containers as the real ones were measured to.
struct SimulatedGroupTests {
    private final class Ground {
        let directory: SimulatedDirectory
        let place: Anchor
        let people: [Anchor]
        let group: Anchor

        init(_ side: Side, _ groupClass: Octets, members: (SimulatedDirectory, [Anchor]) -> Attributes) throws {
            directory = SimulatedDirectory(side)
            let unit = RelativeDistinguishedName(type: "ou", value: "place")
            place = try directory.add(below: directory.top, unit, ["objectclass": ["organizationalUnit"]]).get()
            var people: [Anchor] = []
            for number in 1...3 {
                let name = Octets("p\(number)")
                let person: Attributes = [
                    "objectclass": [side == .ad ? "user" : "inetOrgPerson"], "cn": [name], "sn": [name],
                    side == .ad ? "samaccountname" : "uid": [name],
                ]
                let rdn = RelativeDistinguishedName(type: side == .ad ? "CN" : "uid", value: name)
                people.append(try directory.add(below: place, rdn, person).get())
            }
            self.people = people
            var attributes = members(directory, people)
            attributes["objectclass"] = [groupClass]
            let rdn = RelativeDistinguishedName(type: "cn", value: "team")
            group = try directory.add(below: directory.top, rdn, attributes).get()
        }

        func edit(add: [Octets] = [], remove: [Octets] = [], placeholder: Octets? = nil) -> [Int32] {
            let edits = ValueEdits(attribute: "member", add: add, remove: remove, placeholder: placeholder)
            guard let name = directory.name(of: group) else { return [-1] }
            let outcome = directory.perform(.editValues(group, name: name, edits: edits))
            guard case .edited(_, let refused, _) = outcome else { return [-1] }
            return refused.map(\.refusal.code)
        }

        func dn(_ anchor: Anchor) -> Octets { Octets(directory.name(of: anchor)?.description ?? "") }

        var told: [String] {
            let entry = directory.snapshotWithMembers(group)
            return ((entry?.attributes["member"] ?? []) + (entry?.attributes["memberuid"] ?? [])).map(\.lossyText)
        }
    }

    private static func ground(_ side: Side, members count: Int = 2) throws -> Ground {
        try Ground(side, side == .ad ? "group" : "groupOfNames") { _, people in
            ["member": people.prefix(count).map { Reference.entry($0).octets }]
        }
    }

    @Test(arguments: Side.allCases)
    func `A deleted member goes without a trace`(_ side: Side) throws {
        let ground = try Self.ground(side)
        let before = ground.directory.snapshot(ground.group)
        #expect(ground.directory.delete(ground.people[0]) == nil)
        #expect(ground.directory.members(of: ground.group) == [ground.people[1]])
        #expect(ground.directory.snapshot(ground.group) == before)
        #expect(ground.directory.log.last?.anchor == ground.people[0])
    }

    @Test
    func `slapd keeps the name of the last member where the class demands one, and gives it to who takes the name`()
        throws
    {
        let ground = try Self.ground(.miniorange, members: 1)
        let name = ground.dn(ground.people[0])
        #expect(ground.directory.delete(ground.people[0]) == nil)
        #expect(ground.told == [name.lossyText])
        #expect(ground.directory.members(of: ground.group).isEmpty)
        let rdn = RelativeDistinguishedName(type: "uid", value: "p1")
        let person: Attributes = ["objectclass": ["inetOrgPerson"], "cn": ["p1"], "sn": ["p1"]]
        let next = try ground.directory.add(below: ground.place, rdn, person).get()
        #expect(ground.directory.members(of: ground.group) == [next])
    }

    @Test
    func `What is left of a value when whom it named is gone is as whoever set it left it`() throws {
        let ground = try Self.ground(.ad)
        let directory = ground.directory
        let first = Reference.entry(ground.people[1]).octets
        directory.author = nil
        #expect(directory.modify(ground.people[0], [("seealso", [first])]) == nil)
        directory.author = "user"
        let both = [first, Reference.entry(ground.people[2]).octets]
        #expect(directory.modify(ground.people[0], [("seealso", both)]) == nil)
        for gone in [ground.people[2], ground.people[1]] {
            #expect(!directory.isAsWeLeft("seealso", ground.people[0]) || gone == ground.people[1])
            #expect(directory.delete(gone) == nil)
            #expect(directory.isAsWeLeft("seealso", ground.people[0]))
        }
    }

    @Test(arguments: Side.allCases)
    func `A renamed container takes its content and the values that name it along, and tells of itself alone`(
        _ side: Side
    ) throws {
        let ground = try Self.ground(side)
        let count = ground.directory.log.count
        let other = RelativeDistinguishedName(type: "ou", value: "other")
        #expect(ground.directory.rename(ground.place, below: ground.directory.top, other) == nil)
        #expect(ground.directory.log.count == count + 1)
        #expect(ground.told.allSatisfy { $0.lowercased().contains(",ou=other,") })
        #expect(ground.told.count == 2)
    }

    @Test func `Only an empty container can be deleted`() throws {
        let ground = try Self.ground(.ad)
        #expect(ground.directory.delete(ground.place) == .notLeaf)
    }

    @Test func `AD refuses whom it does not know, and takes the others`() throws {
        let ground = try Self.ground(.ad)
        let unknown = ExtendedName.value(Anchor(high: 9, low: 9))
        let third = ExtendedName.value(ground.people[2])
        #expect(ground.edit(add: [unknown, third], remove: [unknown]) == [32])
        #expect(ground.directory.members(of: ground.group) == ground.people)
    }

    @Test func `AD names members by objectGUID and DN`() throws {
        let ground = try Self.ground(.ad, members: 1)
        let value = try #require(ground.told.first)
        let name = ExtendedName(parsing: Octets(value))
        #expect(name.anchor == ground.people[0])
        #expect(name.name == ground.dn(ground.people[0]))
    }

    @Test func `slapd takes anybody's name`() throws {
        let ground = try Self.ground(.miniorange)
        #expect(ground.edit(add: ["uid=nobody,dc=syncline,dc=test"]).isEmpty)
        #expect(ground.told.count == 3)
    }

    @Test func `The last member of a groupOfNames gives way to the placeholder only`() throws {
        let ground = try Self.ground(.miniorange, members: 1)
        let last = ground.dn(ground.people[0])
        #expect(ground.edit(remove: [last]) == [65])
        #expect(ground.edit(remove: [last], placeholder: WorldMapping.placeholder).isEmpty)
        #expect(ground.told == [WorldMapping.placeholder.lossyText])
        let second = ground.dn(ground.people[1])
        #expect(ground.edit(add: [second], remove: [WorldMapping.placeholder]).isEmpty)
        #expect(ground.told == [second.lossyText])
    }

    @Test func `Nobody follows memberUid`() throws {
        let ground = try Ground(.miniorange, "posixGroup") { _, _ in ["memberuid": ["p1", "p2"]] }
        let other = RelativeDistinguishedName(type: "uid", value: "other")
        #expect(ground.directory.rename(ground.people[0], below: ground.place, other) == nil)
        #expect(ground.directory.delete(ground.people[1]) == nil)
        #expect(ground.told == ["p1", "p2"])
    }

    @Test func `The primary group's member is not among its members`() throws {
        let ground = try Self.ground(.ad)
        let user = ground.people[0]
        #expect(ground.directory.setPrimaryGroup(of: ground.people[2], to: ground.group) == .invalid)
        #expect(ground.directory.setPrimaryGroup(of: user, to: ground.group) == nil)
        #expect(ground.directory.members(of: ground.group) == [ground.people[1]])
        #expect(ground.edit(add: [ExtendedName.value(user)]).isEmpty)
        #expect(ground.directory.members(of: ground.group) == [ground.people[1]])
        #expect(ground.directory.setPrimaryGroup(of: user, to: nil) == nil)
        #expect(ground.directory.members(of: ground.group) == [user, ground.people[1]])
    }

    @Test func `DirSync tells the values that moved, range retrieval all`() throws {
        func told(_ way: SimulatedFeed.Way) throws -> [Change] {
            let ground = try Self.ground(.ad)
            var feed = SimulatedFeed(way: way)
            feed.connect(
                ground.directory,
                roots: [],
                cursor: SimulatedFeed.cursor(ground.directory.log.count, of: ground.directory.identity)
            )
            feed.undelivered = []
            #expect(ground.edit(add: [ExtendedName.value(ground.people[2])]).isEmpty)
            #expect(ground.edit(remove: [ExtendedName.value(ground.people[0])]).isEmpty)
            feed.tell(ground.directory, limit: 10)
            guard case .changes(let changes, _) = feed.undelivered.first else { return [] }
            return changes
        }
        guard case .members(_, let edits, _) = try told(.incrementalValues).first else {
            Issue.record("no edits")
            return
        }
        #expect(edits.map(\.kind) == [.delete, .add])
        guard case .present(let entry) = try told(.usnRange).first else {
            Issue.record("no entry")
            return
        }
        #expect(entry.tellsMembers)
        #expect(entry.attributes["member"].count == 2)
    }

    @Test func `Content synchronisation goes on from a cookie with who is gone, and the others as they are now`()
        throws
    {
        let ground = try Self.ground(.miniorange)
        let directory = ground.directory
        var feed = SimulatedFeed(way: .contentSynchronisation)
        let cursor = SimulatedFeed.cursor(directory.log.count, of: directory.identity)
        for name in ["one", "two"] as [Octets] {
            #expect(directory.modify(ground.people[0], [("displayname", [name])]) == nil)
        }
        #expect(directory.modify(ground.people[1], [("displayname", ["one"])]) == nil)
        #expect(directory.delete(ground.people[1]) == nil)
        feed.connect(directory, roots: [], cursor: cursor)
        feed.tell(directory, limit: 10)
        #expect(directory.modify(ground.people[0], [("displayname", ["three"])]) == nil)
        feed.tell(directory, limit: 10)
        var told: [String] = []
        for case .changes(let changes, let cursor) in feed.undelivered {
            for case .present(let entry) in changes { told.append(entry.attributes["displayname"].line) }
            for case .deleted(ground.people[1], _) in changes { told.append("deleted") }
            if cursor != nil { told.append("cursor") }
        }
        #expect(told == ["deleted", "[two]", "cursor", "[three]", "cursor"])
    }

    @Test func `What stands below a container is found with its members`() throws {
        let ground = try Self.ground(.ad)
        guard case .found(let entries) = ground.directory.perform(.readBelow(ground.directory.top)) else {
            Issue.record("nothing found")
            return
        }
        #expect(entries.map(\.anchor) == [ground.place, ground.group] + ground.people)
        #expect(entries[1].attributes["member"].count == 2)
    }
}
