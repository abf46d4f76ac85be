import Foundation
import SyncModel
import Testing

extension SharedLabTests {
    /// Who is who, when names are taken over, and when all that was known is lost.
    @Suite(.serialized)
    struct IdentityTests {
        private func load(_ ground: Ground, _ names: [String]) async throws {
            try await ground.ad.apply(names.map { ground.ad.newPerson(ground.person($0), [("title", [Octets($0)])]) })
        }

        @Test("without its cache the daemon joins everybody again, and writes nothing")
        func lostCache() async throws {
            let ground = try await Ground.make("lc")
            try await load(ground, ["a", "b", "c"])
            try await withDaemon(ground) { _ in try await Agreement.reached(ground) }
            try FileManager.default.removeItem(atPath: ground.cacheFolder)
            try await withDaemon(ground) { daemon in
                let status = try await daemon.settled()
                #expect(status.ad.writesMade == 0 && status.miniorange.writesMade == 0)
                #expect(status.conflicts == 0 && status.quarantined == 0)
                try await Agreement.reached(ground)
            }
        }

        @Test("a filter that lets fewer people in deletes nobody")
        func narrowedScope() async throws {
            let ground = try await Ground.make("ns")
            try await load(ground, ["a", "b", "c"])
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                let text = try String(contentsOfFile: ground.configurationFile, encoding: .utf8)
                let narrowed = text.replacingOccurrences(
                    of: "ad: {base: \"\(ground.ad.base)\"}",
                    with: "ad: {base: \"\(ground.ad.base)\", filter: \"(&(objectClass=user)(title=a))\"}"
                )
                #expect(narrowed != text)
                try narrowed.write(toFile: ground.configurationFile, atomically: true, encoding: .utf8)
                daemon.reload()
                try await eventually("taken") { daemon.log.contains("Going on with the new configuration") }
                try await ground.ad.set("CN=\(ground.person("a")),\(ground.ad.base)", "mobile", "1")
                try await eventually("who is in the scope flows") {
                    try await ground.miniorange.person(ground.person("a"))?.text("mobile") == "1"
                }
                _ = try await daemon.settled()
                for side in Side.allCases { #expect(try await ground[side].people().count == 3) }
            }
        }

