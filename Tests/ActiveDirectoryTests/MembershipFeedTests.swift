import LDAPClient
import SyncModel
import Testing

@testable import ActiveDirectory

extension RealDomainController {
    @Suite("Memberships in the feed")
    struct MembershipFeedTests {
        @Test(arguments: [ActiveDirectorySettings.Feeding.auto, .usn, .dirsync])
        func aLoadTellsGroupsWithAllTheirMembers(feeding: ActiveDirectorySettings.Feeding) async throws {
            let ground = try await Ground("load \(feeding)", feeding)
            try await ground.admin.addGroup("empty \(feeding)", in: ground.lab.teams)
            try await ground.admin.set("managedBy", ground.user(0), of: ground.group)
            var view = try ground.lab.viewOfGroups()
            view.attributes.append("managedby")
            view.references.insert("managedby")
            try await withFeed(ground.settings, view) { feed in
                #expect(await feed.next(\.isComplete) != nil)
                let events = await feed.events
                let group = try #require(events.lazy.compactMap { $0.snapshot(named: ground.group) }.first)
                #expect(group.tellsMembers)
                #expect(Set(group.attributes["member"].map(\.member)) == Set(ground.anchors.prefix(2)))
                #expect(group.attributes["managedby"] == [Octets(ground.user(0))])
                let empty = "CN=empty \(feeding),\(ground.lab.teams)"
                let emptyGroup = try #require(events.lazy.compactMap { $0.snapshot(named: empty) }.first)
                #expect(emptyGroup.tellsMembers && emptyGroup.attributes["member"].isEmpty)
                let person = try #require(events.lazy.compactMap { $0.snapshot(named: ground.user(0)) }.first)
                #expect(!person.tellsMembers)
            }
        }

        @Test func aReloadTellsThemToo() async throws {
            let ground = try await Ground("reload", .auto)
            let other = FeedCursor(invocationID: Anchor(high: 1, low: 2), position: 77, state: .live)
            try await withFeed(ground.settings, ground.lab.viewOfGroups(), from: other.cursor) { feed in
                #expect(await feed.next(\.isComplete) != nil)
                let group = await feed.events.lazy.compactMap { $0.snapshot(named: ground.group) }.first
                #expect(group?.tellsMembers == true)
                #expect(group?.attributes["member"].count == 2)
                // Of what is in no scope nobody wants to know.
                for case .present(let entry) in await feed.events.flatMap(\.changes) where entry.tellsMembers {
                    #expect(entry.name.description.hasSuffix(ground.lab.teams))
                }
            }
        }

        @Test(arguments: [ActiveDirectorySettings.Feeding.auto, .dirsync])
        func whoComesAndWhoGoesIsToldOneByOne(feeding: ActiveDirectorySettings.Feeding) async throws {
            let ground = try await Ground("edits \(feeding)", feeding)
            try await withFeed(ground.settings, ground.lab.viewOfGroups(), from: try await ground.cookie()) { feed in
                #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
                try await ground.admin.editMembers(of: ground.group, add: [ground.user(2)], remove: [ground.user(0)])
                let both = try #require(await ground.edits(in: feed))
                #expect(both == [.add: [ground.anchors[2]], .delete: [ground.anchors[0]]])

                try await ground.admin.editMembers(of: ground.group, add: [ground.user(0)])
                let back: [AttributeEdit.Kind: [Anchor]] = [.add: [ground.anchors[0]]]
                #expect(await ground.edits(in: feed, after: both) == back)

                // What is written by objectGUID and what is renamed is told by objectGUID.
                let renamed = "CN=renamed edits \(feeding),\(ground.lab.people)"
                try await ground.admin.rename(ground.user(3), to: "CN=renamed edits \(feeding)")
                try await ground.admin.editMembers(of: ground.group, add: [renamed])
                let added: [AttributeEdit.Kind: [Anchor]] = [.add: [ground.anchors[3]]]
                #expect(await ground.edits(in: feed, after: back) == added)

                try await ground.admin.editMembers(of: ground.group, remove: [renamed, ground.user(0), ground.user(1)])
                let gone = [ground.anchors[3], ground.anchors[0], ground.anchors[1]].sorted()
                #expect(await ground.edits(in: feed, after: added) == [.delete: gone])
            }
        }

        @Test func whatSomeoneElseDoesInTheMomentOfOurOwnWriteIsTold() async throws {
            let ground = try await Ground("own", .auto)
            let ownWrites = OwnWrites()
            let edits = ValueEdits(attribute: "member", add: [], remove: [])
            let name = try DistinguishedName(parsing: ground.group)
            try await withFeed(
                ground.settings,
                ground.lab.viewOfGroups(),
                from: try await ground.cookie(),
                ownWrites: ownWrites
            ) { feed in
                #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
                ownWrites.begin(.editValues(ground.groupAnchor, name: name, edits: edits))
                try await ground.admin.editMembers(of: ground.group, add: [ground.user(2)])
                let first = try #require(await ground.edits(in: feed))
                #expect(first == [.add: [ground.anchors[2]]])
                // By now nothing asks for memberships of itself.
                try await ground.admin.editMembers(of: ground.group, remove: [ground.user(2)])
                #expect(await ground.edits(in: feed, after: first) == [.delete: [ground.anchors[2]]])
            }
        }

