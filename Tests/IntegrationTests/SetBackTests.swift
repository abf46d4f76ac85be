import Foundation
import SyncModel
import Testing

/// A server is restored from an older copy while the other side, and the cache, have gone on.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct SetBackTests {
    private func title(_ directory: Directory, _ name: String) async throws -> String? {
        try await directory.person(name)?.text("title")
    }

    private func set(_ directory: Directory, _ name: String, _ value: String) async throws {
        let person = try #require(try await directory.person(name))
        try await directory.set(person.dn, "title", Octets(value))
    }

    /// By `slapcat` and `slapadd` OpenLDAP is restored without its access log, which then has changes that the entries do not show.
    @Test(
        "restored values do not win, later ones do, and what came back or is lacking is left to a person",
        arguments: [(.ad, true), (.miniorange, true), (.miniorange, false)] as [(Side, Bool)]
    )
    func restored(_ side: Side, withLog: Bool) async throws {
        let ground = try await Ground.make(
            "sb\(side == .ad ? "a" : withLog ? "m" : "l")",
            Ground.Settings(groups: Ground.Groups())
        )
        let (back, other) = (ground[side], ground[side.opposite])
        let names = (0..<5).map { ground.person("p\($0)") }
        try await ground.ad.apply(names.map { ground.ad.newPerson($0, [("title", ["first"])]) })
        try await ground.teams.ad.apply(ground.teams.ad.newGroup(ground.person("g"), members: [ground.dn("p0", .ad)]))
        try await withDaemon(ground) { daemon in
            try await Agreement.reached(ground)
            try await ground.hasMembers("g", ["p0"])
            try await ground.lab.keepCopy(side)
            try await daemon.settled()
            try await set(back, names[0], "set here")
            try await set(other, names[1], "set there")
            try await back.apply(.delete(try #require(try await back.person(names[2])).dn))
            try await other.apply(other.newPerson(ground.person("new")))
            try await back.apply(.join(ground.team("g", side), ground.dn("p1", side)))
            try await other.apply(.join(ground.team("g", side.opposite), ground.dn("p3", side.opposite)))
            try await ground.hasMembers("g", ["p0", "p1", "p3"])
            try await eventually("all of it is on both sides") {
                let counts = [try await back.people().count, try await other.people().count]
                let titles = [try await title(other, names[0]), try await title(back, names[1])]
                return counts == [5, 5] && titles == ["set here", "set there"]
            }
            try await daemon.settled()
            try await ground.lab.server(.stop, side)
            try await untilLater()
            try await ground.lab.restoreCopy(side, withLog: withLog)
            try await set(back, names[3], "set since")
            try await eventually("the step back is noticed", within: .seconds(240)) {
                try await daemon.status()?[side].lastSetBack != nil
            }
            try await eventually("later values are on both sides", within: .seconds(240)) {
                let titles = [
                    try await title(other, names[3]), try await title(back, names[0]), try await title(back, names[1]),
                ]
                return titles == ["set since", "set here", "set there"]
            }
            try await ground.hasMembers("g", ["p0", "p1", "p3"])
            for directory in [back, other] {
                #expect(try await title(directory, names[0]) == "set here")
                #expect(try await title(directory, names[1]) == "set there")
                #expect(try await title(directory, names[4]) == "first")
            }
            // Deleted before, and back again on one side; made before, and not there any more.
            #expect(try await back.person(names[2]) != nil)
            #expect(try await other.person(names[2]) == nil)
            #expect(try await other.person(ground.person("new")) != nil)
            let status = try #require(try await daemon.status())
            #expect(status.quarantine.contains { $0.reason.contains("set back") }, "\(status.quarantine)")
        }
    }
}
