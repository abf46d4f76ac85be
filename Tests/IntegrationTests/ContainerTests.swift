import SyncModel
import Testing

extension SharedLabTests {
    /// Organizational units are entries as well, and the tree is the same on both sides.
    @Suite(.serialized)
    struct ContainerTests {
        private static let settings = Ground.Settings(hasContainers: true)

        private func unit(_ path: String, _ side: Side, _ ground: Ground) -> String {
            let names = path.split(separator: "/").reversed().map { (side == .ad ? "OU=" : "ou=") + $0 }
            return names.joined(separator: ",") + "," + ground[side].base
        }

        private func exists(
            _ path: String,
            _ isThere: Bool = true,
            _ ground: Ground,
            on sides: [Side] = Side.allCases,
            at location: SourceLocation = #_sourceLocation
        ) async throws {
            for side in sides {
                try await eventually("\(side.name): \(path) \(isThere ? "is there" : "is gone")", at: location) {
                    try await (ground[side].entry(unit(path, side, ground)) != nil) == isThere
                }
            }
        }

        private func person(_ name: String, _ side: Side, in path: String, _ ground: Ground) -> String {
            "\(side == .ad ? "CN" : "uid")=\(ground.person(name)),\(unit(path, side, ground))"
        }

        private func stands(
            _ name: String,
            in path: String,
            _ ground: Ground,
            at location: SourceLocation = #_sourceLocation
        ) async throws {
            for side in Side.allCases {
                try await eventually("\(side.name): \(name) stands in \(path)", at: location) {
                    try await ground[side].entry(person(name, side, in: path, ground)) != nil
                }
            }
        }

        private func versions(_ ground: Ground) async throws -> [String: [Octets]] {
            var found: [String: [Octets]] = [:]
            for person in try await ground.miniorange.people() {
                found[person.text("uid") ?? ""] = person["entryCSN"]
            }
            return found
        }

        @Test(
            "units are made with those above them, renamed and moved by one operation, and deleted when empty",
            arguments: Side.allCases
        )
        func life(origin: Side) async throws {
            let ground = try await Ground.make("cl\(origin.name.prefix(1))", Self.settings)
            let source = ground[origin]
            let target = ground[origin.opposite]
            // A whole tree is there before anybody looks.
            try await source.addContainer("North")
            try await source.addContainer("Köln", under: unit("North", origin, ground))
            try await source.apply(
                source.newPerson(ground.person("a"), under: unit("North/Köln", origin, ground)),
                source.newPerson(ground.person("b"), under: unit("North", origin, ground))
            )
            try await withDaemon(ground) { daemon in
                try await stands("a", in: "North/Köln", ground)
                try await stands("b", in: "North", ground)
                _ = try await daemon.settled()
                let before = try await versions(ground)
                let writes = try await daemon.settled()[origin.opposite].writesMade
                try await source.apply(
                    .rename(unit("North", origin, ground), to: "\(origin == .ad ? "OU" : "ou")=South", under: nil)
                )
                try await stands("a", in: "South/Köln", ground)
                try await stands("b", in: "South", ground)
                let after = try await daemon.settled()
                #expect(after[origin.opposite].writesMade - writes == 1, "one rename, whoever stands below")
                #expect(try await versions(ground) == before)
                // Changes of those below still arrive, from either side.
                try await target.set(person("a", origin.opposite, in: "South/Köln", ground), "title", "T")
                try await eventually("below the renamed unit") {
                    try await source.person(ground.person("a"))?.text("title") == "T"
                }
                try await source.addContainer("West")
                try await source.apply(
                    .rename(
                        unit("South/Köln", origin, ground),
                        to: "\(origin == .ad ? "OU" : "ou")=Köln",
                        under: unit("West", origin, ground)
                    )
                )
                try await stands("a", in: "West/Köln", ground)
                try await source.apply(.delete(person("b", origin, in: "South", ground)))
                try await source.apply(.delete(unit("South", origin, ground)))
                try await exists("South", false, ground)
                let status = try await daemon.settled()
                #expect(status.quarantined == 0 && status.conflicts == 0)
                #expect(try await daemon.groupStatus().containers == 2)
            }
        }

