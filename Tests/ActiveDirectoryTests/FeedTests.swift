import ActiveDirectory
import LDAPClient
import Logging
import SyncModel
import Testing

extension RealDomainController {
    @Suite("The feed")
    struct FeedTests {
        @Test func anEmptyCacheGetsEachEntryOnceAndThenChanges() async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            try await withFeed(lab.settings(), lab.view()) { feed in
                guard case .connected(let server, let roots, _)? = await feed.next({ _ in true }) else {
                    Issue.record("the first event is not the connection")
                    return
                }
                #expect(server.lossyText.hasPrefix("CN=NTDS Settings,"))
                #expect(Set(roots.map(\.name.description)) == [lab.people, lab.teams])
                let complete = try #require(await feed.next(\.isComplete))
                if case .complete(let present, _) = complete { #expect(present == nil) }
                let told = await feed.events.flatMap(\.changes)
                let names = told.compactMap { if case .present(let entry) = $0 { entry.name.description } else { nil } }
                let people = try await admin.search(
                    SearchRequest(
                        base: lab.people,
                        scope: .subtree,
                        filter: "(objectClass=user)",
                        attributes: ["1.1"],
                        pageSize: 500
                    )
                )
                #expect(people.entries.count >= 300)
                #expect(Set(names).isSuperset(of: people.entries.map(\.dn)))
                #expect(names.count == Set(names).count)
                let container = "OU=added,\(lab.people)"
                _ = try await admin.perform(
                    .add(dn: container, attributes: [LDAPAttribute("objectClass", ["organizationalUnit"])])
                )
                let entry = try #require(
                    await feed.next { $0.snapshot(named: container) != nil }?.snapshot(named: container)
                )
                #expect(DirectoryView.isContainer(entry.attributes))
            }
        }

