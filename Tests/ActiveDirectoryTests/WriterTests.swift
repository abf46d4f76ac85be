import LDAPClient
import Logging
import SyncModel
import Testing

@testable import ActiveDirectory

extension RealDomainController {
    @Suite("The writer")
    struct WriterTests {
        @Test func anEnabledAccountIsMadeInOneAddWithAPasswordNobodyKnows() async throws {
            try await withWriter { lab, writer in
                let added = try await writer.addUser("enabled", flags: "512", lab)
                #expect(added.attributes["useraccountcontrol"] == ["512"])
                #expect(added.name.description == "CN=enabled,\(lab.people)")
                #expect(added.attributes["unicodepwd"].isEmpty)
            }
        }

        @Test func whatATakenNameAndATakenValueAreAreToldApart() async throws {
            try await withWriter { lab, writer in
                _ = try await writer.addUser("first", flags: "514", lab)
                #expect(try await writer.add("first", sam: "other", lab).refusal?.reason == .nameTaken)
                #expect(try await writer.add("second", sam: "first", lab).refusal?.reason == .valueTaken)
                let orphan = try await writer.add("third,OU=nowhere", sam: "third", lab)
                #expect(orphan.refusal?.reason == .noParent)
                #expect(try await writer.add("fourth", sam: "a[b", lab).refusal?.reason == .invalid)
            }
        }

        @Test func aModifyIsCarriedOutOnlyOnWhatItWasPlannedOn() async throws {
            try await withWriter { lab, writer in
                var entry = try await writer.addUser("planned", flags: "514", lab)
                entry = try await writer.change(entry, "title", [], ["Dr"]).required()
                #expect(entry.attributes["title"] == ["Dr"])
                let overwriting = try await writer.change(entry, "title", [], ["Prof"])
                #expect(overwriting.stale?.attributes["title"] == ["Dr"])
                let mistaken = try await writer.change(entry, "title", ["Mr"], ["Prof"])
                #expect(mistaken.stale?.attributes["title"] == ["Dr"])
                entry = try await writer.change(entry, "title", ["Dr"], ["DR"]).required()
                #expect(entry.attributes["title"] == ["DR"])
                entry = try await writer.change(entry, "title", ["DR"], []).required()
                #expect(entry.attributes["title"].isEmpty)
                #expect(try await writer.change(entry, "title", ["DR"], []).stale != nil)
            }
        }

        @Test func accountFlagsAreLookedAtBeforeTheyAreWritten() async throws {
            try await withWriter { lab, writer in
                var entry = try await writer.addUser("flags", flags: "512", lab)
                #expect(try await writer.change(entry, "useraccountcontrol", ["514"], ["66048"]).stale != nil)
                entry = try await writer.change(entry, "useraccountcontrol", ["512"], ["514"]).required()
                #expect(entry.attributes["useraccountcontrol"] == ["514"])
            }
        }

        @Test(arguments: [
            ("thumbnailphoto", Octets([0, 255, 1, 2]), Octets([0, 254])),
            ("displayname", Octets("Zoë, \"J\" <x>\\ #1 日本"), Octets(" a")),
            ("description", Octets("one"), Octets("two")),
        ])
        func valuesOfAllKindsAreComparedAndSet(name: String, first: Octets, second: Octets) async throws {
            try await withWriter { lab, writer in
                let user = "values \(name)"
                var entry = try await writer.addUser(user, flags: "514", lab)
                entry = try await writer.change(entry, name, [], [first]).required()
                #expect(entry.attributes[name] == [first])
                #expect(try await writer.change(entry, name, [second], [first]).stale?.attributes[name] == [first])
                entry = try await writer.change(entry, name, [first], [second]).required()
                #expect(entry.attributes[name] == [second])
            }
        }

        @Test func linkedAttributesAreComparedToo() async throws {
            try await withWriter { lab, writer in
                let boss = Octets(try await writer.addUser("boss", flags: "514", lab).name.description)
                let other = Octets(try await writer.addUser("otherboss", flags: "514", lab).name.description)
                var entry = try await writer.addUser("managed", flags: "514", lab)
                entry = try await writer.change(entry, "manager", [], [boss]).required()
                #expect(try await writer.change(entry, "manager", [], [other]).stale?.attributes["manager"] == [boss])
                #expect(try await writer.change(entry, "manager", [other], [boss]).stale != nil)
                entry = try await writer.change(entry, "manager", [boss], [other]).required()
                #expect(entry.attributes["manager"] == [other])
                let nobody = Octets("CN=nobody,\(lab.people)")
                #expect(try await writer.change(entry, "manager", [other], [nobody]).refusal?.reason == .invalid)
            }
        }

