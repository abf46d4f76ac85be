import Foundation
import SyncModel
import Testing

/// Two people set the same attribute, one at each side, while somebody is away.
struct Disagreement: Sendable {
    let ground: Ground
    let dn: PerSide<String>

    /// A ground with one person on both sides, who had a title before.
    static func make(_ tag: String, _ settings: Ground.Settings = Ground.Settings()) async throws -> Disagreement {
        let ground = try await Ground.make(tag, settings)
        try await ground.ad.apply(ground.ad.newPerson(ground.person("x"), [("title", ["base"])]))
        try await withDaemon(ground) { _ in try await Agreement.reached(ground) }
        return Disagreement(
            ground: ground,
            dn: PerSide(
                ad: try #require(try await ground.ad.person(ground.person("x"))).dn,
                miniorange: try #require(try await ground.miniorange.person(ground.person("x"))).dn
            )
        )
    }

    func set(_ side: Side, _ value: String) async throws {
        try await ground[side].set(dn[side], "title", Octets(value))
    }

    func titles() async throws -> PerSide<String?> {
        PerSide(
            ad: try await ground.ad.person(ground.person("x"))?.text("title"),
            miniorange: try await ground.miniorange.person(ground.person("x"))?.text("title")
        )
    }

    func untilTitles(_ ad: String, _ miniorange: String, at location: SourceLocation = #_sourceLocation) async throws {
        try await eventually("\(ad) at ad and \(miniorange) at miniorange", at: location) {
            try await titles() == PerSide(ad: ad, miniorange: miniorange)
        }
    }
}

extension SharedLabTests {
    /// The same attribute set on both sides, between real servers.
    @Suite(.serialized)
    struct ConflictTests {
        private func listed(_ daemon: Daemon, _ more: String...) async throws -> [[String: Any]] {
            let answer = try await Program.run(
                [
                    "\(Daemon.folder)/syncline", "conflicts", "list", "--json", "--config",
                    daemon.ground.configurationFile,
                ]
                    + more
            )
            #expect(answer.status == 0 || answer.status == 1, "\(answer)")
            let json = try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
            return try #require(json?["conflicts"] as? [[String: Any]], "\(answer.output)")
        }

        private func onlyID(_ daemon: Daemon) async throws -> String {
            let conflicts = try await listed(daemon)
            #expect(conflicts.count == 1)
            return "\(try #require(conflicts.first?["id"]))"
        }

        @Test("the later write wins when both sides change while the daemon is down", arguments: Side.allCases)
        func daemonAway(later: Side) async throws {
            var settings = Ground.Settings()
            settings.conflicts = "prefer: \(later.opposite.name)"
            let both = try await Disagreement.make("nd\(later.name.prefix(1))", settings)
            try await both.set(later.opposite, "earlier")
            try await untilLater()
            try await both.set(later, "later")
            try await withDaemon(both.ground) { daemon in
                try await both.untilTitles("later", "later")
                let conflict = try #require(try await listed(daemon).first)
                #expect(conflict["decision"] as? String == "later" && conflict["winner"] as? String == later.name)
                let shown = try await daemon.tool("conflicts", "show", "\(try #require(conflict["id"]))")
                #expect(shown.status == 0 && shown.output.contains("earlier") && shown.output.contains("--take"))
                // And back by one command.
                let id = "\(try #require(conflict["id"]))"
                let answer = try await daemon.tool("conflicts", "resolve", id, "--take", later.opposite.name, "--yes")
                #expect(answer.status == 0, "\(answer)")
                try await both.untilTitles("earlier", "earlier")
                _ = try await daemon.settled()
            }
        }