        @Test("the same person made on both sides at once is one pair")
        func madeOnBothSides() async throws {
            let ground = try await Ground.make("bo")
            try await withDaemon(ground) { daemon in
                async let ad: Void = ground.ad.apply(
                    (0..<20).map { ground.ad.newPerson(ground.person("p\($0)"), [("title", ["T"])]) }
                )
                async let miniorange: Void = ground.miniorange.apply(
                    (0..<20).map { ground.miniorange.newPerson(ground.person("p\($0)"), [("pager", ["P"])]) }
                )
                // One of them may find an entry that Syncline has just made there: to that admin it is taken.
                _ = try? await (ad, miniorange)
                let people = (0..<20).map { ground.person("p\($0)") }
                try await ground.ad.applyWhatIsTaken(people.map { ground.ad.newPerson($0) })
                try await Agreement.reached(ground)
                let status = try await daemon.settled()
                #expect(status.quarantined == 0, "\(status.quarantine)")
                for side in Side.allCases { #expect(try await ground[side].people().count == 20) }
            }
        }

        @Test("a name that was given up is another person's at once", arguments: Side.allCases, [false, true])
        func nameReused(origin: Side, isDown: Bool) async throws {
            let ground = try await Ground.make("re\(origin.name.prefix(1))\(isDown ? "d" : "u")")
            let source = ground[origin]
            let name = ground.person("a")
            func change() async throws {
                let old = try #require(try await source.person(name)).dn
                let rename: DirectoryChange =
                    origin == .ad
                    ? .replace(old, "sAMAccountName", [Octets(ground.person("b"))])
                    : .rename(old, to: "uid=\(ground.person("b"))", under: nil)
                try await source.apply(rename, source.newPerson(name, cn: "another", [("title", ["another"])]))
                // And who is deleted and made again is somebody else.
                let gone = try #require(try await source.person(ground.person("c"))).dn
                try await source.apply(.delete(gone), source.newPerson(ground.person("c"), [("title", ["new"])]))
            }
            try await load(ground, ["a", "c"])
            try await withDaemon(ground) { _ in
                try await Agreement.reached(ground)
                if !isDown { try await change() }
                if !isDown { try await Agreement.reached(ground) }
            }
            if isDown { try await change() }
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                for side in Side.allCases {
                    #expect(try await ground[side].people().count == 3)
                    #expect(try await ground[side].person(ground.person("b"))?.text("title") == "a")
                    #expect(try await ground[side].person(name)?.text("title") == "another")
                    #expect(try await ground[side].person(ground.person("c"))?.text("title") == "new")
                }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("two people who swap their names while the daemon is down are not mixed up")
        func swapped() async throws {
            let ground = try await Ground.make("sw")
            try await load(ground, ["a", "b"])
            try await withDaemon(ground) { _ in try await Agreement.reached(ground) }
            func dn(_ name: String) -> String { "uid=\(ground.person(name)),\(ground.miniorange.base)" }
            try await ground.miniorange.apply(
                .rename(dn("a"), to: "uid=\(ground.person("t"))", under: nil),
                .rename(dn("b"), to: "uid=\(ground.person("a"))", under: nil),
                .rename(dn("t"), to: "uid=\(ground.person("b"))", under: nil)
            )
            try await withDaemon(ground) { daemon in
                _ = try await daemon.settled()
                // AD knows no swap: both may be set aside, by name; nobody's values become the other's.
                for side in Side.allCases {
                    for person in try await ground[side].people() {
                        let isSwapped = person.text(side == .ad ? "samaccountname" : "uid") != person.text("cn")
                        let expected = isSwapped ? ["a": "b", "b": "a"] : ["a": "a", "b": "b"]
                        let account = person.text(side == .ad ? "samaccountname" : "uid") ?? ""
                        #expect(person.text("title") == expected[String(account.suffix(1))])
                    }
                    #expect(try await ground[side].people().count == 2)
                }
                let status = try await daemon.settled()
                let differences = try await Agreement.differences(ground)
                #expect(status.quarantined == 2 || differences.isEmpty, "\(status.quarantine) \(differences)")
            }
        }

        @Test("two people who get one name, one at each side, are named and not mixed up, until one gets another")
        func sameName() async throws {
            let ground = try await Ground.make("sm")
            try await load(ground, ["a", "b"])
            try await withDaemon(ground) { _ in try await Agreement.reached(ground) }
            let name = ground.person("n")
            try await ground.ad.set(ground.dn("a", .ad), "sAMAccountName", Octets(name))
            try await ground.miniorange.apply(.rename(ground.dn("b", .miniorange), to: "uid=\(name)", under: nil))
            try await withDaemon(ground) { daemon in
                try await eventually("set aside") { try await daemon.settled().quarantined > 0 }
                #expect(try await ground.ad.person(name)?.text("title") == "a")
                #expect(try await ground.miniorange.person(name)?.text("title") == "b")
                try await ground.miniorange.apply(
                    .rename("uid=\(name),\(ground.miniorange.base)", to: "uid=\(ground.person("m"))", under: nil)
                )
                try await Agreement.reached(ground)
                for side in Side.allCases {
                    #expect(try await ground[side].person(name)?.text("title") == "a")
                    #expect(try await ground[side].person(ground.person("m"))?.text("title") == "b")
                }
                try await eventually("nobody is set aside") { try await daemon.settled().quarantined == 0 }
            }
        }

        @Test("many changes to one entry end with the last one")
        func manyChanges() async throws {
            let ground = try await Ground.make("mn")
            try await load(ground, ["a"])
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                for side in Side.allCases {
                    let dn = try #require(try await ground[side].person(ground.person("a"))).dn
                    try await ground[side].apply(
                        (0..<300).map { .replace(dn, "title", [Octets("\(side.name) \($0)")]) }
                    )
                    try await eventually("the last one") {
                        try await ground[side.opposite].person(ground.person("a"))?.text("title") == "\(side.name) 299"
                    }
                }
                _ = try await daemon.settled()
                try await Agreement.reached(ground)
            }
        }
    }
}