        @Test(arguments: [ActiveDirectorySettings.Feeding.auto, .dirsync])
        func aNewGroupIsToldBeforeItsMembers(feeding: ActiveDirectorySettings.Feeding) async throws {
            let ground = try await Ground("new \(feeding)", feeding)
            try await withFeed(ground.settings, ground.lab.viewOfGroups(), from: try await ground.cookie()) { feed in
                #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
                let name = "brandnew \(feeding)"
                let dn = "CN=\(name),\(ground.lab.teams)"
                try await ground.admin.addGroup(name, members: [ground.user(0), ground.user(1)], in: ground.lab.teams)
                let event = try #require(await feed.next { $0.snapshot(named: dn) != nil })
                let anchor = try #require(event.snapshot(named: dn)?.anchor)
                let told = event.changes.flatMap { change -> [Anchor?] in
                    if case .members(anchor, let edits, _) = change { return edits.flatMap(\.values).map(\.member) }
                    return []
                }
                #expect(Set(told) == Set(ground.anchors.prefix(2)))
                // Other tests' entries may be told of in the same event.
                if case .members? = event.changes.first(where: { $0.anchor == anchor }) {
                    Issue.record("the members came first")
                }
                #expect(event.cookie != nil)
            }
        }

        @Test func anotherChangeOfAGroupTellsNoMembers() async throws {
            let ground = try await Ground("other", .auto)
            try await withFeed(ground.settings, ground.lab.viewOfGroups(), from: try await ground.cookie()) { feed in
                #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
                try await ground.admin.set("description", "new", of: ground.group)
                let event = try #require(await feed.next { $0.snapshot(named: ground.group) != nil })
                #expect(event.snapshot(named: ground.group)?.tellsMembers == false)
                #expect(event.snapshot(named: ground.group)?.attributes["description"] == ["new"])
                #expect(!event.changes.contains { if case .members = $0 { true } else { false } })
            }
        }

        @Test func withoutDirSyncAChangedGroupIsReadWhole() async throws {
            let ground = try await Ground("whole", .usn)
            let start = try await currentCursor(ground.lab)
            try await withFeed(ground.settings, ground.lab.viewOfGroups(), from: start) { feed in
                #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
                try await ground.admin.editMembers(of: ground.group, add: [ground.user(2)], remove: [ground.user(0)])
                let event = try #require(await feed.next { $0.snapshot(named: ground.group) != nil })
                let group = try #require(event.snapshot(named: ground.group))
                #expect(group.tellsMembers)
                #expect(Set(group.attributes["member"].map(\.member)) == [ground.anchors[1], ground.anchors[2]])
                #expect(event.cursor.flatMap(FeedCursor.init)?.state == .live)
            }
        }

        @Test(arguments: [ActiveDirectorySettings.Feeding.auto, .dirsync])
        func whatHappenedWhileNobodyListenedIsTold(feeding: ActiveDirectorySettings.Feeding) async throws {
            let ground = try await Ground("away \(feeding)", feeding)
            let cursor = try await ground.cookie()
            try await ground.admin.editMembers(of: ground.group, add: [ground.user(3)], remove: [ground.user(1)])
            let name = "awaynew \(feeding)"
            try await ground.admin.addGroup(name, members: [ground.user(2)], in: ground.lab.teams)
            // More than one answer holds.
            for number in 0..<700 { try await ground.admin.set("description", "\(number)", of: ground.user(0)) }
            try await withFeed(ground.settings, ground.lab.viewOfGroups(), from: cursor) { feed in
                #expect(
                    await ground.edits(in: feed) == [.add: [ground.anchors[3]], .delete: [ground.anchors[1]]]
                )
                let events = await feed.events
                #expect(!events.contains { $0.isComplete })
                let dn = "CN=\(name),\(ground.lab.teams)"
                let anchor = try #require(events.lazy.compactMap { $0.snapshot(named: dn) }.first?.anchor)
                let order = events.flatMap(\.changes).filter { $0.anchor == anchor }
                if case .present? = order.first {} else { Issue.record("the group did not come first") }
                #expect(order.contains { if case .members = $0 { true } else { false } })
                // No cursor stands before what it covers.
                let first = events.firstIndex { $0.cursor != nil }
                let members = events.firstIndex { event in
                    event.changes.contains { if case .members = $0 { true } else { false } }
                }
                #expect(try #require(first) >= members ?? 0)
            }
        }

