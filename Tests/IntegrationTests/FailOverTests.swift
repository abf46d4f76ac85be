import Foundation
import SyncModel
import Testing

/// Another server of a side answers, after the one that was followed: with numbers of its own.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct FailOverTests {
    /// A ground whose side has two servers: that of the suite's lab, and that of a second lab, which is down and holds nothing of it yet.
    private func withTwin(_ side: Side, _ body: (Ground, Twin) async throws -> Void) async throws {
        let lab = try #require(Lab.current)
        let twin = Twin(side: side, original: lab, lab: try await Lab.up("twin-\(side.name)", []))
        let result: Result<Void, any Error>
        do {
            try await twin.lab.server(.stop, side)
            var settings = Ground.Settings()
            settings.servers[side] = [twin.uri(lab), twin.uri(twin.lab)]
            settings.caFile = try twin.authorities()
            result = .success(try await body(try await Ground.make("fo\(side.name.prefix(1))", settings), twin))
        } catch {
            result = .failure(error)
        }
        try await twin.lab.down()
        try result.get()
    }

    private func title(_ directory: Directory, _ name: String) async throws -> String? {
        try await directory.person(name)?.text("title")
    }

    /// Whether both sides have `count` people, and of these the titles.
    private func agree(_ sides: [Directory], _ count: Int, _ titles: [String: String]) async throws -> Bool {
        for directory in sides {
            guard try await directory.people().count == count else { return false }
            for (name, value) in titles where try await title(directory, name) != value { return false }
        }
        return true
    }

    @Test(
        "of two providers that replicate, whichever answers is followed: nothing is lost, deleted or read as a whole again"
    )
    func anotherProvider() async throws {
        try await withTwin(.miniorange) { ground, twin in
            let names = (0..<4).map { ground.person("p\($0)") }
            try await ground.ad.apply(names.map { ground.ad.newPerson($0, [("title", ["first"])]) })
            try await twin.replicate()
            let there = twin.directory(like: ground.miniorange)
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                try await eventually("the other provider has them") { try await there.people().count == names.count }
                let log = daemon.log.count
                try await ground.lab.server(.stop, .miniorange, kill: true)
                try await there.set(there.dn(names[0]), "title", "set at the other")
                try await there.apply(.delete(there.dn(names[1])), there.newPerson(ground.person("new")))
                try await ground.ad.set(ground.ad.dn(names[2]), "title", "set at AD")
                let titles = [names[0]: "set at the other", names[2]: "set at AD", names[3]: "first"]
                try await eventually("all of it has crossed") { try await agree([ground.ad, there], 4, titles) }

                // And back, while the first has yet to catch up.
                try await ground.lab.server(.start, .miniorange)
                try await eventually("the first has caught up") { try await agree([ground.miniorange], 4, titles) }
                try await twin.lab.server(.stop, .miniorange, kill: true)
                try await ground.miniorange.set(ground.miniorange.dn(names[3]), "title", "set at the first")
                try await eventually("that has crossed") { try await title(ground.ad, names[3]) == "set at the first" }
                try await Agreement.reached(ground)
                let status = try await daemon.settled()
                #expect(status.quarantined == 0 && status.conflicts == 0, "\(status)")
                #expect(!daemon.log.dropFirst(log).contains("everything is read again"))
                #expect(status.miniorange.lastSetBack == nil)
            }
        }
    }

    @Test(
        "at another domain controller, which lacks the last changes, these are written again, and what was set there since crosses"
    )
    func anotherDomainController() async throws {
        try await withTwin(.ad) { ground, twin in
            let names = (0..<4).map { ground.person("p\($0)") }
            try await ground.ad.apply(names.map { ground.ad.newPerson($0, [("title", ["first"])]) })
            let there = twin.directory(like: ground.ad)
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                try await daemon.settled()
                try await twin.copyDomainController()
                // Not replicated any more.
                try await daemon.settled()
                try await ground.ad.set(ground.ad.dn(names[0]), "title", "set before")
                try await ground.miniorange.set(ground.miniorange.dn(names[1]), "title", "set there")
                try await ground.miniorange.apply(ground.miniorange.newPerson(ground.person("new")))
                let before = [names[0]: "set before", names[1]: "set there"]
                try await eventually("all on both sides") {
                    try await agree([ground.ad, ground.miniorange], 5, before)
                }
                try await daemon.settled()
                try await ground.lab.server(.stop, .ad, kill: true)
                try await untilLater()
                try await twin.lab.server(.start, .ad)
                try await there.set(there.dn(names[2]), "title", "set since")
                let titles = before.merging([names[2]: "set since", names[3]: "first"]) { $1 }
                try await eventually("both agree", within: .seconds(240)) {
                    let isThere = try await agree([there], 4, titles)
                    return try await agree([ground.miniorange], 5, titles) && isThere
                }
                let status = try await daemon.settled()
                #expect(status.ad.lastSetBack?.contains("another server") == true, "\(status.ad.lastSetBack ?? "")")
                // Made at the one and never heard of at the other: nobody's delete.
                #expect(status.quarantine.contains { $0.entry.contains(ground.person("new")) }, "\(status.quarantine)")
                #expect(status.quarantined == 1)
            }
            try await ground.lab.server(.start, .ad)
        }
    }
}
