import SyncModel
import Testing

extension SharedLabTests {
    /// Who is nobody's business, or not any more, is left alone.
    @Suite(.serialized)
    struct ScopeTests {
        @Test("who leaves the scope is not deleted, and is the same person when back", arguments: Side.allCases)
        func leavingScope(origin: Side) async throws {
            let ground = try await Ground.make("sc\(origin.name.prefix(1))")
            let (source, target) = (ground[origin], ground[origin.opposite])
            let name = ground.person("x")
            try await source.apply(source.newPerson(name, [("title", ["inside"])]))
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                let before = try #require(try await target.person(name))
                let dn = try #require(try await source.person(name)).dn
                let rdn = origin == .ad ? "CN=\(name)" : "uid=\(name)"
                let outside = ground.lab.directory(origin).base
                try await source.apply(.rename(dn, to: rdn, under: outside))
                try await source.set("\(rdn),\(outside)", "title", "outside")
                try await source.apply(source.newPerson(ground.person("next")))
                try await eventually("what came after") { try await target.person(ground.person("next")) != nil }
                _ = try await daemon.settled()
                #expect(try await target.person(name)?.comparable() == before.comparable())
                try await source.apply(.rename("\(rdn),\(outside)", to: rdn, under: source.base))
                try await eventually("back, and in agreement") {
                    try await target.person(name)?.text("title") == "outside"
                }
                let identity = origin == .ad ? "entryUUID" : "objectGUID"
                #expect(try await target.person(name)?[identity] == before[identity])
                try await Agreement.reached(ground)
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("a protected account of AD is never written, and that is said")
        func protected() async throws {
            let ground = try await Ground.make("pr")
            let name = ground.person("x")
            try await ground.ad.apply(ground.ad.newPerson(name, [("adminCount", ["1"]), ("title", ["AD's"])]))
            try await ground.ad.apply(ground.ad.newPerson(ground.person("y")))
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                let before = try #require(try await ground.ad.person(name))
                let dn = try #require(try await ground.miniorange.person(name)).dn
                try await ground.miniorange.set(dn, "title", "LDAP's")
                try await eventually("said") {
                    let status = try await daemon.settled()
                    return status.quarantine.contains { $0.entry.contains(name) && $0.reason.contains("protected") }
                }
                try await ground.miniorange.apply(.delete(dn))
                try await ground.miniorange.set("uid=\(ground.person("y")),\(ground.miniorange.base)", "title", "T")
                try await eventually("the next one") {
                    try await ground.ad.person(ground.person("y"))?.text("title") == "T"
                }
                _ = try await daemon.settled()
                #expect(try await ground.ad.person(name) == before)
            }
        }

        @Test("a person in a container that the other side lacks waits for it, named, and follows when it is there")
        func missingContainer() async throws {
            let ground = try await Ground.make("mc")
            try await ground.ad.addContainer("New")
            try await withDaemon(ground) { daemon in
                let name = ground.person("x")
                try await ground.ad.apply(ground.ad.newPerson(name, under: "OU=New,\(ground.ad.base)"))
                try await eventually("named") {
                    let status = try await daemon.settled()
                    return status.quarantine.contains { $0.entry.contains(name) && $0.reason.contains("container") }
                }
                try await ground.miniorange.addContainer("new")
                try await eventually("there") {
                    try await ground.miniorange.person(name)?.dn.lowercased()
                        == "uid=\(name),ou=new,\(ground.miniorange.base)".lowercased()
                }
                #expect(try await daemon.settled().quarantined == 0)
                // Renamed on one side it is still the same container.
                try await ground.ad.apply(.rename("OU=New,\(ground.ad.base)", to: "OU=Newer", under: nil))
                try await ground.ad.set("CN=\(name),OU=Newer,\(ground.ad.base)", "title", "T")
                try await eventually("changed where it stands") {
                    try await ground.miniorange.person(name)?.text("title") == "T"
                }
                #expect(try await ground.miniorange.people().count == 1)
                #expect(try await daemon.settled().quarantined == 0)
            }
        }
    }
}
