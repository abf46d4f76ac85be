import LDAPClient
import SyncModel
import Testing

@testable import ActiveDirectory

/// Many members and many groups, on both of Samba's databases: one has an index for ranges of uSNChanged, the other
/// reads all entries.
@Suite(
    "Large groups",
    .enabled(if: Lab.isPossible, "root and samba are needed"),
    .lab("--seed", "5000"),
    .serialized,
    .timeLimit(.minutes(3))
)
struct LargeGroupTests {
    @Test func oneMemberOfALargeGroupIsOneValue() async throws {
        try await expectOneValue(members: 5000)
    }

    @Test func aThousandChangesOfTwoHundredGroupsAreFewEvents() async throws {
        let crowd = try await Crowd()
        let groups = try await crowd.makeGroups("burst", count: 200, members: 10)
        let cursor = try await crowd.cookie(.auto)
        let alone = ContinuousClock.now
        let expected = try await crowd.change(groups, by: 5)
        print("1,000 membership changes of 200 groups with nobody looking on: \(ContinuousClock.now - alone)")
        try await withFeed(crowd.settings(.auto), crowd.lab.viewOfGroups(), from: cursor) { feed in
            #expect(await feed.next { $0.changes.contains { $0.isOfMembers } } != nil)
            let events = await feed.events.filter { !$0.changes.isEmpty }
            print("1,000 membership changes of 200 groups: \(events.count) events")
            #expect(events.count <= 3)
            #expect(FeedEvent.edits(events) == expected)

            // And while the feed looks on.
            let begin = await feed.events.count
            let start = ContinuousClock.now
            let more = try await crowd.change(groups, by: 5, from: 5)
            var told: [Anchor: Set<Anchor>] = [:]
            var missing = more.values.reduce(0) { $0 + $1.count }
            while missing > 0 {
                let event = try #require(await feed.next { $0.changes.contains { $0.isOfMembers } })
                for (group, people) in FeedEvent.edits([event]) {
                    missing -= people.subtracting(told[group] ?? []).count
                    told[group, default: []].formUnion(people)
                }
            }
            #expect(told == more)
            let values = await feed.events[begin...].map(\.memberValues)
            print(
                "and told at once: \(ContinuousClock.now - start), \(values.count) events, \(values.reduce(0, +)) values"
            )
        }
    }