        @Test func aRefusedCookieMakesChangedGroupsReadWholeUpToANewOne() async throws {
            let ground = try await Ground("refused", .auto)
            var cursor = try #require(FeedCursor(try await currentCursor(ground.lab)))
            cursor.state = .dirSync(cookie: "garbage")
            try await ground.admin.editMembers(of: ground.group, add: [ground.user(2)])
            try await withFeed(ground.settings, ground.lab.viewOfGroups(), from: cursor.cursor) { feed in
                let event = try #require(await feed.next { $0.snapshot(named: ground.group) != nil })
                let group = try #require(event.snapshot(named: ground.group))
                #expect(group.tellsMembers && group.attributes["member"].count == 3)
                #expect(event.cookie.map { $0 != "garbage" } == true)
                try await ground.admin.editMembers(of: ground.group, add: [ground.user(3)])
                #expect(await ground.edits(in: feed) == [.add: [ground.anchors[3]]])
            }
        }

        @Test func aLoadThatGroupsMoveUnderIsFollowedByWhatMoved() async throws {
            let ground = try await Ground("under", .auto)
            try await withFeed(ground.settings, ground.lab.viewOfGroups()) { feed in
                #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
                try await ground.admin.editMembers(of: ground.group, add: [ground.user(2)])
                #expect(await feed.next(\.isComplete) != nil)
                try await ground.admin.editMembers(of: ground.group, add: [ground.user(3)])
                let last = ground.anchors[3]
                _ = try #require(
                    await feed.next { event in
                        event.changes.contains { change in
                            switch change {
                            case .members(_, let edits, _): edits.contains { $0.values.map(\.member).contains(last) }
                            case .present(let entry): entry.attributes["member"].map(\.member).contains(last)
                            default: false
                            }
                        }
                    }
                )
                #expect(await ground.members(by: feed.events) == Set(ground.anchors))
            }
        }

        @Test func aLoadThatIsTakenUpAgainMissesNothing() async throws {
            let ground = try await Ground("again", .auto)
            var cursor = try #require(FeedCursor(try await currentCursor(ground.lab)))
            // All windows are told, and then nobody listened.
            cursor.state = .loading(.scopes, end: cursor.position)
            try await ground.admin.editMembers(of: ground.group, add: [ground.user(2)])
            try await withFeed(ground.settings, ground.lab.viewOfGroups(), from: cursor.cursor) { feed in
                let event = try #require(await feed.next { $0.snapshot(named: ground.group) != nil })
                #expect(event.snapshot(named: ground.group)?.attributes["member"].count == 3)
                #expect(event.cookie != nil)
            }
        }

        @Test func aDeletedMemberLeavesNoTrace() async throws {
            let ground = try await Ground("trace", .auto)
            try await withFeed(ground.settings, ground.lab.viewOfGroups(), from: try await ground.cookie()) { feed in
                #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
                let gone = ground.anchors[0]
                try await ground.admin.delete(ground.user(0))
                #expect(await feed.next { $0.changes.contains(.deleted(gone)) } != nil)
                try await ground.admin.editMembers(of: ground.group, add: [ground.user(2)])
                #expect(await ground.edits(in: feed) == [.add: [ground.anchors[2]]])
            }
        }

        @Test func aRangeIsReadToItsEndAndOnlyAsLongAsNothingMoves() async throws {
            let ground = try await Ground("range", .auto)
            try await ground.admin.editMembers(of: ground.group, add: [ground.user(2), ground.user(3)])
            let reading = EntryReading(view: try ground.lab.viewOfGroups())
            let groups = GroupReading(reading: reading, connection: ground.admin)
            var request = reading.memberSearch(ground.groupAnchor)
            request.attributes = ["member;range=0-0", "usnchanged"]
            let page = try #require(try await ground.admin.search(request).entries.first)
            let usn = try #require(EntryReading.usn(of: page))
            #expect(page.attributes.contains { $0.name == "member;range=0-0" })
            let members = try await groups.members(from: page, of: ground.groupAnchor, asOf: usn)
            #expect(members?.map(\.name) == ["member"])
            #expect(Set(try #require(members?.first).values.map(\.member)) == Set(ground.anchors))
            #expect(try await groups.members(from: page, of: ground.groupAnchor, asOf: usn - 1) == nil)
            try await ground.admin.editMembers(of: ground.group, remove: [ground.user(3)])
            #expect(try await groups.members(from: page, of: ground.groupAnchor, asOf: usn) == nil)
            let whole = try #require(try await groups.read(ground.groupAnchor))
            #expect(whole.members?.first?.values.count == 3)
        }

        @Test func aMembershipArrivesAtOnce() async throws {
            let ground = try await Ground("delay", .auto)
            var settings = ground.settings
            settings.pulse = .seconds(20)
            try await withFeed(settings, ground.lab.viewOfGroups(), from: try await ground.cookie()) { feed in
                #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
                var delays: [Duration] = []
                for number in 0..<60 {
                    let isAdded = number % 2 == 0
                    let users = [ground.user(2)]
                    try await ground.admin.editMembers(
                        of: ground.group,
                        add: isAdded ? users : [],
                        remove: isAdded ? [] : users
                    )
                    let committed = ContinuousClock.now
                    #expect(await ground.edits(in: feed) == [isAdded ? .add : .delete: [ground.anchors[2]]])
                    delays.append(try #require(await feed.newest) - committed)
                }
                delays.sort()
                print("membership, commit to deliver: p50 \(delays[30]), p95 \(delays[57])")
                #expect(delays[30] < .milliseconds(100))
            }
        }
    }
}