        @Test func whatTheAnswersToOurWritesToldIsNotToldAgainAndWhatOthersDoIs() async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            let ownWrites = OwnWrites()
            let start = try await currentCursor(lab)
            try await withWriter(ownWrites: ownWrites) { lab, writer in
                try await withFeed(lab.settings(), lab.view(), from: start, ownWrites: ownWrites) { feed in
                    var entry = try await writer.addUser("answered", flags: "514", lab)
                    let dn = entry.name.description
                    for number in 1...40 {
                        entry = try await writer.change(
                            entry,
                            "title",
                            entry.attributes["title"],
                            [Octets("\(number)")]
                        ).required()
                    }
                    try await admin.set("description", "theirs", of: dn)
                    let told = try #require(
                        await feed.next { $0.snapshot(named: dn)?.attributes["description"] == ["theirs"] }
                    )
                    #expect(told.snapshot(named: dn)?.attributes["title"] == ["40"])
                    // Where the feed looks between a write and its answer it tells the write.
                    #expect(await feed.events.count { $0.snapshot(named: dn) != nil } < 20)
                }
            }
        }

        @Test func everyKindOfChangeIsTold() async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            let start = try await currentCursor(lab)
            try await withFeed(lab.settings(), lab.view(), from: start) { feed in
                try await admin.addUser("kinds", in: lab.people)
                let dn = "CN=kinds,\(lab.people)"
                let added = try #require(await feed.next { $0.snapshot(named: dn) != nil }?.snapshot(named: dn))
                #expect(added.attributes["samaccountname"] == ["kinds"])
                #expect(added.attributes["objectguid"].isEmpty)

                try await admin.set("title", "Head", of: dn)
                let modified = try #require(await feed.next { $0.snapshot(named: dn) != nil }?.snapshot(named: dn))
                #expect(modified.attributes["title"] == ["Head"])
                #expect(modified.anchor == added.anchor)
                #expect(modified.version.supersedes(added.version))
                #expect(!added.version.supersedes(modified.version))

                try await admin.rename(dn, to: "CN=kinds\\, renamed")
                let renamed = "CN=kinds\\, renamed,\(lab.people)"
                let moved = try #require(await feed.next { $0.snapshot(named: renamed) != nil })
                #expect(moved.snapshot(named: renamed)?.anchor == added.anchor)

                let outside = "CN=Users,\(lab["AD_BASE"])"
                try await admin.rename(renamed, to: "CN=kinds", under: outside)
                let left = try #require(await feed.next { $0.snapshot(named: "CN=kinds,\(outside)") != nil })
                #expect(left.snapshot(named: "CN=kinds,\(outside)")?.anchor == added.anchor)

                try await admin.delete("CN=kinds,\(outside)")
                let anchor = added.anchor
                let deleted = try #require(await feed.next { $0.changes.contains(.deleted(anchor)) })
                #expect(deleted.cursor != nil)
            }
        }

        @Test func aChangeMadeWhileNobodyListenedIsToldAfterwards() async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            try await admin.addUser("absent", in: lab.people)
            let start = try await currentCursor(lab)
            let anchor = try await anchor(of: "CN=absent,\(lab.people)", admin)
            try await admin.delete("CN=absent,\(lab.people)")
            try await withFeed(lab.settings(), lab.view(), from: start) { feed in
                #expect(await feed.next { $0.changes.contains(.deleted(anchor)) } != nil)
                #expect(await !feed.events.contains(where: \.isComplete))
            }
        }

        @Test func anInterruptedLoadGoesOnWithoutTellingFinishedWindowsAgain() async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            try await admin.addUser("early", in: lab.people)
            let early = try await anchor(of: "CN=early,\(lab.people)", admin)
            let live = try #require(FeedCursor(try await currentCursor(lab)))
            try await admin.delete("CN=early,\(lab.people)")
            let state = FeedCursor.State.loading(.scopes, end: live.position)
            let interrupted = FeedCursor(invocationID: live.invocationID, position: live.position, state: state)
            try await withFeed(lab.settings(), lab.view(), from: interrupted.cursor) { feed in
                #expect(await feed.next(\.isComplete) != nil)
                let users = await feed.events.flatMap(\.changes).filter {
                    if case .present(let entry) = $0 { !DirectoryView.isContainer(entry.attributes) } else { false }
                }
                #expect(users.isEmpty)
                // Deleted after the load began, so that no window can show it.
                let told = await feed.events.contains { $0.changes.contains(.deleted(early)) }
                #expect(told)
            }
        }

        @Test func theCursorOfAnotherServerMakesItReadEverything() async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            try await admin.addUser("elsewhere", in: lab.people)
            let gone = try await anchor(of: "CN=elsewhere,\(lab.people)", admin)
            try await admin.delete("CN=elsewhere,\(lab.people)")
            let other = FeedCursor(invocationID: Anchor(high: 1, low: 2), position: 77, state: .live)
            let reasons = Collected<String>()
            try await withFeed(
                lab.settings(),
                lab.view(),
                from: other.cursor,
                status: { if let reason = $0.reloadReason { reasons.add(reason) } },
                { feed in
                    #expect(await feed.next(\.isComplete) != nil)
                    let told = await feed.events.flatMap(\.changes)
                    #expect(told.contains(.deleted(gone)))
                    #expect(told.count > 300)
                }
            )
            #expect(reasons.all.contains { $0.contains("another server") })
        }

        @Test func aServerThatWentBackIsReadAnewWithVersionsThatMeanNothing() async throws {
            let lab = try Lab.required()
            var cursor = try #require(FeedCursor(try await currentCursor(lab)))
            cursor.position += 1_000_000
            let reasons = Collected<String>()
            try await withFeed(
                lab.settings(),
                lab.view(),
                from: cursor.cursor,
                status: { if let reason = $0.reloadReason { reasons.add(reason) } },
                { feed in
                    #expect(await feed.next(\.isComplete) != nil)
                    for case .present(let entry) in await feed.events.flatMap(\.changes) {
                        #expect(entry.version == .unordered)
                    }
                }
            )
            #expect(reasons.all.contains { $0.contains("went back") })
        }

        @Test func aMissingBaseIsAnErrorThatNamesItAndNeverAnAbsence() async throws {
            let lab = try Lab.required()
            var view = try lab.view()
            let missing = try DistinguishedName(parsing: "OU=nowhere,\(lab["AD_BASE"])")
            view.scopes.append(DirectoryView.Scope(base: missing, filter: .present("objectClass")))
            let (errors, said) = AsyncStream.makeStream(of: String.self)
            try await withFeed(
                lab.settings(),
                view,
                status: { if let error = $0.error { said.yield(error) } },
                { feed in
                    let error = await errors.first { _ in true }
                    #expect(error?.contains("OU=nowhere") == true)
                    #expect(await feed.events.isEmpty)
                }
            )
        }

        @Test func aRefusedBindIsToldWithItsRemedyAndNotSoonRepeated() async throws {
            let lab = try Lab.required()
            var settings = try lab.settings()
            settings.credentials = .simple(name: lab["AD_SYNC_DN"], password: "wrong")
            let (statuses, said) = AsyncStream.makeStream(of: ActiveDirectoryFeedStatus.self)
            try await withFeed(
                settings,
                lab.view(),
                status: { if $0.error != nil { said.yield($0) } },
                { _ in
                    let status = await statuses.first { _ in true }
                    let words = "wrong name or password for \(lab["AD_SYNC_DN"]) (49, data 52e)"
                    #expect(status?.error?.contains(words) == true)
                    #expect(status?.phase == .waiting(.seconds(300)))
                }
            )
        }

        @Test func aRestartedServerIsFoundAgainAndNothingIsLost() async throws {
            let lab = try Lab.required()
            let start = try await currentCursor(lab)
            try await withFeed(lab.settings(), lab.view(), from: start) { feed in
                #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
                try await lab.tool("restart-ad", "--kill")
                let admin = try await lab.administrator()
                try await admin.addUser("restarted", in: lab.people)
                #expect(await feed.next { if case .disconnected = $0 { true } else { false } } != nil)
                #expect(await feed.next { $0.snapshot(named: "CN=restarted,\(lab.people)") != nil } != nil)
                #expect(await !feed.events.contains(where: \.isComplete))
            }
        }

        @Test func aFeedThatIsEndedHasNothingToWarnOf() async throws {
            let lab = try Lab.required()
            let lines = Collected<RecordedLog.Line>()
            let start = try await currentCursor(lab)
            try await withFeed(
                lab.settings(),
                lab.view(),
                from: start,
                logger: RecordedLog.logger(lines),
                { feed in
                    let admin = try await lab.administrator()
                    try await admin.addUser("ended", in: lab.people)
                    #expect(await feed.next { $0.snapshot(named: "CN=ended,\(lab.people)") != nil } != nil)
                }
            )
            #expect(lines.all.filter { $0.level >= .warning }.map(\.words) == [])
        }

        @Test(arguments: [ActiveDirectorySettings.Feeding.usn, .dirsync])
        func aChangeArrivesFarFasterThanThePulse(feeding: ActiveDirectorySettings.Feeding) async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            try await admin.addUser("quick \(feeding)", in: lab.people)
            let dn = "CN=quick \(feeding),\(lab.people)"
            let start = try await currentCursor(lab)
            // With a pulse this long only notifications can be in time.
            var settings = try lab.settings(pulse: .seconds(20))
            settings.feeding = feeding
            try await withFeed(settings, lab.view(), from: start) { feed in
                #expect(await feed.next { if case .connected = $0 { true } else { false } } != nil)
                try await admin.set("title", "warm", of: dn)
                var delays: [Duration] = []
                for number in 0..<100 {
                    let title = "title \(number)"
                    try await admin.set("title", title, of: dn)
                    let committed = ContinuousClock.now
                    let isThis = { @Sendable (event: FeedEvent) in
                        event.snapshot(named: dn)?.attributes["title"] == [Octets(title)]
                    }
                    try #require(await feed.next(isThis) != nil)
                    delays.append(try #require(await feed.newest) - committed)
                }
                delays.sort()
                print("commit to deliver by \(feeding): p50 \(delays[50]), p95 \(delays[95]), p99 \(delays[99])")
                #expect(delays[50] < .milliseconds(100))
                #expect(delays[99] < .seconds(10))
            }
        }
    }
}

/// A cursor that stands where the server stands.
func currentCursor(_ lab: Lab) async throws -> Cursor {
    let service = try await withFeed(lab.settings(), lab.view()) { feed in
        guard case .connected(let server, _, _)? = await feed.next({ _ in true }) else {
            throw LabFailure(words: "no server")
        }
        return server.lossyText
    }
    let admin = try await lab.administrator()
    let settings = try await admin.search(SearchRequest(base: service, scope: .base, attributes: ["invocationId"]))
    let invocationID = try #require(settings.entries.first?.first("invocationId").flatMap { Anchor(octets: $0.bytes) })
    let root = try await admin.search(SearchRequest(base: "", scope: .base, attributes: ["highestCommittedUSN"]))
    let usn = try #require(root.entries.first?.text("highestCommittedUSN").flatMap { UInt64($0) })
    return FeedCursor(invocationID: invocationID, position: usn, state: .live).cursor
}

func anchor(of dn: String, _ connection: LDAPConnection) async throws -> Anchor {
    let found = try await connection.search(SearchRequest(base: dn, scope: .base, attributes: ["objectGUID"]))
    return try #require(found.entries.first?.first("objectGUID").flatMap { Anchor(octets: $0.bytes) })
}
