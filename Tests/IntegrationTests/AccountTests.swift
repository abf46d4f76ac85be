import Foundation
import SyncModel
import Testing

extension SharedLabTests {
    /// Leavers lose their access at once, joiners can log in.
    @Suite(.serialized)
    struct AccountTests {
        private static let locked: Octets = "000001010000Z"

        private func both(_ account: String, _ ground: Ground) async throws -> (ad: Entry, miniorange: Entry) {
            var found: (Entry?, Entry?)
            try await eventually("\(account) on both sides") {
                found = (try await ground.ad.person(account), try await ground.miniorange.person(account))
                return found.0 != nil && found.1 != nil
            }
            return (try #require(found.0), try #require(found.1))
        }

        private func arrives(
            _ values: [Octets],
            in name: String,
            of dn: String,
            _ directory: Directory,
            at location: SourceLocation = #_sourceLocation
        ) async throws {
            try await eventually("\(name) of \(dn)", at: location) { try await directory.entry(dn)?[name] == values }
        }

        private func disable(_ entries: (ad: Entry, miniorange: Entry), at side: Side, _ ground: Ground) async throws {
            switch side {
            case .ad: try await ground.ad.set(entries.ad.dn, "userAccountControl", "514")
            case .miniorange:
                try await ground.miniorange.set(entries.miniorange.dn, "pwdAccountLockedTime", Self.locked)
            }
        }

        @Test("who is disabled or deleted is so on the other side before all that waits", arguments: Side.allCases)
        func order(origin: Side) async throws {
            var settings = Ground.Settings()
            settings.ad = "limits: {writesInFlight: 1}"
            settings.miniorange = "limits: {writesInFlight: 1}"
            let ground = try await Ground.make("or\(origin.name.prefix(1))", settings)
            let names = (0..<60).map { ground.person("p\($0)") }
            try await ground.miniorange.apply(names.map { ground.miniorange.newPerson($0) })
            try await withDaemon(ground) { daemon in
                try await eventually("all on both sides") { try await ground.ad.people().count == names.count }
                _ = try await daemon.settled()
                let leaver = try await both(names[59], ground)
                let gone = try await both(names[58], ground)
                #expect(try await daemon.tool("pause").status == 0)
                let here = ground[origin]
                try await here.apply(names.prefix(58).map { .replace(here.dn($0), "description", ["waits"]) })
                try await disable(leaver, at: origin, ground)
                try await here.apply(.delete(origin == .ad ? gone.ad.dn : gone.miniorange.dn))
                try await eventually("all of it waits") { try await daemon.status()?.backlog == names.count }
                #expect(try await daemon.tool("resume").status == 0)
                _ = try await daemon.settled()

                // The servers' own numbers say what came first.
                let there = ground[origin.opposite]
                #expect(try await there.person(names[58]) == nil)
                let people = try await there.people()
                let version = origin == .ad ? "entryCSN" : "uSNChanged"
                func place(_ entry: Entry) -> String {
                    let text = entry.text(version) ?? ""
                    return String(repeating: "0", count: max(0, 40 - text.count)) + text
                }
                let first = try #require(people.min { place($0) < place($1) })
                #expect(first.dn.lowercased().contains(names[59].lowercased()))
                #expect(people.count { $0["description"] == ["waits"] } == 58)
                let word = "account disabled"
                #expect(
                    daemon.log.split(separator: "\n").contains {
                        $0.contains(" audit") && $0.contains(word) && $0.contains("outcome=done")
                    }
                )
                #expect(daemon.log.contains("account deleted"))
            }
        }