/// A group of two of four users, all of the test's own.
struct Ground: Sendable {
    let lab: Lab
    let admin: LDAPConnection
    let settings: ActiveDirectorySettings
    let name: String
    let anchors: [Anchor]
    let groupAnchor: Anchor

    init(_ name: String, _ feeding: ActiveDirectorySettings.Feeding) async throws {
        lab = try Lab.required()
        admin = try await lab.administrator()
        self.name = name
        var settings = try lab.settings()
        settings.feeding = feeding
        self.settings = settings
        var anchors: [Anchor] = []
        for number in 0..<4 {
            let user = "\(name) \(number)"
            try await admin.addUser(user, in: lab.people)
            anchors.append(try await anchor(of: "CN=\(user),\(lab.people)", admin))
        }
        self.anchors = anchors
        let members = (0..<2).map { [lab] in "CN=\(name) \($0),\(lab.people)" }
        try await admin.addGroup("\(name) group", members: members, in: lab.teams)
        groupAnchor = try await anchor(of: "CN=\(name) group,\(lab.teams)", admin)
    }

    var group: String { "CN=\(name) group,\(lab.teams)" }

    func user(_ number: Int) -> String { "CN=\(name) \(number),\(lab.people)" }

    /// A cursor that stands where the server stands, with a cookie.
    func cookie() async throws -> Cursor {
        let start = try await currentCursor(lab)
        return try await withFeed(settings, lab.viewOfGroups(), from: start) { feed in
            #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
            try await admin.set("title", "something", of: user(0))
            return try #require(await afterTheTitle(in: feed)?.cursor)
        }
    }

    private func afterTheTitle(in feed: FeedRecorder) async -> FeedEvent? {
        let name = user(0)
        let event = await feed.next { event in event.snapshot(named: name) != nil }
        return event?.cookie == nil ? await feed.next { event in event.cookie != nil } : event
    }

    /// The next edits of the group's members besides those that were told before, which may come again; each list sorted.
    func edits(
        in feed: FeedRecorder,
        after previous: [AttributeEdit.Kind: [Anchor]]
    ) async -> [AttributeEdit.Kind: [Anchor]]? {
        for _ in 0..<8 {
            guard let told = await edits(in: feed) else { return nil }
            // What was told before may be told once more with what is new.
            let news = Dictionary(
                uniqueKeysWithValues: told.map { kind, members in
                    (kind, members.filter { previous[kind]?.contains($0) != true })
                }
            )
            if !news.allSatisfy(\.value.isEmpty) { return news.filter { !$0.value.isEmpty } }
        }
        return nil
    }

    /// The next edits of the group's members; each list sorted.
    func edits(in feed: FeedRecorder) async -> [AttributeEdit.Kind: [Anchor]]? {
        let event = await feed.next { [groupAnchor] event in
            event.changes.contains { if case .members(groupAnchor, _, _) = $0 { true } else { false } }
        }
        guard let event else { return nil }
        var told: [AttributeEdit.Kind: [Anchor]] = [:]
        for case .members(groupAnchor, let edits, _) in event.changes {
            for edit in edits { told[edit.kind, default: []] += edit.values.compactMap(\.member) }
        }
        return told.mapValues { $0.sorted() }
    }

    /// Who is in the group by all that was told.
    func members(by events: [FeedEvent]) -> Set<Anchor> {
        var members: Set<Anchor> = []
        for change in events.flatMap(\.changes) where change.anchor == groupAnchor {
            switch change {
            case .present(let entry) where entry.tellsMembers:
                members = Set(entry.attributes["member"].compactMap(\.member))
            case .members(_, let edits, _):
                for edit in edits {
                    let anchors = edit.values.compactMap(\.member)
                    if edit.kind == .add { members.formUnion(anchors) } else { members.subtract(anchors) }
                }
            default: break
            }
        }
        return members
    }
}

extension Octets {
    /// The entry that an extended name names.
    var member: Anchor? { ExtendedName(parsing: self).anchor }
}
