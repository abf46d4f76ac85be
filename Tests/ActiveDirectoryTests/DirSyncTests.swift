import ActiveDirectory
import LDAPClient
import SyncModel
import Testing

extension RealDomainController {
    @Suite("The feed by DirSync")
    struct DirSyncTests {
        @Test func aLoadIsFollowedByACursorWithACookie() async throws {
            let lab = try Lab.required()
            let ways = Collected<String>()
            try await withFeed(
                try dirSync(lab),
                lab.view(),
                status: { ways.add($0.way) },
                { feed in
                    #expect(await feed.next(\.isComplete) != nil)
                    let told = await feed.events.flatMap(\.changes)
                    #expect(told.count >= 300)
                    #expect(await feed.next { cookie($0) != nil } != nil)
                }
            )
            #expect(Set(ways.all).isSubset(of: ["", "dirsync-notification", "dirsync-pulse"]))
        }

        @Test func everyKindOfChangeIsToldWithTheWholeEntry() async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            let start = try await currentCursor(lab)
            try await withFeed(try dirSync(lab), lab.view(), from: start) { feed in
                #expect(await feed.next { cookie($0) != nil } != nil)
                try await admin.addUser("dirsync", in: lab.people)
                let dn = "CN=dirsync,\(lab.people)"
                let added = try #require(await feed.next { $0.snapshot(named: dn) != nil }?.snapshot(named: dn))
                #expect(added.attributes["samaccountname"] == ["dirsync"])

                try await admin.set("title", "Head", of: dn)
                let modified = try #require(await feed.next { $0.snapshot(named: dn) != nil }?.snapshot(named: dn))
                #expect(modified.attributes["title"] == ["Head"])
                #expect(modified.attributes["samaccountname"] == ["dirsync"])
                #expect(modified.anchor == added.anchor)
                #expect(modified.version.supersedes(added.version))

                let group = "CN=dirsyncgroup,\(lab.teams)"
                let attributes = [
                    LDAPAttribute("objectClass", ["group"]), LDAPAttribute("sAMAccountName", ["dirsyncgroup"]),
                ]
                _ = try await admin.perform(.add(dn: group, attributes: attributes))
                _ = try #require(await feed.next { $0.snapshot(named: group) != nil })
                try await admin.set("member", dn, of: group)
                let joined = try #require(await feed.next { $0.snapshot(named: group) != nil })
                #expect(joined.snapshot(named: group)?.attributes["member"] == [Octets(dn)])

                let outside = "CN=Users,\(lab["AD_BASE"])"
                try await admin.rename(dn, to: "CN=dirsync", under: outside)
                let left = try #require(await feed.next { $0.snapshot(named: "CN=dirsync,\(outside)") != nil })
                #expect(left.snapshot(named: "CN=dirsync,\(outside)")?.anchor == added.anchor)
                try await admin.rename("CN=dirsync,\(outside)", to: "CN=dirsync", under: lab.people)
                let back = try #require(await feed.next { $0.snapshot(named: dn) != nil })
                #expect(back.snapshot(named: dn)?.attributes["title"] == ["Head"])

                try await admin.delete(dn)
                let anchor = added.anchor
                let deleted = try #require(await feed.next { $0.changes.contains(.deleted(anchor)) })
                #expect(cookie(deleted) != nil)
            }
        }

        @Test func aRestartGoesOnFromTheCookieWithNothingLostAndNothingLoaded() async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            try await admin.addUser("leaver", in: lab.people)
            let leaver = try await anchor(of: "CN=leaver,\(lab.people)", admin)
            for number in 0..<600 { try await admin.addUser("away\(number)", in: lab.people) }
            let cursor = try await cursorWithCookie(lab)
            try await admin.delete("CN=leaver,\(lab.people)")
            // More than are read at once.
            for number in 0..<600 { try await admin.set("title", "away", of: "CN=away\(number),\(lab.people)") }
            try await withFeed(try dirSync(lab), lab.view(), from: cursor) { feed in
                #expect(await feed.next { cookie($0) != nil } != nil)
                let told = await feed.events
                #expect(told.flatMap(\.changes).contains(.deleted(leaver)))
                #expect(!told.contains { $0.isComplete })
                let titles = told.flatMap(\.changes).filter {
                    if case .present(let entry) = $0 { entry.attributes["title"] == ["away"] } else { false }
                }
                #expect(titles.count == 600)
            }
        }

        @Test func aCookieThatIsRefusedCostsNothingButANewOne() async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            try await admin.addUser("garbage", in: lab.people)
            let gone = try await anchor(of: "CN=garbage,\(lab.people)", admin)
            var cursor = try #require(FeedCursor(try await currentCursor(lab)))
            cursor.state = .dirSync(cookie: "garbage")
            try await admin.delete("CN=garbage,\(lab.people)")
            try await withFeed(try dirSync(lab), lab.view(), from: cursor.cursor) { feed in
                #expect(await feed.next { $0.changes.contains(.deleted(gone)) } != nil)
                #expect(await feed.next { cookie($0).map { $0 != "garbage" } ?? false } != nil)
                #expect(await !feed.events.contains(where: \.isComplete))
                try await admin.addUser("garbage2", in: lab.people)
                #expect(await feed.next { $0.snapshot(named: "CN=garbage2,\(lab.people)") != nil } != nil)
            }
        }

        @Test func aCursorAheadOfTheServerMakesItReadEverything() async throws {
            let lab = try Lab.required()
            var cursor = try #require(FeedCursor(try await cursorWithCookie(lab)))
            cursor.position += 1_000_000
            try await withFeed(try dirSync(lab), lab.view(), from: cursor.cursor) { feed in
                #expect(await feed.next(\.isComplete) != nil)
            }
        }

        @Test func aCursorWithACookieServesTheOtherWay() async throws {
            let lab = try Lab.required()
            let admin = try await lab.administrator()
            let cursor = try await cursorWithCookie(lab)
            try await admin.addUser("otherway", in: lab.people)
            try await withFeed(lab.settings(), lab.view(), from: cursor) { feed in
                #expect(await feed.next { $0.snapshot(named: "CN=otherway,\(lab.people)") != nil } != nil)
                #expect(await !feed.events.contains { $0.isComplete || cookie($0) != nil })
            }
        }

        private func dirSync(_ lab: Lab) throws -> ActiveDirectorySettings {
            var settings = try lab.settings()
            settings.feeding = .dirsync
            return settings
        }

        private func cursorWithCookie(_ lab: Lab) async throws -> Cursor {
            let start = try await currentCursor(lab)
            return try await withFeed(try dirSync(lab), lab.view(), from: start) { feed in
                let event = await feed.next { cookie($0) != nil }
                return try #require(event?.cursor)
            }
        }
    }
}

private func cookie(_ event: FeedEvent?) -> Octets? { event?.cookie }