        @Test("of two names and two places the later ones stand, by one stamp for both", arguments: Side.allCases)
        func nameAndPlace(later: Side) async throws {
            var settings = Ground.Settings()
            settings.conflicts = "prefer: \(later.opposite.name)"
            let both = try await Disagreement.make("np\(later.name.prefix(1))", settings)
            let ground = both.ground
            for place in ["earlier", "later"] {
                for side in Side.allCases { try await ground[side].addContainer(place) }
            }
            func rename(_ side: Side, _ word: String) async throws {
                let place = "ou=\(word),\(ground[side].base)"
                guard side == .ad else {
                    let leaf = "uid=\(ground.person(word))"
                    return try await ground.miniorange.apply(.rename(both.dn.miniorange, to: leaf, under: place))
                }
                let leaf = "CN=\(ground.person("x"))"
                try await ground.ad.apply(
                    .rename(both.dn.ad, to: leaf, under: place),
                    .replace("\(leaf),\(place)", "sAMAccountName", [Octets(ground.person(word))])
                )
            }
            try await rename(later.opposite, "earlier")
            try await untilLater()
            try await rename(later, "later")
            try await withDaemon(ground) { daemon in
                try await eventually("the later name and place on both sides") {
                    let ad = try await ground.ad.person(ground.person("later"))
                    let miniorange = try await ground.miniorange.person(ground.person("later"))
                    return [ad, miniorange].allSatisfy { $0?.dn.lowercased().contains("ou=later,") == true }
                }
                let conflicts = try await listed(daemon)
                #expect(Set(conflicts.compactMap { $0["attribute"] as? String }) == ["@parent", "samaccountname"])
                #expect(conflicts.allSatisfy { $0["decision"] as? String == "later" }, "\(conflicts)")
                #expect(conflicts.allSatisfy { $0["winner"] as? String == later.name }, "\(conflicts)")
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("what is held stays as it is on both sides until a person decides, and everything else flows")
        func hold() async throws {
            var settings = Ground.Settings()
            settings.conflicts = "rule: hold"
            let both = try await Disagreement.make("ho", settings)
            for side in Side.allCases { try await both.set(side, "by \(side.name)") }
            try await withDaemon(both.ground) { daemon in
                try await eventually("the conflict is held") {
                    try await listed(daemon, "--state", "held").count == 1
                }
                try await both.ground.ad.set(both.dn.ad, "telephonenumber", "+1 555 0100")
                try await eventually("the rest flows") {
                    try await both.ground.miniorange.person(both.ground.person("x"))?.text("telephonenumber")
                        == "+1 555 0100"
                }
                #expect(try await both.titles() == PerSide(ad: "by ad", miniorange: "by miniorange"))
                let id = try await onlyID(daemon)
                // Somebody writes before the person decides: nothing of the decision is done.
                let answer = try await daemon.tool("conflicts", "resolve", id, "--value", "decided", "--yes")
                #expect(answer.status == 0, "\(answer)")
                try await both.untilTitles("decided", "decided")
                let again = try await daemon.tool("conflicts", "resolve", id, "--value", "decided", "--yes")
                #expect(!again.output.isEmpty)
                try await both.set(.ad, "moved on")
                try await both.untilTitles("moved on", "moved on")
                let late = try await daemon.tool("conflicts", "resolve", id, "--take", "miniorange", "--yes")
                #expect(late.status == 1, "\(late)")
                #expect(try await both.titles() == PerSide(both: "moved on"))
                _ = try await daemon.settled()
            }
        }

        @Test("two writers that overwrite each other are stopped and named")
        func oscillation() async throws {
            var settings = Ground.Settings()
            settings.conflicts = "prefer: ad, oscillation: {changes: 4, within: 60s}"
            let both = try await Disagreement.make("os", settings)
            try await withDaemon(both.ground) { daemon in
                var rounds = 0
                while try await listed(daemon, "--state", "held").isEmpty {
                    rounds += 1
                    try #require(rounds < 12)
                    let side: Side = rounds.isMultiple(of: 2) ? .ad : .miniorange
                    try await both.set(side, "for ever \(side.name)")
                    let seen = rounds
                    // Carried over, or held.
                    try await eventually("round \(seen)") {
                        let titles = try await both.titles()
                        if titles == PerSide(both: "for ever \(side.name)") { return true }
                        return try await !listed(daemon, "--state", "held").isEmpty
                    }
                }
                #expect(rounds >= 5)
                let answer = try await daemon.tool(
                    "conflicts",
                    "resolve",
                    try await onlyID(daemon),
                    "--take",
                    "ad",
                    "--yes"
                )
                #expect(answer.status == 0, "\(answer)")
                try await eventually("the decision") {
                    let titles = try await both.titles()
                    return titles.ad == titles.miniorange
                }
            }
        }
    }
}

extension OutageTests {
    @Test(
        "the later write wins although a server was away while both sides changed",
        arguments: Side.allCases,
        Side.allCases
    )
    func laterWinsAcrossOutages(away: Side, later: Side) async throws {
        var settings = Ground.Settings()
        settings.conflicts = "prefer: \(later.opposite.name)"
        let both = try await Disagreement.make("lo\(away.name.prefix(1))\(later.name.prefix(1))", settings)
        try await withDaemon(both.ground) { daemon in
            #expect(try await daemon.tool("pause").status == 0)
            // The side that is away changes before it goes, or after it is back; the other one while it is away.
            if later == away {
                try await both.ground.lab.server(.stop, away)
                try await both.set(away.opposite, "earlier")
                try await untilLater()
                try await both.ground.lab.server(.start, away)
                try await both.set(away, "later")
            } else {
                try await both.set(away, "earlier")
                try await both.ground.lab.server(.stop, away)
                try await untilLater()
                try await both.set(away.opposite, "later")
                try await both.ground.lab.server(.start, away)
            }
            #expect(try await daemon.tool("resume").status == 0)
            try await both.untilTitles("later", "later")
            _ = try await daemon.settled()
        }
    }
}
