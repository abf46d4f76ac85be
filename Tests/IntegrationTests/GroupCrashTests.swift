import Foundation
import SyncModel
import Testing

extension SharedLabTests {
    /// Memberships stand whatever happens to the daemon, and whichever was there first.
    @Suite(.serialized)
    struct GroupCrashTests {
        @Test("killed in a burst of memberships on both sides, both sides agree afterwards")
        func killed() async throws {
            let ground = try await Ground.make("kg", Ground.Settings(groups: Ground.Groups()))
            let people = (0..<60).map { "p\($0)" }
            let groups = (0..<6).map { "g\($0)" }
            // Groups first on one side, people first on the other; all meet in one first load that is killed as well.
            try await ground.addPeople(people)
            try await ground.teams.ad.apply(
                groups.prefix(3).map { ground.teams.ad.newGroup(ground.person($0), members: [ground.dn("p0", .ad)]) }
            )
            try await ground.teams.miniorange.apply(
                groups.suffix(3).map {
                    ground.teams.miniorange.newGroup(ground.person($0), members: [ground.dn("p1", .miniorange)])
                }
            )
            for pause in [300, 700] {
                let daemon = try Daemon.start(ground)
                try await Task.sleep(for: .milliseconds(pause))
                #expect(daemon.isRunning, "it ended by itself: \(daemon.log.suffix(2_000))")
                await daemon.kill()
            }
            try await withDaemon(ground) { _ in
                try await ground.havePeople(people)
                for group in groups { try await ground.hasMembers(group, [group < "g3" ? "p0" : "p1"]) }
            }
            let bursts = Side.allCases.map { side in
                Task {
                    for round in 0..<10 {
                        let own = people.enumerated().filter { $0.offset % 2 == (side == .ad ? 0 : 1) && $0.offset > 1 }
                        let chosen = own.filter { $0.offset / 2 % 3 == round % 3 }.map {
                            Octets(ground.dn($0.element, side))
                        }
                        let kind: DirectoryChange.Edit.Kind = round % 6 < 3 ? .add : .delete
                        try await ground[side].apply(
                            groups.map {
                                .modify(ground.team($0, side), [.init(kind: kind, name: "member", values: chosen)])
                            }
                        )
                        try await Task.sleep(for: .milliseconds(150))
                    }
                }
            }
            for pause in [150, 250, 400, 600] {
                let daemon = try Daemon.start(ground)
                try await Task.sleep(for: .milliseconds(pause))
                #expect(daemon.isRunning, "it ended by itself: \(daemon.log.suffix(2_000))")
                await daemon.kill()
            }
            for burst in bursts { try await burst.value }
            // Ten rounds: every third of each side's people came, went, came again; the last of them but one round.
            let last = Set(people.enumerated().filter { $0.offset > 1 && $0.offset / 2 % 3 == 0 }.map(\.element))
            let again = Set(people.enumerated().filter { $0.offset > 1 && $0.offset / 2 % 3 != 0 }.map(\.element))
            try await withDaemon(ground) { daemon in
                for group in groups {
                    let expected = again.union([group < "g3" ? "p0" : "p1"])
                    try await ground.hasMembers(group, expected, within: .seconds(240))
                    #expect(last.isDisjoint(with: expected))
                }
                let status = try await daemon.settled()
                #expect(status.quarantined == 0, "\(status.quarantine)")
            }
        }

        @Test("members that come after their group are attached, from whichever side", arguments: Side.allCases)
        func groupBeforeMembers(origin: Side) async throws {
            let ground = try await Ground.make("gf\(origin.name.prefix(1))", Ground.Settings(groups: Ground.Groups()))
            let elsewhere = ground.lab.directory(origin)
            let name = ground.person("late")
            try await elsewhere.apply(elsewhere.newPerson(name))
            try await ground.teams[origin].apply(
                ground.teams[origin].newGroup(ground.person("g"), members: [elsewhere.dn(name)])
            )
            try await withDaemon(ground) { daemon in
                try await eventually("the group alone") {
                    try await ground.teams[origin.opposite].members(ground.person("g")) != nil
                }
                try await ground[origin].apply(
                    .rename(
                        elsewhere.dn(name),
                        to: "\(origin == .ad ? "CN" : "uid")=\(name)",
                        under: ground[origin].base
                    )
                )
                try await ground.hasMembers("g", ["late"])
                #expect(try await daemon.settled().quarantined == 0)
            }
        }
    }
}