        @Test("a person who is disabled on one side can sign in on neither")
        func effect() async throws {
            let ground = try await Ground.make("ef")
            let account = ground.person("eve")
            let password = "Summer-2026-x9"
            try await ground.ad.apply(
                .add(
                    ground.ad.dn(account),
                    [
                        ("objectClass", ["user"]), ("sAMAccountName", [Octets(account)]),
                        ("userAccountControl", ["512"]),
                        ("unicodePwd", [.unicodePassword(password)]),
                    ]
                )
            )
            try await withDaemon(ground) { _ in
                let entries = try await both(account, ground)
                try await ground.miniorange.set(entries.miniorange.dn, "userPassword", Octets(password))
                #expect(try await ground.ad.signIn(entries.ad.dn, password) == "")
                #expect(try await ground.miniorange.signIn(entries.miniorange.dn, password) == "")

                try await disable(entries, at: .ad, ground)
                try await arrives(
                    [Self.locked],
                    in: "pwdAccountLockedTime",
                    of: entries.miniorange.dn,
                    ground.miniorange
                )
                #expect(try await ground.ad.signIn(entries.ad.dn, password).contains("data 533"))
                #expect(try await ground.miniorange.signIn(entries.miniorange.dn, password).contains("(49)"))

                try await ground.miniorange.apply(.replace(entries.miniorange.dn, "pwdAccountLockedTime", []))
                try await arrives(["512"], in: "userAccountControl", of: entries.ad.dn, ground.ad)
                #expect(try await ground.ad.signIn(entries.ad.dn, password) == "")

                try await disable(entries, at: .miniorange, ground)
                try await arrives(["514"], in: "userAccountControl", of: entries.ad.dn, ground.ad)
                #expect(try await ground.ad.signIn(entries.ad.dn, password).contains("data 533"))
            }
        }

        @Test("a disable goes through although another value of the entry is refused")
        func refusedValue() async throws {
            let ground = try await Ground.make("rv")
            let account = ground.person("ray")
            try await ground.miniorange.apply(ground.miniorange.newPerson(account))
            try await withDaemon(ground) { daemon in
                let entries = try await both(account, ground)
                // AD takes six characters.
                try await ground.miniorange.set(entries.miniorange.dn, "initials", "too long for AD")
                try await eventually("it is set aside") { try await daemon.status()?.quarantined == 1 }
                try await disable(entries, at: .miniorange, ground)
                try await arrives(["514"], in: "userAccountControl", of: entries.ad.dn, ground.ad)
                #expect(try await daemon.status()?.quarantined == 1)
            }
        }

        @Test("expiry and the duty to change a password go both ways")
        func state() async throws {
            var settings = Ground.Settings()
            settings.people.miniorange = "objectClass: [inetOrgPerson, shadowAccount]"
            settings.attributes =
                "{preset: default, rules: [{ad: accountExpires, miniorange: shadowExpire, type: account-expires}, "
                + "{ad: pwdLastSet, miniorange: pwdReset, type: must-change-password}]}"
            let ground = try await Ground.make("st", settings)
            let account = ground.person("sue")
            try await ground.ad.apply(
                .add(
                    ground.ad.dn(account),
                    [
                        ("objectClass", ["user"]), ("sAMAccountName", [Octets(account)]),
                        ("userAccountControl", ["512"]),
                        ("unicodePwd", [.unicodePassword("Summer-2026-x9")]),
                    ]
                )
            )
            try await withDaemon(ground) { daemon in
                let entries = try await both(account, ground)
                let (here, there) = (entries.ad.dn, entries.miniorange.dn)
                #expect(entries.miniorange["shadowExpire"] == [] && entries.miniorange["pwdReset"] == [])
                // 2025-01-01 and what is left of the day.
                try await ground.ad.set(here, "accountExpires", "133801632010000000")
                try await arrives(["20089"], in: "shadowExpire", of: there, ground.miniorange)
                try await ground.miniorange.set(there, "shadowExpire", "20090")
                try await arrives(["133802496000000000"], in: "accountExpires", of: here, ground.ad)
                try await ground.miniorange.apply(.replace(there, "shadowExpire", []))
                try await arrives(["0"], in: "accountExpires", of: here, ground.ad)

                try await ground.ad.set(here, "pwdLastSet", "0")
                try await arrives(["TRUE"], in: "pwdReset", of: there, ground.miniorange)
                try await ground.miniorange.apply(.replace(there, "pwdReset", []))
                try await eventually("the password may be kept") {
                    try await ground.ad.entry(here)?.text("pwdLastSet").map { $0 != "0" } ?? false
                }
                #expect(try await daemon.settled().conflicts == 0)
                for word in ["expiry-changed", "must-change-set", "must-change-cleared"] {
                    #expect(daemon.log.contains("account \(word)"), "\(word)")
                }
            }
        }

