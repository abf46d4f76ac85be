import Foundation
import SyncModel
import Testing

/// What is not shown is not deleted, whatever the reason.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct AbsenceTests {
    struct Feeding: Sendable, CustomTestStringConvertible {
        var name: String
        var keys: String
        var side = Side.miniorange
        var testDescription: String { name }
    }

    @Test(
        "a container whose entries the account may not see any more deletes none of them, and status says so",
        arguments: [
            Feeding(name: "accesslog", keys: ""),
            Feeding(name: "polling", keys: "feed: polling"),
            Feeding(name: "domain controller", keys: "", side: .ad),
        ]
    )
    func lostSight(_ feeding: Feeding) async throws {
        var settings = Ground.Settings()
        settings.miniorange = feeding.keys
        settings.hasContainers = true
        let ground = try await Ground.make("ls\(feeding.name.prefix(1))", settings)
        let (here, there) = (ground[feeding.side], ground[feeding.side.opposite])
        try await ground.ad.apply(ground.ad.newPerson(ground.person("seen")))
        try await ground.ad.addContainer("Sales")
        let sales = "OU=Sales,\(ground.ad.base)"
        try await ground.ad.apply((0..<3).map { ground.ad.newPerson(ground.person("p\($0)"), under: sales) })
        try await withDaemon(ground) { daemon in
            try await eventually("all are there") { try await ground.miniorange.people().count == 4 }
            try await daemon.settled()
            let container = "ou=Sales,\(here.base)"
            try await ground.lab.hide(container, at: feeding.side, true)
            _ = try await daemon.tool("reconcile")
            try await eventually("all three are set aside") { try await daemon.status()?.quarantined == 3 }
            let status = try #require(try await daemon.status())
            #expect(status.quarantine.allSatisfy { $0.reason.contains("nothing proves that it was deleted") })
            #expect(try await there.people().count == 4)
            let verified = try await daemon.tool("verify").output
            #expect(verified.contains(", 3 explained, 0 drift"), "\(verified)")
            // A real delete is one nevertheless.
            try await here.apply(.delete(here.dn(ground.person("seen"))))
            try await eventually("the delete is carried", within: .seconds(240)) {
                try await there.people().count == 3
            }
            try await ground.lab.hide(container, at: feeding.side, false)
            _ = try await daemon.tool("reconcile")
            try await eventually("all show again") { try await daemon.status()?.quarantined == 0 }
            for side in Side.allCases { #expect(try await ground[side].people().count == 3) }
        }
    }

    @Test(
        "an attribute that the account may not read any more is emptied nowhere, and what was emptied is",
        arguments: Side.allCases
    )
    func lostAttribute(_ side: Side) async throws {
        let ground = try await Ground.make("la\(side.name.prefix(1))")
        let (here, there) = (ground[side], ground[side.opposite])
        var people = ["p0", "p1", "p2"].map(ground.person)
        try await ground.ad.apply(people.map { ground.ad.newPerson($0, [("title", ["Engineer"])]) })
        func title(_ person: String) async throws -> [Octets] { try await there.person(person)?["title"] ?? [] }
        try await withDaemon(ground) { daemon in
            try await eventually("all are there") { try await ground.miniorange.people().count == people.count }
            try await daemon.settled()
            // The first of a scope is looked at before anything is read there, and is left alone here.
            let first = try await here.people()[0]
            let index = try #require(people.firstIndex { here.dn($0).lowercased() == first.dn.lowercased() })
            people.swapAt(0, index)
            try await ground.lab.hide(attribute: "title", of: here.dn(people[1]), at: side, true)
            try await here.apply([
                .replace(here.dn(people[1]), "sn", ["Cole"]), .replace(here.dn(people[2]), "title", []),
            ])
            try await eventually("the rest is carried") {
                guard try await there.person(people[1])?["sn"] == ["Cole"] else { return false }
                return try await title(people[2]).isEmpty
            }
            // Nothing of the entry shows that the right is gone.
            if side == .miniorange { _ = try await daemon.tool("reconcile") }
            try await eventually("it is set aside") { try await daemon.settled().quarantined == 1 }
            let reason = try #require(try await daemon.status()?.quarantine.first?.reason)
            #expect(reason.contains("title") && reason.contains("may not read"), "\(reason)")
            #expect(try await title(people[1]) == ["Engineer"])
            let verified = try await daemon.tool("verify").output
            #expect(verified.contains(", 1 explained, 0 drift"), "\(verified)")
            try await there.set(there.dn(people[1]), "title", "Head")
            try await ground.lab.hide(attribute: "title", of: here.dn(people[1]), at: side, false)
            try await daemon.settled()
            _ = try await daemon.tool("quarantine", "retry", "--all")
            try await eventually("it is over") { try await daemon.settled().quarantined == 0 }
            #expect(try await here.person(people[1])?["title"] == ["Head"])
            try await Agreement.reached(ground)
        }
    }

    @Test("a base that shows nothing at all any more deletes nobody, and status says how many are missed")
    func emptyAnswer() async throws {
        async let ad: Void = emptyAnswer(.ad)
        async let miniorange: Void = emptyAnswer(.miniorange)
        _ = try await (ad, miniorange)
    }

    private func emptyAnswer(_ side: Side) async throws {
        let ground = try await Ground.make("ea\(side.name.prefix(1))")
        let count = 60
        try await ground.ad.apply((0..<count).map { ground.ad.newPerson(ground.person("p\($0)")) })
        try await withDaemon(ground) { daemon in
            try await eventually("all are there") { try await ground.miniorange.people().count == count }
            try await daemon.settled()
            try await ground.lab.hide(ground[side].base, at: side, true)
            _ = try await daemon.tool("reconcile")
            try await eventually("it is said") {
                let words = "\(side.name): a complete read does not show \(count) entries"
                return try await daemon.status()?.problems.contains { $0.contains(words) } ?? false
            }
            #expect(try await daemon.tool("status").status == 1)
            #expect(try await ground[side.opposite].people().count == count)
            try await ground.lab.hide(ground[side].base, at: side, false)
            _ = try await daemon.tool("reconcile")
            try await eventually("it is over") { try await daemon.status()?.problems.isEmpty ?? false }
            let status = try await daemon.settled()
            #expect(status.quarantined == 0 && status.conflicts == 0)
            for side in Side.allCases { #expect(try await ground[side].people().count == count) }
        }
    }

    /// Why a server does not list everything.
    enum Cut: String, CaseIterable, CustomTestStringConvertible {
        case sizeLimit, referral
        var testDescription: String { rawValue }

        /// What `status` and `reconcile` say.
        var words: String { self == .sizeLimit ? "does not list all of" : "is on another server" }
    }

    private func inject(_ cut: Cut, _ ground: Ground, _ isCut: Bool) async throws {
        switch cut {
        case .sizeLimit: try await ground.lab.limitSearches(to: isCut ? 2 : nil)
        case .referral:
            let name = "ou=Elsewhere,\(ground.miniorange.base)"
            let entry: [(String, [Octets])] = [
                ("objectClass", ["referral", "extensibleObject"]), ("ou", ["Elsewhere"]),
                ("ref", [Octets("ldap://127.0.0.1:9/\(name)")]),
            ]
            try await ground.miniorange.apply([isCut ? .add(name, entry) : .delete(name)], managesReferrals: true)
        }
    }

    @Test(
        "a scan that is cut short concludes nothing, and status says by what; live sync goes on",
        arguments: Cut.allCases
    )
    func cutShort(_ cut: Cut) async throws {
        let ground = try await Ground.make("cs\(cut.rawValue.prefix(1))")
        try await ground.ad.apply((0..<5).map { ground.ad.newPerson(ground.person("p\($0)")) })
        try await withDaemon(ground) { daemon in
            try await Agreement.reached(ground)
            try await daemon.settled()
            try await inject(cut, ground, true)
            let answer = try await daemon.tool("reconcile")
            #expect(answer.status == 2 && answer.errors.contains(cut.words), "\(answer.errors)")
            let status = try #require(try await daemon.status())
            #expect(status.problems.contains { $0.contains(cut.words) }, "\(status.problems)")
            #expect(try await daemon.tool("status").status == 1)
            try await ground.ad.set(ground.ad.dn(ground.person("p1")), "title", "meanwhile")
            try await eventually("live sync goes on") {
                try await ground.miniorange.person(ground.person("p1"))?.text("title") == "meanwhile"
            }
            #expect(try await ground.ad.people().count == 5)
            try await inject(cut, ground, false)
            let again = try await daemon.tool("reconcile")
            #expect(again.status != 2, "\(again.errors)")
            try await Agreement.reached(ground)
            #expect(try await daemon.settled().quarantined == 0)
            #expect(try await daemon.status()?.problems == [])
        }
    }

    /// With what `status` and `reconcile` say.
    private static let codes = [
        (3, "does not list all of"), (32, "miniorange can't be read as a whole: search refused: No such object (32)"),
        (50, "Insufficient access (50)"), (51, "Server is busy (51)"), (80, "error (80)"),
    ]

    @Test("an error in the middle of a scan is no absence, whatever its code; live sync goes on")
    func errorWithinScan() async throws {
        let ground = try await Ground.make("ew")
        try await ground.ad.apply((0..<5).map { ground.ad.newPerson(ground.person("p\($0)")) })
        try await withDaemon(ground) { daemon in
            try await Agreement.reached(ground)
            try await daemon.settled()
            try await ground.lab.withReturnCodes {
                for (code, words) in Self.codes {
                    try await give(code, to: ground.person("p3"), ground)
                    let answer = try await daemon.tool("reconcile")
                    #expect(answer.status == 2 && answer.errors.contains(words), "\(code): \(answer.errors)")
                    let status = try #require(try await daemon.status())
                    #expect(status.problems.contains { $0.contains(words) }, "\(code): \(status.problems)")
                    try await ground.ad.set(ground.ad.dn(ground.person("p1")), "title", Octets("meanwhile \(code)"))
                    try await eventually("live sync goes on") {
                        try await ground.miniorange.person(ground.person("p1"))?.text("title") == "meanwhile \(code)"
                    }
                    try await give(nil, to: ground.person("p3"), ground)
                }
            }
            for side in Side.allCases { #expect(try await ground[side].people().count == 5) }
            let again = try await daemon.tool("reconcile")
            #expect(again.status != 2, "\(again.errors)")
            try await Agreement.reached(ground)
            #expect(try await daemon.settled().quarantined == 0)
            #expect(try await daemon.status()?.problems == [])
        }
    }

    /// An LDAP person with a code of slapo-retcode(5), or without.
    private func give(_ code: Int?, to person: String, _ ground: Ground) async throws {
        let kind = code == nil ? DirectoryChange.Edit.Kind.delete : .add
        let edits = [
            DirectoryChange.Edit(kind: kind, name: "objectClass", values: ["errAuxObject"]),
            DirectoryChange.Edit(kind: kind, name: "errCode", values: code.map { [Octets("\($0)")] } ?? []),
        ]
        try await ground.miniorange.apply([.modify(ground.miniorange.dn(person), edits)], managesReferrals: true)
    }

    @Test("a base that was renamed, or is another entry of that name, deletes nobody, and status names it")
    func anotherBase() async throws {
        // Each waits for what is looked at every few seconds.
        async let ad: Void = anotherBase(.ad)
        async let miniorange: Void = anotherBase(.miniorange)
        _ = try await (ad, miniorange)
    }

    private func anotherBase(_ side: Side) async throws {
        let ground = try await Ground.make("ab\(side.name.prefix(1))")
        let (here, there) = (ground[side], ground[side.opposite])
        try await ground.ad.apply((0..<3).map { ground.ad.newPerson(ground.person("p\($0)")) })
        let base = here.base
        let outer = ground.lab.directory(side)
        let rdn = String(base.prefix { $0 != "," })
        try await withDaemon(ground) { daemon in
            try await Agreement.reached(ground)
            try await daemon.settled()
            func tells(_ words: String) async throws -> Bool {
                let problem = try await daemon.status()?[side].problem ?? ""
                return problem.contains(words) && problem.lowercased().contains(base.lowercased())
            }
            try await here.apply(.rename(base, to: "\(rdn)-away", under: nil))
            try await eventually("the missing base is named") { try await tells("the base") }
            #expect(try await there.people().count == 3)
            try await outer.addContainer(String(rdn.dropFirst("ou=".count)))
            try await eventually("the other base is named") { try await tells("is another entry") }
            #expect(try await daemon.tool("status").status == 1)
            try await there.set(try #require(try await there.person(ground.person("p1"))).dn, "title", "meanwhile")
            #expect(try await there.people().count == 3)
            try await here.apply(.delete(base), .rename("\(rdn)-away,\(outer.base)", to: rdn, under: nil))
            try await eventually("what was set meanwhile has crossed") {
                try await here.person(ground.person("p1"))?.text("title") == "meanwhile"
            }
            try await Agreement.reached(ground)
            for side in Side.allCases { #expect(try await ground[side].people().count == 3) }
        }
    }
}