        @Test func membersAreAddedAndRemovedByValue() async throws {
            try await withWriter { lab, writer in
                let one = Octets(try await writer.addUser("memberone", flags: "514", lab).name.description)
                let two = Octets(try await writer.addUser("membertwo", flags: "514", lab).name.description)
                let name = try DistinguishedName(parsing: "CN=group,\(lab.teams)")
                let attributes: Attributes = ["samaccountname": ["group"], "member": [one]]
                var group = try await writer.outcome(
                    .add(name: name, objectClasses: ["group"], attributes: attributes)
                ).required()
                #expect(group.attributes["member"] == [one])
                #expect(try await writer.change(group, "member", [], [one]).stale?.attributes["member"] == [one])
                #expect(try await writer.change(group, "member", [two], []).stale != nil)
                group = try await writer.change(group, "member", [], [two]).required()
                #expect(group.attributes["member"].count == 2)
                group = try await writer.change(group, "member", [one], []).required()
                #expect(group.attributes["member"] == [two])
            }
        }

        @Test func aRefusedValueIsNoStaleness() async throws {
            try await withWriter { lab, writer in
                let entry = try await writer.addUser("refused", flags: "514", lab)
                #expect(try await writer.change(entry, "nosuchattribute", [], ["x"]).refusal?.reason == .invalid)
                #expect(try await writer.change(entry, "cn", ["refused"], ["x"]).refusal?.reason == .invalid)
                _ = try await writer.addUser("refusedtoo", flags: "514", lab)
                let taken = try await writer.change(entry, "samaccountname", ["refused"], ["refusedtoo"])
                #expect(taken.refusal?.reason == .valueTaken)
            }
        }

        @Test func aRenameIsAimedAtTheOldName() async throws {
            try await withWriter { lab, writer in
                var entry = try await writer.addUser("renamed", flags: "514", lab)
                let old = entry.name
                let special = RelativeDistinguishedName(type: "CN", value: Octets("Müller, \"J\" <x>+\\ #1"))
                entry = try await writer.rename(entry, old, to: DistinguishedName([special] + old.rdns.dropFirst()))
                    .required()
                #expect(entry.name.leaf?.value == special.value)
                let teams = try DistinguishedName(parsing: lab.teams)
                let stale = try await writer.rename(entry, old, to: teams.child(special))
                #expect(stale.stale?.name == entry.name)
                entry = try await writer.rename(entry, entry.name, to: teams.child(special)).required()
                #expect(entry.name.parent?.normalized == teams.normalized)
                let nowhere = try DistinguishedName(parsing: "CN=renamed,OU=nowhere,\(lab.people)")
                #expect(try await writer.rename(entry, entry.name, to: nowhere).refusal?.reason == .noParent)
                _ = try await writer.addUser("inthe way", flags: "514", lab)
                let taken = try DistinguishedName(parsing: "CN=inthe way,\(lab.people)")
                #expect(try await writer.rename(entry, entry.name, to: taken).refusal?.reason == .nameTaken)
            }
        }

        @Test func aDeleteLooksFirstAndATombstoneIsGone() async throws {
            try await withWriter { lab, writer in
                let entry = try await writer.addUser("deleted", flags: "514", lab)
                let changed = try await writer.change(entry, "title", [], ["x"]).required()
                let early = WriteOperation.delete(entry.anchor, name: entry.name, version: entry.version)
                #expect(await writer.outcome(early).stale?.version == changed.version)
                let operation = WriteOperation.delete(entry.anchor, name: entry.name, version: changed.version)
                #expect(await writer.outcome(operation) == .deleted)
                #expect(await writer.outcome(operation) == .gone)
                #expect(await writer.outcome(.read(entry.anchor)) == .gone)
                #expect(await writer.outcome(.confirmAbsence(entry.anchor, LastSeen())) == .gone)
                let unknown = WriteOperation.confirmAbsence(Anchor(high: 1, low: 2), LastSeen())
                #expect(await writer.outcome(unknown) == .hidden)
                #expect(await writer.outcome(.readName(entry.name)) == .gone)
                #expect(try await writer.change(changed, "title", ["x"], ["y"]) == .gone)
                #expect(try await writer.rename(changed, changed.name, to: changed.name) == .gone)
                let people = try DistinguishedName(parsing: lab.people)
                let base = try await writer.outcome(.readName(people)).required()
                let whole = WriteOperation.delete(base.anchor, name: base.name, version: base.version)
                _ = try await writer.addUser("leaf", flags: "514", lab)
                let refused = await writer.outcome(whole).refusal?.reason
                #expect(refused == .notLeaf || refused == .notAllowed)
            }
        }