        @Test("a joiner can sign in on both sides with what was handed over, and nobody else learns it")
        func joiner() async throws {
            let handOver = try await HandOver.make()
            defer { handOver.remove() }
            var settings = Ground.Settings()
            settings.more = "accounts: {miniorange: {initialPassword: random}, \(handOver.settings)}"
            let ground = try await Ground.make("jo", settings)
            let (ann, bob) = (ground.person("ann"), ground.person("bob"))
            try await withDaemon(ground) { daemon in
                try await ground.miniorange.apply(ground.miniorange.newPerson(ann))
                try await ground.ad.apply(ground.ad.newPerson(bob))
                let (annEntries, bobEntries) = (try await both(ann, ground), try await both(bob, ground))
                #expect(annEntries.ad["userAccountControl"] == ["512"])
                // Somebody made bob disabled at AD; here it is enough that he could sign in.
                try await ground.miniorange.apply(.replace(bobEntries.miniorange.dn, "pwdAccountLockedTime", []))
                try await arrives(["512"], in: "userAccountControl", of: bobEntries.ad.dn, ground.ad)
                _ = try await daemon.settled()

                let handed = try await handOver.passwords(daemon)
                // bob had no password at AD, and was not enabled without.
                #expect(
                    handed.map { "\($0.side) \($0.account)" }.sorted()
                        == ["ad \(ann)", "ad \(bob)", "miniorange \(bob)"].sorted()
                )
                for password in handed {
                    let directory = password.side == "ad" ? ground.ad : ground.miniorange
                    #expect(try await directory.signIn(password.entry, password.password) == "")
                    for file in ["\(ground.folder)/log", "\(ground.cacheFolder)/data.mdb", handOver.file] {
                        let octets = try Data(contentsOf: URL(filePath: file))
                        #expect(octets.range(of: Data(password.password.utf8)) == nil, "\(file)")
                    }
                }
                #expect(daemon.log.split(separator: "\n").count { $0.contains("account initial-password") } == 3)
            }
        }

        @Test("killed while accounts are made, nobody is there twice or half, and everybody can sign in")
        func killedWhileMaking() async throws {
            let handOver = try await HandOver.make()
            defer { handOver.remove() }
            var settings = Ground.Settings()
            settings.more = "accounts: {\(handOver.settings)}"
            let ground = try await Ground.make("kw", settings)
            let names = (0..<80).map { ground.person("p\($0)") }
            try await withDaemon(ground) { _ in }
            try await ground.miniorange.apply(names.map { ground.miniorange.newPerson($0) })
            var made: [Int] = []
            while made.last != names.count, made.count < 6 {
                let daemon = try Daemon.start(ground)
                // Not by asking the domain controller, which would answer behind all that it is to make.
                let told = Self.accountsCreated(daemon)
                try await eventually("some more are made") { Self.accountsCreated(daemon) > told }
                await daemon.kill()
                let people = try await ground.ad.people()
                made.append(people.count)
                for person in people {
                    let flags = person.text("userAccountControl").flatMap { Int($0) } ?? 0
                    // Disabled; or with a password, which is demanded (UF_ACCOUNTDISABLE, UF_PASSWD_NOTREQD).
                    let isWhole = flags & 0x20 == 0 && person.text("pwdLastSet").map { $0 != "0" } ?? false
                    #expect(flags & 0x2 != 0 || isWhole, "\(person.dn): \(flags)")
                }
            }
            #expect(made[0] < names.count, "killed too late: \(made)")
            try await withDaemon(ground) { daemon in
                #expect(try await daemon.settled().quarantined == 0)
                let people = try await ground.ad.people()
                #expect(people.map { $0.text("sAMAccountName") ?? "" }.sorted() == names.sorted())
                #expect(people.allSatisfy { $0["userAccountControl"] == ["512"] })
                // Who was given one twice has the last.
                var last: [String: HandOver.Password] = [:]
                for password in try await handOver.passwords(daemon) { last[password.account] = password }
                for name in names {
                    let password = try #require(last[name])
                    #expect(try await ground.ad.signIn(password.entry, password.password) == "", "\(name)")
                }
            }
        }

        private static func accountsCreated(_ daemon: Daemon) -> Int {
            daemon.log.split(separator: "\n").count { $0.contains("account created") }
        }

        @Test("a joiner can be sent to AD for the password")
        func passThrough() async throws {
            var settings = Ground.Settings()
            settings.more = "accounts: {miniorange: {initialPassword: pass-through, realm: SYNCLINE.TEST}}"
            let ground = try await Ground.make("pt", settings)
            let account = ground.person("pia")
            try await withDaemon(ground) { _ in
                try await ground.ad.apply(ground.ad.newPerson(account))
                let entries = try await both(account, ground)
                #expect(entries.miniorange["userPassword"] == [Octets("{SASL}\(account)@SYNCLINE.TEST")])
            }
        }
    }
}