    @Test func aLoadOfManyMembershipsTellsThemAll() async throws {
        let crowd = try await Crowd()
        let groups = try await crowd.makeGroups("load", count: 60, members: 250)
        let begin = ContinuousClock.now
        try await withFeed(crowd.settings(.auto), crowd.lab.viewOfGroups()) { feed in
            #expect(await feed.next(\.isComplete) != nil)
            print("load of 5,000 people and 22,000 memberships: \(ContinuousClock.now - begin)")
            var told: [Anchor: Int] = [:]
            for event in await feed.events {
                var values = 0
                for case .present(let entry) in event.changes where entry.tellsMembers {
                    told[entry.anchor] = entry.attributes["member"].count
                    values += entry.attributes["member"].count
                }
                #expect(values <= ChangeBatches.mostValues + 250)
            }
            for group in groups { #expect(told[group.anchor] == 250) }
        }
    }

    @Test func aThousandValuesAreWrittenInAFewModifies() async throws {
        let crowd = try await Crowd()
        let group = try await crowd.makeGroups("written", count: 1, members: 0)[0]
        let values = crowd.people.prefix(1000).map(ExtendedName.value)
        try await withWriter(view: crowd.lab.viewOfGroups()) { _, writer in
            let begin = ContinuousClock.now
            let added = await writer.edit(group, add: values)
            print("1,000 members added: \(ContinuousClock.now - begin)")
            #expect(added.refused == [])
            // Once more, half of them besides new ones, one nobody, and half of the removals of who is not there.
            let nobody = ExtendedName.value(Anchor(high: 7, low: 7))
            let others = crowd.people[1000..<1400].map(ExtendedName.value)
            let again = ContinuousClock.now
            let mixed = await writer.edit(
                group,
                add: values.prefix(400) + others + [nobody],
                remove: values.suffix(100)
            )
            print("900 members, of which 400 were there and one can't be: \(ContinuousClock.now - again)")
            #expect(mixed.refused?.map(\.value) == [nobody])
            let absent = ContinuousClock.now
            let removed = await writer.edit(group, remove: values.suffix(200))
            print("200 members removed, of which 100 were gone: \(ContinuousClock.now - absent)")
            #expect(removed.refused == [])
            let whole = try await writer.outcome(.readMembers(group.anchor)).required()
            let expected = Set(crowd.people[..<800]).union(crowd.people[1000..<1400])
            #expect(Set(whole.attributes["member"].compactMap(\.member)) == expected)
        }
    }
}

@Suite(
    "Groups on a server without an index of uSNChanged",
    .enabled(if: Lab.isPossible, "root and samba are needed"),
    .lab("--seed", "2000", "--ad-backend", "tdb"),
    .serialized,
    .timeLimit(.minutes(3))
)
struct UnindexedGroupTests {
    @Test func oneMemberOfALargeGroupIsOneValue() async throws {
        try await expectOneValue(members: 2000)
    }
}

private func expectOneValue(members: Int) async throws {
    let crowd = try await Crowd()
    let group = try await crowd.makeGroups("large", count: 1, members: members - 20)[0]
    let cursor = try await crowd.cookie(.auto)
    try await withFeed(crowd.settings(.auto), crowd.lab.viewOfGroups(), from: cursor) { feed in
        #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
        var delays: [Duration] = []
        let people = crowd.people.suffix(10)
        for person in people {
            try await crowd.admin.editMembers(of: group.dn, add: [ExtendedName.value(person).lossyText])
            let committed = ContinuousClock.now
            #expect(await feed.next { $0.changes.contains { $0.isOfMembers } } != nil)
            delays.append(try #require(await feed.newest) - committed)
            let isTold = FeedEvent.edits(await feed.events)[group.anchor]?.contains(person)
            #expect(isTold == true)
        }
        // One that came while the server was answering is told twice, so that it is surely told as of when it came.
        #expect(FeedEvent.edits(await feed.events) == [group.anchor: Set(people)])
        let values = await feed.events.map(\.memberValues)
        #expect(values.reduce(0, +) <= 2 * people.count)
        #expect(values.allSatisfy { $0 <= 2 })
        delays.sort()
        print("one member of \(members), commit to deliver: p50 \(delays[5]), at most \(delays[9])")
    }
}

/// All sample people, and groups of them.
private struct Crowd: Sendable {
    struct Group: Sendable {
        var dn: String
        var anchor: Anchor
    }

    let lab: Lab
    let admin: LDAPConnection
    let people: [Anchor]

    init() async throws {
        lab = try Lab.required()
        admin = try await lab.administrator()
        let request = SearchRequest(
            base: lab.people,
            scope: .subtree,
            filter: "(objectClass=user)",
            attributes: ["objectGUID"],
            pageSize: 1000
        )
        people = try await admin.search(request).entries.compactMap(EntryReading.anchor).sorted()
    }

    func settings(_ feeding: ActiveDirectorySettings.Feeding) throws -> ActiveDirectorySettings {
        var settings = try lab.settings()
        settings.feeding = feeding
        return settings
    }

    func makeGroups(_ name: String, count: Int, members: Int) async throws -> [Group] {
        var groups: [Group] = []
        for number in 0..<count {
            try await admin.addGroup("\(name) \(number)", in: lab.teams)
            let dn = "CN=\(name) \(number),\(lab.teams)"
            for start in stride(from: 0, to: members, by: 500) {
                let part = people[start..<min(members, start + 500)]
                try await admin.editMembers(of: dn, add: part.map { ExtendedName.value($0).lossyText })
            }
            groups.append(Group(dn: dn, anchor: try await anchor(of: dn, admin)))
        }
        return groups
    }

    /// Adds so many to each group, those from `start` after the first ten. Who was added to which.
    func change(_ groups: [Group], by count: Int, from start: Int = 0) async throws -> [Anchor: Set<Anchor>] {
        var added: [Anchor: Set<Anchor>] = [:]
        for person in people[(10 + start)..<(10 + start + count)] {
            for group in groups {
                try await admin.editMembers(of: group.dn, add: [ExtendedName.value(person).lossyText])
                added[group.anchor, default: []].insert(person)
            }
        }
        return added
    }

    func cookie(_ feeding: ActiveDirectorySettings.Feeding) async throws -> Cursor {
        let start = try await currentCursor(lab)
        return try await withFeed(settings(feeding), lab.viewOfGroups(), from: start) { feed in
            #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
            try await admin.set("description", "d\(UInt32.random(in: 0...UInt32.max))", of: lab.people)
            return try #require(await feed.next { event in event.cookie != nil }?.cursor)
        }
    }
}

extension ActiveDirectoryWriter {
    fileprivate func edit(_ group: Crowd.Group, add: [Octets] = [], remove: [Octets] = []) async -> WriteOutcome {
        let edits = ValueEdits(attribute: "member", add: add, remove: remove)
        return await outcome(.editValues(group.anchor, name: DistinguishedName([]), edits: edits))
    }
}

extension WriteOutcome {
    /// What an edit left, and what was refused of it; nil where it did not come to that.
    var edited: EntrySnapshot? {
        if case .edited(let entry, _, _) = self { entry } else { nil }
    }

    var refused: [RefusedValue]? {
        if case .edited(_, let refused, _) = self { refused } else { nil }
    }
}

extension Change {
    fileprivate var isOfMembers: Bool {
        if case .members = self { true } else { false }
    }
}

extension FeedEvent {
    /// Who was added to which group.
    fileprivate static func edits(_ events: [FeedEvent]) -> [Anchor: Set<Anchor>] {
        var added: [Anchor: Set<Anchor>] = [:]
        for case .members(let group, let edits, _) in events.flatMap(\.changes) {
            for edit in edits where edit.kind == .add {
                added[group, default: []].formUnion(edit.values.compactMap(\.member))
            }
        }
        return added
    }

    /// How many members the event speaks of.
    fileprivate var memberValues: Int {
        changes.reduce(0) { count, change in
            switch change {
            case .members(_, let edits, _): edits.reduce(count) { $0 + $1.values.count }
            case .present(let entry): count + entry.attributes["member"].count
            case .edited, .deleted: count
            }
        }
    }
}
