import Foundation
import SyncModel
import Testing

/// The daemon, or one of the servers, is away while people go on working.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct OutageTests {
    private func edits(_ directory: Directory, _ people: [String: String], _ round: String) -> [DirectoryChange] {
        let name = directory.side == .ad ? "title" : "mobile"
        return people.sorted { $0.key < $1.key }.map { .replace($0.value, name, [Octets("\(round) \($0.key)")]) }
    }

    private func names(_ directory: Directory) async throws -> [String: String] {
        var names: [String: String] = [:]
        for person in try await directory.people() {
            names[person.text(directory.side == .ad ? "samaccountname" : "uid") ?? ""] = person.dn
        }
        return names
    }

    @Test("what changes on both sides while the daemon is down is there when it is back, without a new reading of all")
    func daemonDown() async throws {
        let ground = try await Ground.make("dd")
        try await ground.ad.apply((0..<20).map { ground.ad.newPerson(ground.person("p\($0)")) })
        try await withDaemon(ground) { _ in try await Agreement.reached(ground) }
        var people = PerSide(ad: try await names(ground.ad), miniorange: try await names(ground.miniorange))
        for side in Side.allCases {
            let other = side == .ad ? "p1" : "p2"
            try await ground[side].apply(.delete(try #require(people[side][ground.person(other)])))
        }
        for side in Side.allCases {
            for gone in ["p1", "p2"] { people[side][ground.person(gone)] = nil }
            try await ground[side].apply(edits(ground[side], people[side], "while down"))
            try await ground[side].apply(ground[side].newPerson(ground.person("new\(side.name.prefix(2))")))
        }
        try await ground.miniorange.apply(
            .rename(try #require(people.miniorange[ground.person("p3")]), to: "uid=\(ground.person("p33"))", under: nil)
        )
        try await withDaemon(ground) { daemon in
            try await Agreement.reached(ground)
            let status = try await daemon.settled()
            #expect(status.conflicts == 0 && status.quarantined == 0)
            #expect(try await ground.ad.people().count == 20)
            #expect(try await ground.ad.person(ground.person("p1")) == nil)
            #expect(try await ground.ad.person(ground.person("p33")) != nil)
            #expect(!daemon.log.contains("everything is read again"))
            #expect(status.ad.changesSeen < 60 && status.miniorange.changesSeen < 60)
        }
        // What it wrote in its last moment may be told once more.
        try await withDaemon(ground) { daemon in
            let status = try await daemon.settled()
            for side in Side.allCases { #expect(status[side].changesSeen < 60 && status[side].writesMade == 0) }
        }
        // And with nothing changed it asks for nothing and writes nothing.
        try await withDaemon(ground) { daemon in
            let status = try await daemon.settled()
            for side in Side.allCases { #expect(status[side].changesSeen == 0 && status[side].writesMade == 0) }
        }
    }

    @Test(
        "what changes while a server is away is there when it is back, and meanwhile nobody says that all is well",
        arguments: Side.allCases
    )
    func serverDown(away: Side) async throws {
        let ground = try await Ground.make("sd\(away.name.prefix(1))")
        try await ground.ad.apply((0..<20).map { ground.ad.newPerson(ground.person("p\($0)")) })
        try await withDaemon(ground) { daemon in
            try await Agreement.reached(ground)
            for round in ["first", "second"] {
                let before = PerSide(ad: try await names(ground.ad), miniorange: try await names(ground.miniorange))
                // Changes made right before the server dies are on it, and must not be missed.
                try await ground[away].apply(edits(ground[away], before[away], round))
                try await ground.lab.server(.stop, away, kill: round == "second")
                let here = away.opposite
                try await ground[here].apply(edits(ground[here], before[here], round))
                try await ground[here].apply(.delete(try #require(before[here][ground.person("p\(round.count)")])))
                try await ground[here].apply(ground[here].newPerson(ground.person(round)))
                try await eventually("the side that is away is not called live") {
                    guard let status = try await daemon.status() else { return false }
                    return status.state != "live" && status[away].state != "live" && status[here].state == "live"
                        && !status.problems.isEmpty
                }
                #expect(try await daemon.tool("status").status == 1)
                try await ground.lab.server(.start, away)
                try await Agreement.reached(ground)
                let status = try await daemon.settled()
                #expect(status.problems.isEmpty && status.quarantined == 0 && status.conflicts == 0)
                #expect(try await ground[away].person(ground.person(round)) != nil)
                #expect(try await ground[away].person(ground.person("p\(round.count)")) == nil)
                let values = try await ground[here].people().compactMap {
                    $0.text(away == .ad ? "title" : "mobile")
                }
                #expect(values.filter { $0.hasPrefix(round) }.count >= 17, "the last changes before the end arrived")
            }
        }
    }
}
