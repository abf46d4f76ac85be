import Foundation
import SyncModel
import Testing

/// Comparing everything: `verify`, `reconcile` and the schedule, against drift that no feed can tell.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct FullCompareTests {
    struct Verified: Decodable {
        var equal: Int
        var explained: Int
        var drift: Int
    }

    struct Reconciled: Decodable {
        struct Counts: Decodable {
            var read: Int
            var drifted: Int
        }
        var ad: Counts
        var miniorange: Counts
        var drift: Int
        var repaired: Int
    }

    private func verified(_ daemon: Daemon) async throws -> (Verified, Int32) {
        let answer = try await daemon.tool("verify", "--json")
        guard answer.status != 2 else { throw ProgramFailure(words: answer.errors) }
        return (try JSONDecoder().decode(Verified.self, from: Data(answer.output.utf8)), answer.status)
    }

    private func reconciled(_ daemon: Daemon) async throws -> (Reconciled, Int32) {
        let answer = try await daemon.tool("reconcile", "--json")
        guard answer.status != 2 else { throw ProgramFailure(words: answer.errors) }
        return (try JSONDecoder().decode(Reconciled.self, from: Data(answer.output.utf8)), answer.status)
    }

    /// Changes a value in slapd's database so that neither entryCSN nor access log tells.
    private func slip(_ lab: Lab, _ old: String, _ new: String) async throws {
        try await lab.server(.stop, .miniorange)
        let folder = "\(lab["LAB_DIR"])/ldap"
        let script = """
            set -e
            slapcat -F \(folder)/slapd.d -b \(lab["LDAP_BASE"]) -l \(folder)/all.ldif
            sed -i 's/: \(old)$/: \(new)/' \(folder)/all.ldif
            rm -f \(folder)/data/*.mdb
            slapadd -q -F \(folder)/slapd.d -b \(lab["LDAP_BASE"]) -l \(folder)/all.ldif
            chown -R --reference=\(folder)/slapd.d \(folder)/data
            """
        try await Program.succeed(["/bin/bash", "-c", script])
        try await lab.server(.start, .miniorange)
    }

    @Test("drift that no feed tells is seen by verify, repaired by reconcile, and then gone")
    func drift() async throws {
        let ground = try await Ground.make("fc")
        try await ground.ad.apply(
            (0..<5).map { ground.ad.newPerson(ground.person("p\($0)"), [("title", [Octets("asis\($0)")])]) }
        )
        try await withDaemon(ground) { daemon in
            try await Agreement.reached(ground)
            try await daemon.settled()
            var (all, code) = try await verified(daemon)
            #expect(all.equal == 5 && all.explained == 0 && all.drift == 0 && code == 0)
            try await slip(ground.lab, "asis3", "slipped in")
            try await daemon.settled()
            (all, code) = try await verified(daemon)
            #expect(all.equal == 4 && all.drift == 1 && code == 1)
            let (found, status) = try await reconciled(daemon)
            #expect(found.miniorange.drifted == 1 && found.drift == 1 && found.repaired == 1 && status == 1)
            #expect(found.ad.read == 5 && found.miniorange.read == 5)
            // By the rules it is a change at the LDAP side.
            #expect(try await ground.ad.person(ground.person("p3"))?.text("title") == "slipped in")
            (all, code) = try await verified(daemon)
            #expect(all.equal == 5 && all.drift == 0 && code == 0)
        }
    }

    @Test("without the daemon verify says what has changed since, writes nothing, and tells it from drift")
    func verifyAlone() async throws {
        let ground = try await Ground.make("fv")
        try await ground.ad.apply((0..<3).map { ground.ad.newPerson(ground.person("p\($0)")) })
        let daemon = try await withDaemon(ground) { daemon in
            try await Agreement.reached(ground)
            try await daemon.settled()
            return daemon
        }
        let person = try #require(try await ground.ad.person(ground.person("p1")))
        try await ground.ad.set(person.dn, "title", "since then")
        let (all, code) = try await verified(daemon)
        #expect(all.equal == 2 && all.explained == 1 && all.drift == 0 && code == 0)
        #expect(try await ground.miniorange.person(ground.person("p1"))?.text("title") == nil)
    }

    @Test("in mode scheduled nothing is carried before its time, and everything then")
    func scheduled() async throws {
        var settings = Ground.Settings()
        settings.more = "schedule: {mode: scheduled, reconcile: weekly sunday 03:00}"
        let ground = try await Ground.make("fs", settings)
        try await ground.ad.apply((0..<3).map { ground.ad.newPerson(ground.person("p\($0)")) })
        try await withDaemon(ground, isLive: false) { daemon in
            try await eventually("idle") { try await daemon.status()?.state == "idle" }
            #expect(try await ground.miniorange.people().isEmpty)
            let (_, status) = try await reconciled(daemon)
            #expect(status != 2)
            try await Agreement.reached(ground)
            try await eventually("idle again") { try await daemon.status()?.state == "idle" }
        }
    }

    @Test("a full compare that a kill has cut short goes on by itself after the start")
    func killed() async throws {
        let ground = try await Ground.make("fk")
        try await ground.ad.apply((0..<300).map { ground.ad.newPerson(ground.person("p\($0)")) })
        let daemon = try Daemon.start(ground)
        try await daemon.settled()
        let asked = Task { try await daemon.tool("reconcile") }
        try await eventually("under way") { daemon.log.contains("Full compare begins") }
        await daemon.kill()
        _ = try await asked.value
        try await withDaemon(ground) { daemon in
            try await eventually("its result") { daemon.log.contains("300 pairs, no drift") }
        }
    }
}