        @Test("AD's containers of the class container are kept in agreement with units")
        func classContainer() async throws {
            var settings = Self.settings
            settings.containersAtAD = "rdn: cn"
            let ground = try await Ground.make("ccn", settings)
            let box = "CN=Box,\(ground.ad.base)"
            try await ground.ad.apply(
                .add(box, [("objectClass", ["container"])]),
                ground.ad.newPerson(ground.person("a"), under: box)
            )
            try await withDaemon(ground) { daemon in
                let (unit, crate) = (unit("Box", .miniorange, ground), unit("Crate", .miniorange, ground))
                func stands(_ name: String, _ side: Side, _ place: String) async throws {
                    let dn = "\(side == .ad ? "CN" : "uid")=\(ground.person(name)),\(place)"
                    try await eventually("\(name) in \(place)") { try await ground[side].entry(dn) != nil }
                }
                try await stands("a", .miniorange, unit)
                try await ground.miniorange.addContainer("Crate")
                try await ground.miniorange.apply(ground.miniorange.newPerson(ground.person("b"), under: crate))
                try await stands("b", .ad, "CN=Crate,\(ground.ad.base)")
                try await ground.miniorange.apply(.rename(unit, to: "ou=Chest", under: nil))
                try await stands("a", .ad, "CN=Chest,\(ground.ad.base)")
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("a unit with somebody new in it outlives its deletion on the other side")
        func inhabited() async throws {
            let ground = try await Ground.make("cinh", Self.settings)
            try await ground.ad.addContainer("Unit")
            try await withDaemon(ground) { daemon in
                try await exists("Unit", true, ground)
                // While the product is away one side deletes the unit, and on the other somebody moves in.
                _ = try await daemon.settled()
            }
            try await ground.ad.apply(.delete(unit("Unit", .ad, ground)))
            try await ground.miniorange.apply(
                ground.miniorange.newPerson(ground.person("a"), under: unit("Unit", .miniorange, ground))
            )
            try await withDaemon(ground) { daemon in
                try await stands("a", in: "Unit", ground)
                #expect(try await daemon.settled().quarantined == 0)
                // And with the last who stands in it, it goes.
                try await ground.ad.apply(.delete(person("a", .ad, in: "Unit", ground)))
                try await ground.ad.apply(.delete(unit("Unit", .ad, ground)))
                try await exists("Unit", false, ground)
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test(
            "whoever stands in a unit stays in their groups when it is renamed, whatever else changes then",
            arguments: ["syncrepl", "accesslog"]
        )
        func renamedMembers(feed: String) async throws {
            var settings = Ground.Settings(miniorange: "feed: \(feed)", groups: Ground.Groups())
            settings.hasContainers = true
            let ground = try await Ground.make("cm\(feed.prefix(1))", settings)
            let people = (0..<40).map { "p\($0)" }
            try await ground.ad.addContainer("U0")
            try await ground.ad.apply(
                people.map { ground.ad.newPerson(ground.person($0), under: unit("U0", .ad, ground)) }
            )
            let joining = (0..<8).map { "j\($0)" }
            try await ground.addPeople(joining)
            try await ground.teams.ad.apply(
                ground.teams.ad.newGroup(
                    ground.person("g"),
                    members: people.map { person($0, .ad, in: "U0", ground) }
                )
            )
            try await withDaemon(ground) { daemon in
                try await ground.hasMembers("g", Set(people))
                try await ground.havePeople(joining)
                for (number, name) in joining.enumerated() {
                    let side: Side = number % 2 == 0 ? .ad : .miniorange
                    let rename = DirectoryChange.rename(
                        unit("U\(number)", side, ground),
                        to: "\(side == .ad ? "OU" : "ou")=U\(number + 1)",
                        under: nil
                    )
                    let join = DirectoryChange.join(ground.team("g", .miniorange), ground.dn(name, .miniorange))
                    async let renamed: Void = ground[side].apply(rename)
                    async let joined: Void = ground.miniorange.apply(join)
                    _ = try await (renamed, joined)
                    try await exists("U\(number + 1)", true, ground)
                    try await ground.hasMembers("g", Set(people + joining.prefix(number + 1)))
                }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("flat, everybody stands in one container at the other side, whatever the tree")
        func flat() async throws {
            var settings = Ground.Settings()
            settings.peopleKeys = "hierarchy: flat"
            let ground = try await Ground.make("cflat", settings)
            try await ground.ad.addContainer("Deep")
            try await ground.ad.apply(
                ground.ad.newPerson(ground.person("a"), under: unit("Deep", .ad, ground)),
                ground.ad.newPerson(ground.person("b"))
            )
            try await withDaemon(ground) { daemon in
                for name in ["a", "b"] {
                    try await eventually("\(name) directly below the base") {
                        try await ground.miniorange.entry(ground.dn(name, .miniorange)) != nil
                    }
                }
                try await ground.ad.apply(
                    .rename(
                        ground.dn("b", .ad),
                        to: "CN=\(ground.person("b"))",
                        under: unit("Deep", .ad, ground)
                    )
                )
                try await ground.ad.set(person("b", .ad, in: "Deep", ground), "title", "moved")
                try await eventually("b is followed where it stands") {
                    try await ground.miniorange.entry(ground.dn("b", .miniorange))?.text("title") == "moved"
                }
                try await ground.addPeople(["c"], on: .miniorange)
                try await eventually("c") { try await ground.ad.entry(ground.dn("c", .ad)) != nil }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("a table of containers places people by the longest that fits")
        func table() async throws {
            var settings = Ground.Settings()
            let (ad, miniorange) = ("OU=ct,OU=People,DC=syncline,DC=test", "ou=ct,ou=people,dc=syncline,dc=test")
            settings.peopleKeys = """
                containers: [{ad: "OU=Berlin,\(ad)", miniorange: "ou=hauptstadt,\(miniorange)"}, \
                {ad: "OU=Ost,OU=Berlin,\(ad)", miniorange: "ou=osten,\(miniorange)"}, {ad: "\(ad)", miniorange: "\(miniorange)"}]
                """
            let ground = try await Ground.make("ct", settings)
            try await ground.ad.addContainer("Berlin")
            try await ground.ad.addContainer("Ost", under: "OU=Berlin,\(ad)")
            for name in ["hauptstadt", "osten"] { try await ground.miniorange.addContainer(name) }
            try await ground.ad.apply(
                ground.ad.newPerson(ground.person("a"), under: "OU=Berlin,\(ad)"),
                ground.ad.newPerson(ground.person("b"), under: "OU=Ost,OU=Berlin,\(ad)"),
                ground.ad.newPerson(ground.person("c"))
            )
            try await withDaemon(ground) { daemon in
                func stands(_ name: String, in container: String) async throws {
                    try await eventually("\(name) in \(container)") {
                        try await ground.miniorange.entry("uid=\(ground.person(name)),\(container)") != nil
                    }
                }
                try await stands("a", in: "ou=hauptstadt,\(miniorange)")
                try await stands("b", in: "ou=osten,\(miniorange)")
                try await stands("c", in: miniorange)
                try await ground.ad.apply(
                    .rename(
                        "CN=\(ground.person("b")),OU=Ost,OU=Berlin,\(ad)",
                        to: "CN=\(ground.person("b"))",
                        under: "OU=Berlin,\(ad)"
                    )
                )
                try await stands("b", in: "ou=hauptstadt,\(miniorange)")
                try await ground.miniorange.apply(
                    .rename(
                        "uid=\(ground.person("a")),ou=hauptstadt,\(miniorange)",
                        to: "uid=\(ground.person("a"))",
                        under: "ou=osten,\(miniorange)"
                    )
                )
                try await eventually("a is moved in AD") {
                    try await ground.ad.entry("CN=\(ground.person("a")),OU=Ost,OU=Berlin,\(ad)") != nil
                }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }
    }
}