        @Test func whatMayBeSeenAndNotReadProvesNothing() async throws {
            try await withWriter { lab, writer in
                let entry = try await writer.addUser("sealed", flags: "514", lab)
                // Nobody who is signed in may read a property of it, and all else is allowed ([MS-DTYP] 2.4.6).
                let everybody: [UInt8] = [1, 1, 0, 0, 0, 0, 0, 5, 11, 0, 0, 0]
                let header: [UInt8] = [1, 0, 4, 0x80] + [UInt8](repeating: 0, count: 12) + [20, 0, 0, 0]
                let list: [UInt8] = [4, 0, 48, 0, 2, 0, 0, 0]
                let denied: [UInt8] = [1, 0, 20, 0, 0x10, 0, 0, 0] + everybody
                let allowed: [UInt8] = [0, 0, 20, 0, 0xff, 1, 15, 0] + everybody
                let daclOnly = LDAPControl(
                    "1.2.840.113556.1.4.801",
                    isCritical: true,
                    value: Octets([0x30, 3, 2, 1, 4])
                )
                _ = try await lab.administrator().perform(
                    .modify(
                        dn: entry.name.description,
                        modifications: [
                            Modification(.replace, "nTSecurityDescriptor", [Octets(header + list + denied + allowed)])
                        ],
                        controls: [daclOnly]
                    )
                )
                #expect(await writer.outcome(.read(entry.anchor)) == .gone)
                #expect(await writer.outcome(.confirmAbsence(entry.anchor, LastSeen())) == .hidden)
                let people = try await writer.outcome(.readName(DistinguishedName(parsing: lab.people))).required()
                guard case .found(let below) = await writer.outcome(.readBelow(people.anchor)) else {
                    throw LabFailure(words: "what lies below the base was not read")
                }
                #expect(!below.contains { $0.anchor == entry.anchor })
            }
        }

        @Test func withoutAReadableBaseAnAbsenceProvesNothing() async throws {
            let lab = try Lab.required()
            var view = try lab.view()
            let missing = try DistinguishedName(parsing: "OU=nowhere,\(lab["AD_BASE"])")
            view.scopes.append(DirectoryView.Scope(base: missing, filter: .present("objectClass")))
            try await withWriter(view: view) { _, writer in
                let outcome = await writer.outcome(.confirmAbsence(Anchor(high: 1, low: 1), LastSeen()))
                #expect(outcome.refusal?.message.contains("OU=nowhere") == true)
            }
        }

        @Test func manyWritesAreUnderWayAtOnce() async throws {
            try await withWriter { lab, writer in
                let clock = ContinuousClock()
                let begin = clock.now
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<200 {
                        group.addTask { _ = try await writer.addUser("many\(number)", flags: "514", lab) }
                    }
                    try await group.waitForAll()
                }
                print("200 adds: \(clock.now - begin)")
                let entry = try await writer.outcome(.readName(DistinguishedName(parsing: "CN=many0,\(lab.people)")))
                    .required()
                var delays: [Duration] = []
                var title: [Octets] = []
                for number in 0..<100 {
                    let start = clock.now
                    let next = [Octets("t\(number)")]
                    _ = try await writer.change(entry, "title", title, next).required()
                    delays.append(clock.now - start)
                    title = next
                }
                delays.sort()
                print("modify with read-back: p50 \(delays[50]), p95 \(delays[95])")
            }
        }

