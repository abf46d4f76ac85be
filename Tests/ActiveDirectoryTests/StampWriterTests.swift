import LDAPClient
import Logging
import SyncModel
import Testing

@testable import ActiveDirectory

extension RealDomainController {
    @Suite("Stamps")
    struct StampWriterTests {
        private static let asked = [
            "title", "displayname", "samaccountname", "useraccountcontrol", AttributeStamp.entryName,
        ]

        @Test func onlyWhatIsSetGetsALaterStamp() async throws {
            try await withWriter { lab, writer in
                let admin = try await lab.administrator()
                let (anchor, dn) = try await admin.addStamped("stampset", lab)
                let (_, first) = try await writer.stamps(of: anchor, Self.asked)
                #expect(Set(first.keys) == Set(Self.asked))
                #expect(first["title"]?.version == 0, "never set")
                #expect(first["samaccountname"]?.version == 1)
                #expect(first.values.allSatisfy { $0.source == .attribute && $0.granularity == 1000 && !$0.isOurs })
                #expect(first.values.allSatisfy { $0.server?.hasPrefix("dc1.") == true })
                try await untilTheNextSecond(after: first)
                for (number, title) in ["one", "two", "three"].enumerated() {
                    try await admin.set("title", title, of: dn)
                    let (entry, stamps) = try await writer.stamps(of: anchor, Self.asked)
                    #expect(entry.attributes["title"] == [Octets(title)])
                    #expect(stamps["title"]?.version == UInt32(number + 1))
                    #expect(try #require(stamps["title"]).time > #require(first["title"]).time)
                    for name in Self.asked where name != "title" { #expect(stamps[name] == first[name]) }
                }
                _ = try await admin.perform(.modify(dn: dn, modifications: [Modification(.delete, "title", [])]))
                let (entry, removed) = try await writer.stamps(of: anchor, Self.asked)
                #expect(entry.attributes["title"].isEmpty)
                #expect(removed["title"]?.version == 4, "a removed value keeps its record")
            }
        }

        @Test func aRenameAndAMoveSetTheNameAndNothingElse() async throws {
            try await withWriter { lab, writer in
                let admin = try await lab.administrator()
                let (anchor, dn) = try await admin.addStamped("stamprename", lab)
                let (_, first) = try await writer.stamps(of: anchor, Self.asked)
                let name = AttributeStamp.entryName
                try await untilTheNextSecond(after: first)
                try await admin.rename(dn, to: "CN=stampnewname")
                let (renamed, second) = try await writer.stamps(of: anchor, Self.asked)
                #expect(renamed.name.description == "CN=stampnewname,\(lab.people)")
                #expect(second[name]?.version == 2)
                #expect(try #require(second[name]).time > #require(first[name]).time)
                try await untilTheNextSecond(after: second)
                try await admin.rename("CN=stampnewname,\(lab.people)", to: "CN=stampnewname", under: lab.teams)
                let (moved, third) = try await writer.stamps(of: anchor, Self.asked)
                #expect(moved.name.description == "CN=stampnewname,\(lab.teams)")
                #expect(third[name]?.version == 3)
                #expect(try #require(third[name]).time > #require(second[name]).time)
                for other in Self.asked where other != name { #expect(third[other] == first[other]) }
            }
        }

        @Test func aLinkHasTheEntrysStampWhereTheServerTellsNoneOfItsValues() async throws {
            try await withWriter { lab, writer in
                let admin = try await lab.administrator()
                let (_, boss) = try await admin.addStamped("stampboss", lab)
                let (anchor, dn) = try await admin.addStamped("stampmanaged", lab)
                try await admin.set("manager", boss, of: dn)
                let (entry, stamps) = try await writer.stamps(of: anchor, ["manager", "nosuchattribute", "title"])
                #expect(entry.attributes["manager"] == [Octets(boss)])
                #expect(stamps["manager"]?.source == .entry)
                #expect(stamps["nosuchattribute"]?.source == .entry)
                #expect(stamps["title"]?.source == .attribute)
            }
        }

        @Test func everyAttributeOfAnEntryFindsItsRecord() async throws {
            try await withWriter { lab, writer in
                let admin = try await lab.administrator()
                let values = [
                    ("mail", "x@syncline.test"), ("givenName", "a"), ("sn", "b"), ("telephoneNumber", "1"),
                    ("uidNumber", "7"),
                    ("loginShell", "/bin/sh"), ("employeeNumber", "9"), ("jpegPhoto", "x"), ("carLicense", "c"),
                    ("info", "i"),
                    ("extensionAttribute1", "e"), ("accountExpires", "0"), ("uid", "u"), ("preferredLanguage", "de"),
                    ("labeledURI", "ldap://127.0.0.1"), ("userPrincipalName", "stampwide@syncline.test"),
                ]
                let (anchor, dn) = try await admin.addStamped("stampwide", lab)
                var set: [String] = []
                for (name, value) in values {
                    // Not every schema has all of them.
                    if (try? await admin.set(name, value, of: dn)) != nil { set.append(name.lowercased()) }
                }
                #expect(set.count >= 12)
                let (_, stamps) = try await writer.stamps(of: anchor, set)
                for name in set {
                    #expect(stamps[name]?.source == .attribute, "\(name)")
                    #expect((stamps[name]?.version ?? 0) >= 1, "\(name)")
                }
            }
        }

        @Test func whatIsNotThereIsGone() async throws {
            try await withWriter { lab, writer in
                let admin = try await lab.administrator()
                #expect(await writer.outcome(.readStamps(Anchor(high: 9, low: 9), attributes: Self.asked)) == .gone)
                let (anchor, dn) = try await admin.addStamped("stampgone", lab)
                _ = try await writer.stamps(of: anchor, Self.asked)
                try await admin.delete(dn)
                #expect(await writer.outcome(.readStamps(anchor, attributes: Self.asked)) == .gone)
            }
        }

        @Test func hundredsAtOnceOnAFreshConnectionAllTell() async throws {
            try await withWriter { lab, writer in
                let admin = try await lab.administrator()
                let request = SearchRequest(
                    base: lab.people,
                    scope: .subtree,
                    filter: "(objectClass=user)",
                    attributes: ["objectGUID"],
                    pageSize: 500
                )
                let anchors = try await admin.search(request).entries.compactMap(EntryReading.anchor).prefix(300)
                #expect(anchors.count == 300)
                let clock = ContinuousClock()
                for _ in 0..<2 {
                    let begin = clock.now
                    await withTaskGroup(of: Bool.self) { group in
                        for anchor in anchors {
                            group.addTask {
                                guard let (entry, stamps) = try? await writer.stamps(of: anchor, Self.asked) else {
                                    return false
                                }
                                return entry.anchor == anchor && stamps["samaccountname"]?.source == .attribute
                                    && stamps["samaccountname"]?.server?.hasPrefix("dc1.") == true
                            }
                        }
                        for await isTold in group { #expect(isTold) }
                    }
                    let stamped = clock.now - begin
                    let again = clock.now
                    await withTaskGroup(of: Void.self) { group in
                        for anchor in anchors {
                            group.addTask {
                                let outcome = await writer.outcome(.read(anchor))
                                #expect(outcome != .gone)
                            }
                        }
                    }
                    print("300 with stamps: \(stamped), without: \(clock.now - again)")
                }
            }
        }

        @Test func aStampLiesWithinTheClockEstimateOfTheFeed() async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            let (anchor, dn) = try await admin.addStamped("stampclock", lab)
            let estimate = try await withFeed(lab.settings(pulse: .milliseconds(20)), lab.view()) { feed in
                let begin = ContinuousClock.now
                let first = try #require(await feed.next { $0.clock != nil }?.clock)
                #expect(first.uncertainty <= 1000)
                var estimate = first
                while estimate.uncertainty > 100 {
                    estimate = try #require(await feed.next { $0.clock != nil }?.clock)
                }
                print("the clock is known to \(estimate.uncertainty) ms after \(ContinuousClock.now - begin)")
                let events = await feed.events
                guard case .connected? = events.first else {
                    Issue.record("the clock is told before the connection")
                    return estimate
                }
                return estimate
            }
            // One machine, one clock.
            #expect(estimate.earliest <= 0 && 0 <= estimate.latest)
            let before = FeedStatusBoard.now
            try await admin.set("title", "now", of: dn)
            let after = FeedStatusBoard.now
            try await withWriter { _, writer in
                let (_, stamps) = try await writer.stamps(of: anchor, ["title"])
                let stamp = try #require(stamps["title"])
                let earliest = stamp.time.milliseconds - estimate.latest
                let latest = stamp.time.milliseconds + stamp.granularity - estimate.earliest
                #expect(earliest <= after.milliseconds)
                #expect(before.milliseconds <= latest)
                #expect(latest - earliest <= stamp.granularity + 200)
            }
        }

        /// Stamps are in whole seconds, by the server's clock, which is this machine's.
        private func untilTheNextSecond(after stamps: [String: Stamp]) async throws {
            let newest = stamps.values.map(\.time).max() ?? Timestamp(milliseconds: 0)
            while FeedStatusBoard.now.milliseconds < newest.milliseconds + 1020 {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}

extension FeedEvent {
    var clock: ClockEstimate? {
        if case .clock(let estimate) = self { estimate } else { nil }
    }
}

extension ActiveDirectoryWriter {
    fileprivate func stamps(
        of anchor: Anchor,
        _ attributes: [String]
    ) async throws -> (EntrySnapshot, [String: Stamp]) {
        let outcome = await outcome(.readStamps(anchor, attributes: attributes))
        guard case .stamped(let entry, let stamps) = outcome else { throw LabFailure(words: "\(outcome)") }
        return (entry, Dictionary(uniqueKeysWithValues: stamps.map { ($0.attribute, $0.stamp) }))
    }
}

extension LDAPConnection {
    fileprivate func addStamped(_ name: String, _ lab: Lab) async throws -> (anchor: Anchor, dn: String) {
        try await addUser(name, in: lab.people)
        let dn = "CN=\(name),\(lab.people)"
        let request = SearchRequest(base: dn, scope: .base, attributes: ["objectGUID"])
        return (try #require(try await search(request).entries.first.flatMap(EntryReading.anchor)), dn)
    }
}
