import Cache
import SyncModel
import Testing

extension SharedLabTests {
    /// What the configuration says about conflicts, directions and deletes is what happens.
    @Suite(.serialized)
    struct PolicyTests {
        /// A ground with this one person on both sides, and no daemon any more.
        private func agreed(_ tag: String, _ settings: Ground.Settings = Ground.Settings()) async throws -> Ground {
            let ground = try await Ground.make(tag, settings)
            try await ground.ad.apply(ground.ad.newPerson(ground.person("x"), [("title", ["base"])]))
            try await withDaemon(ground) { _ in try await Agreement.reached(ground) }
            return ground
        }

        private func names(_ ground: Ground) async throws -> PerSide<String> {
            PerSide(
                ad: try #require(try await ground.ad.person(ground.person("x"))).dn,
                miniorange: try #require(try await ground.miniorange.person(ground.person("x"))).dn
            )
        }

        @Test(
            "of two changes to one attribute the preferred side's stands, and the other is kept",
            arguments: Side.allCases
        )
        func conflict(preferred: Side) async throws {
            var settings = Ground.Settings()
            settings.conflicts = "rule: \(preferred.name)"
            let ground = try await agreed("co\(preferred.name.prefix(1))", settings)
            let dn = try await names(ground)
            for side in Side.allCases { try await ground[side].set(dn[side], "title", Octets("by \(side.name)")) }
            try await withDaemon(ground) { daemon in
                try await eventually("the preferred value on both sides") {
                    let values = PerSide(
                        ad: try await ground.ad.person(ground.person("x"))?.text("title"),
                        miniorange: try await ground.miniorange.person(ground.person("x"))?.text("title")
                    )
                    return values == PerSide(both: "by \(preferred.name)")
                }
                #expect(try await daemon.settled().conflicts == 1)
            }
            let cache = try Cache.open(at: ground.cacheFolder, mode: .readOnly)
            let records = try cache.read { try $0.conflicts().map(\.record) }
            try cache.close()
            #expect(records.map(\.values) == [PerSide(ad: ["by ad"], miniorange: ["by miniorange"])])
            #expect(records.first?.winner == preferred && records.first?.base == ["base"])
        }

        @Test("who is deleted on one side and changed on the other is there again", arguments: Side.allCases)
        func deletedAndChanged(deleting: Side) async throws {
            let ground = try await agreed("dc\(deleting.name.prefix(1))")
            let dn = try await names(ground)
            try await ground[deleting].apply(.delete(dn[deleting]))
            try await ground[deleting.opposite].set(dn[deleting.opposite], "title", "changed")
            try await withDaemon(ground) { _ in
                try await Agreement.reached(ground)
                #expect(try await ground[deleting].person(ground.person("x"))?.text("title") == "changed")
            }
        }

        @Test("with delete-wins the delete is carried")
        func deleteWins() async throws {
            var settings = Ground.Settings()
            settings.conflicts = "deleteAgainstChange: delete-wins"
            let ground = try await agreed("dw", settings)
            let dn = try await names(ground)
            try await ground.ad.apply(.delete(dn.ad))
            try await ground.miniorange.set(dn.miniorange, "title", "changed")
            try await withDaemon(ground) { _ in
                try await eventually("gone") { try await ground.miniorange.people().isEmpty }
            }
        }

        @Test("with the policy keep nobody is deleted", arguments: Side.allCases)
        func keep(deleting: Side) async throws {
            var settings = Ground.Settings()
            settings.deletes = "policy: keep"
            let ground = try await agreed("ke\(deleting.name.prefix(1))", settings)
            let dn = try await names(ground)
            try await withDaemon(ground) { daemon in
                try await ground[deleting].apply(.delete(dn[deleting]))
                // What comes after it in the feed shows that the delete was taken in.
                try await ground[deleting].apply(ground[deleting].newPerson(ground.person("y")))
                try await eventually("the next change") {
                    try await ground[deleting.opposite].person(ground.person("y")) != nil
                }
                _ = try await daemon.settled()
                #expect(try await ground[deleting.opposite].people().count == 2)
                #expect(try await ground[deleting].people().count == 1)
            }
        }

        @Test("in one direction nothing at all is written to the other side")
        func oneDirection() async throws {
            var settings = Ground.Settings()
            settings.direction = "to-miniorange"
            let ground = try await agreed("od", settings)
            let dn = try await names(ground)
            try await withDaemon(ground) { daemon in
                try await ground.miniorange.apply(
                    .replace(dn.miniorange, "pager", ["only here"]),
                    ground.miniorange.newPerson(ground.person("y"))
                )
                try await ground.ad.set(dn.ad, "title", "from AD")
                try await eventually("AD's change") {
                    try await ground.miniorange.entry(dn.miniorange)?.text("title") == "from AD"
                }
                let status = try await daemon.settled()
                #expect(status.ad.writesMade == 0)
                #expect(try await ground.ad.people().count == 1)
                #expect(try await ground.ad.entry(dn.ad)?["pager"] == [])
            }
        }

        @Test("paused, changes are taken in and nothing is written; resumed, they are")
        func pause() async throws {
            let ground = try await agreed("pz")
            let dn = try await names(ground)
            try await withDaemon(ground) { daemon in
                #expect(try await daemon.tool("pause").status == 0)
                try await ground.ad.set(dn.ad, "title", "while paused")
                var last: Status?
                try await eventually("taken in: \(String(describing: last))") {
                    last = try await daemon.status()
                    return last?.state == "paused" && (last?.backlog ?? 0) > 0
                }
                #expect(last?.miniorange.writesMade == 0)
                #expect(try await daemon.tool("resume").status == 0)
                try await Agreement.reached(ground)
                #expect(try await ground.miniorange.entry(dn.miniorange)?.text("title") == "while paused")
            }
        }
    }
}