        @Test func aWrongPasswordIsTriedOnceAndOnlyWithTheFirstWrite() async throws {
            let lab = try Lab.required()
            var settings = try lab.settings()
            settings.credentials = .simple(name: lab["AD_SYNC_DN"], password: "wrong")
            let problems = Collected<String?>()
            let logger = Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })
            let writer = try ActiveDirectoryWriter(
                settings: settings,
                view: try lab.view(),
                logger: logger,
                status: { problems.add($0) }
            )
            #expect(problems.all.isEmpty)
            for _ in 0..<10 {
                await withTaskGroup(of: WriteOutcome.self) { group in
                    for _ in 0..<10 { group.addTask { await writer.outcome(.read(Anchor(high: 0, low: 1))) } }
                    for await outcome in group { #expect(outcome == .unavailable) }
                }
            }
            await writer.close()
            #expect(problems.all.count == 1)
            let problem = try #require(problems.all.first ?? nil)
            #expect(problem.contains("wrong name or password for \(lab["AD_SYNC_DN"])"))
            #expect(problem.contains("(49, data 52e)"))
        }

        @Test func theWriterFollowsTheFeedAndEndsWithoutAWarning() async throws {
            let lab = try Lab.required()
            var settings = try lab.settings()
            // The second is the same server's global catalog: enough to be another place.
            let first = try LDAPEndpoint("ldaps://\(lab["AD_HOST"])")
            let second = try LDAPEndpoint("ldaps://\(lab["AD_HOST"]):3269")
            let nowhere = try LDAPEndpoint("ldaps://\(lab["AD_HOST"]):1")
            settings.endpoints = [first, second, nowhere]
            let lines = Collected<RecordedLog.Line>()
            let choice = ServerChoice()
            let writer = try ActiveDirectoryWriter(
                settings: settings,
                view: try lab.view(),
                logger: RecordedLog.logger(lines),
                choice: choice
            )
            for wanted in [second, first, nowhere, nowhere, nowhere] {
                choice.choose(wanted)
                #expect(await writer.outcome(.read(Anchor(high: 0, low: 1))) == .gone)
            }
            await writer.close()
            let stood = lines.all.filter { $0.words.hasPrefix("a writing connection stands") }.map {
                $0.words.contains(":3269") ? second : first
            }
            #expect(stood.first == second)
            #expect(stood.last == first)
            #expect(stood.count <= 6)
            #expect(lines.all.filter { $0.level >= .warning }.map(\.words) == [])
        }

        @Test func aStoppedServerMakesWritesUnavailableAndAReturnedOneTakesThem() async throws {
            try await withWriter { lab, writer in
                let entry = try await writer.addUser("survivor", flags: "514", lab)
                try await lab.tool("stop-ad", "--kill")
                var outcome = await writer.outcome(.read(entry.anchor))
                for _ in 0..<50 where outcome != .unavailable { outcome = await writer.outcome(.read(entry.anchor)) }
                #expect(outcome == .unavailable)
                try await lab.tool("start-ad")
                for _ in 0..<400 {
                    outcome = await writer.outcome(.read(entry.anchor))
                    if outcome != .unavailable { break }
                    try await Task.sleep(for: .milliseconds(25))
                }
                #expect(try outcome.required().anchor == entry.anchor)
            }
        }
    }
}

func withWriter(
    view: DirectoryView? = nil,
    ownWrites: OwnWrites = OwnWrites(),
    _ body: (Lab, ActiveDirectoryWriter) async throws -> Void
) async throws {
    let lab = try Lab.required()
    let logger = Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })
    let writer = try ActiveDirectoryWriter(
        settings: lab.settings(),
        view: try view ?? lab.view(),
        logger: logger,
        ownWrites: ownWrites
    )
    do {
        try await body(lab, writer)
    } catch {
        await writer.close()
        throw error
    }
    await writer.close()
    #expect(await writer.outcome(.read(Anchor(high: 0, low: 1))) == .unavailable)
}

extension ActiveDirectoryWriter {
    func outcome(_ operation: WriteOperation) async -> WriteOutcome {
        let write = Write(id: IntentID(1), pair: PairID(1), side: .ad, object: nil, operation: operation)
        return await withCheckedContinuation { continuation in
            perform(write) { continuation.resume(returning: $0) }
        }
    }

    func addUser(_ name: String, flags: String, _ lab: Lab) async throws -> EntrySnapshot {
        let attributes: Attributes = [
            "samaccountname": [Octets(String(name.prefix(20)))], "useraccountcontrol": [Octets(flags)],
        ]
        let dn = try DistinguishedName(parsing: lab.people).child(
            RelativeDistinguishedName(type: "CN", value: Octets(name))
        )
        return try await outcome(.add(name: dn, objectClasses: ["user"], attributes: attributes)).required()
    }

    fileprivate func add(_ place: String, sam: String, _ lab: Lab) async throws -> WriteOutcome {
        let name = try DistinguishedName(parsing: "CN=\(place),\(lab.people)")
        return await outcome(.add(name: name, objectClasses: ["user"], attributes: ["samaccountname": [Octets(sam)]]))
    }

    func change(
        _ entry: EntrySnapshot,
        _ name: String,
        _ old: [Octets],
        _ new: [Octets]
    ) async throws -> WriteOutcome {
        let change = AttributeChange(name: name, old: old, new: new)
        return await outcome(.modify(entry.anchor, name: entry.name, version: entry.version, changes: [change]))
    }

    fileprivate func rename(
        _ entry: EntrySnapshot,
        _ old: DistinguishedName,
        to new: DistinguishedName
    ) async throws -> WriteOutcome {
        await outcome(.rename(entry.anchor, name: old, version: entry.version, newName: new))
    }
}

extension WriteOutcome {
    func required() throws -> EntrySnapshot {
        guard case .done(let entry) = self else { throw LabFailure(words: "\(self)") }
        return entry
    }

    fileprivate var stale: EntrySnapshot? {
        if case .stale(let entry) = self { entry } else { nil }
    }

    var refusal: Refusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }
}
