import SyncModel
import Testing

extension SharedLabTests {
    /// What a server does not take is set aside with its reason; everybody else flows.
    @Suite(.serialized)
    struct RefusalTests {
        @Test("a value that AD does not take is set aside, and flows when it is corrected")
        func refusedValue() async throws {
            let ground = try await Ground.make("rf")
            let (miniorange, ad) = (ground.miniorange, ground.ad)
            try await withDaemon(ground) { daemon in
                let long = ground.person("far-too-long-for-an-account")
                try await miniorange.apply(
                    miniorange.newPerson(long),
                    miniorange.newPerson(ground.person("a[b]"))
                )
                try await miniorange.apply(miniorange.newPerson(ground.person("fine")))
                try await eventually("who is fine flows") { try await ad.person(ground.person("fine")) != nil }
                var last: Status?
                try await eventually("both are named: \(last?.quarantine ?? [])") {
                    last = try await daemon.settled()
                    return last?.quarantined == 2
                }
                let reasons = try #require(last?.quarantine)
                #expect(reasons.contains { $0.entry.contains(long) && $0.reason.contains("20") }, "\(reasons)")
                #expect(
                    reasons.contains { $0.entry.contains("a[b]") && $0.reason.contains("ad refuses") },
                    "\(reasons)"
                )
                try await miniorange.apply(
                    .rename("uid=\(long),\(miniorange.base)", to: "uid=\(ground.person("short"))", under: nil),
                    .rename(
                        "uid=\(escaped(ground.person("a[b]"))),\(miniorange.base)",
                        to: "uid=\(ground.person("ab"))",
                        under: nil
                    )
                )
                try await eventually("both are there") {
                    let first = try await ad.person(ground.person("short"))
                    let second = try await ad.person(ground.person("ab"))
                    return first != nil && second != nil
                }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("a value that is refused in a change does not keep back the next change that corrects it")
        func refusedChange() async throws {
            let ground = try await Ground.make("rc")
            let (miniorange, ad) = (ground.miniorange, ground.ad)
            try await withDaemon(ground) { daemon in
                let account = ground.person("carl")
                try await miniorange.apply(miniorange.newPerson(account))
                try await Agreement.reached(ground)
                let dn = "uid=\(account),\(miniorange.base)"
                // AD takes 64 characters.
                try await miniorange.set(dn, "pager", Octets(String(repeating: "9", count: 65)))
                try await eventually("set aside") { try await daemon.settled().quarantined == 1 }
                try await miniorange.set(dn, "pager", "9")
                try await eventually("the corrected value") { try await ad.person(account)?.text("pager") == "9" }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("a name that is taken on the other side is told, and taken when it is free")
        func takenName() async throws {
            let ground = try await Ground.make("tn")
            let (miniorange, ad) = (ground.miniorange, ground.ad)
            let account = ground.person("taken")
            // Somebody outside of the scope has the account name, which is unique in the whole domain.
            let outside = "CN=\(account),\(ground.lab["AD_TEAMS_BASE"])"
            try await ad.apply(ad.newPerson(account, under: ground.lab["AD_TEAMS_BASE"]))
            try await withDaemon(ground) { daemon in
                try await miniorange.apply(miniorange.newPerson(account))
                try await eventually("set aside") { try await daemon.settled().quarantined == 1 }
                try await ad.apply(.delete(outside))
                let unknown = try await daemon.tool("resync", "nobody-\(account)")
                #expect(unknown.status == 2 && unknown.errors.contains("nobody-\(account)"), "\(unknown.errors)")
                // By name there are two for a moment, where it was tried again just now: the one, and who is being made for him.
                let answer = try await daemon.tool("resync", miniorange.dn(account))
                #expect(answer.status == 0, "\(answer.errors)")
                try await eventually("there") { try await ad.person(account) != nil }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("two people with the same common name stand beside each other in AD")
        func sameName() async throws {
            let ground = try await Ground.make("sa")
            try await withDaemon(ground) { daemon in
                try await ground.miniorange.apply(
                    (0..<3).map { ground.miniorange.newPerson(ground.person("hans\($0)"), cn: "Hans Meier") }
                )
                try await eventually("three in AD") { try await ground.ad.people().count == 3 }
                let status = try await daemon.settled()
                #expect(status.quarantined == 0)
                for person in try await ground.miniorange.people() { #expect(person["cn"] == ["Hans Meier"]) }
            }
        }
    }
}
