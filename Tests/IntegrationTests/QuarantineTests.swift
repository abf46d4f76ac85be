import Foundation
import SyncModel
import Testing

/// One entry that a server refuses stands aside, with the server's reason and what to do; its fellows flow.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct QuarantineTests {
    /// What is refused, by the account's name: who refuses it, in which words, and the remedy.
    private static let expected: [String: (side: Side, words: String, remedy: String)] = [
        "syntax": (.miniorange, "(result code 21)", "correct the value at its source"),
        "schema": (.miniorange, "(result code 65)", "add an object class"),
        "name": (.miniorange, "(result code 68)", "rename or delete one of them"),
        "unseen": (.miniorange, "(result code 50)", "grant the bind account the right"),
        "length": (.ad, "longer than the 64 characters that AD takes", "correct the value at its source"),
        "account": (.ad, "(result code 68)", "change one of them"),
        "guarded": (.ad, "(result code 50)", "grant the bind account the right"),
        "policy": (.ad, "0000052D", "the password policy takes none that Syncline makes"),
    ]

    @Test(
        "whatever a server refuses for whichever reason is named with its remedy, everybody else flows, and mended it goes"
    )
    func everyReason() async throws {
        var settings = Ground.Settings()
        settings.attributes =
            "{preset: default, rules: [{ad: accountExpires, miniorange: shadowExpire, type: account-expires}]}"
        let ground = try await Ground.make("qu", settings)
        let (ad, miniorange) = (ground.ad, ground.miniorange)
        let agreed = ["unseen", "length", "guarded", "fellow"].map(ground.person)
        try await ad.apply(agreed.map { ad.newPerson($0) })
        // Out of the object's scope, but in the way.
        let obstacles = (
            account: "CN=\(ground.person("account")),\(ground.lab["AD_TEAMS_BASE"])",
            name: miniorange.dn(ground.person("name"))
        )
        try await ad.apply(ad.newPerson(ground.person("account"), under: ground.lab["AD_TEAMS_BASE"]))
        try await miniorange.apply(
            .add(obstacles.name, [("objectClass", ["account"]), ("uid", [Octets(ground.person("name"))])])
        )
        try await withDaemon(ground) { daemon in
            try await eventually("the first are there") { try await miniorange.people().count == agreed.count }
            try await daemon.settled()
            try await ground.lab.protect(miniorange.dn(ground.person("unseen")), at: .miniorange, true)
            try await ground.lab.protect(ad.dn(ground.person("guarded")), at: .ad, true)
            try await refuse(ground)
            var last: Status?
            try await eventually("all are set aside: \(last?.quarantine ?? [])") {
                last = try await daemon.settled()
                return last?.quarantined == Self.expected.count
            }
            let quarantine = try #require(last?.quarantine)
            for (name, expected) in Self.expected {
                let found = quarantine.first { $0.entry.contains(ground.person(name)) }
                let reason = found?.reason ?? "not set aside"
                #expect(reason.hasPrefix("\(expected.side.name) refuses"), "\(name): \(reason)")
                #expect(reason.contains(expected.words) && reason.contains(expected.remedy), "\(name): \(reason)")
            }
            try await fellowsFlow(ground)
            try await mend(ground, obstacles.account, obstacles.name)
            _ = try await daemon.tool("quarantine", "retry", "--all")
            try await eventually("nobody is set aside") { try await daemon.settled().quarantined == 0 }
            try await Agreement.reached(ground)
        }
    }

    private func refuse(_ ground: Ground) async throws {
        let (ad, miniorange) = (ground.ad, ground.miniorange)
        try await ad.apply(
            ad.newPerson(ground.person("syntax"), [("mail", ["jürgen@syncline.test"])]),
            // The first second of 2025.
            ad.newPerson(ground.person("schema"), [("accountExpires", ["133801632000000000"])]),
            ad.newPerson(ground.person("name")),
            .replace(ad.dn(ground.person("unseen")), "title", ["changed"])
        )
        try await miniorange.apply(
            .replace(miniorange.dn(ground.person("length")), "pager", [Octets(String(repeating: "9", count: 65))]),
            .replace(miniorange.dn(ground.person("guarded")), "title", ["changed"]),
            miniorange.newPerson(ground.person("account"))
        )
        // More than any password has that Syncline makes.
        try await ad.set(ground.lab["AD_BASE"], "minPwdLength", "200")
        try await miniorange.apply(miniorange.newPerson(ground.person("policy")))
    }

    private func fellowsFlow(_ ground: Ground) async throws {
        for side in Side.allCases {
            let (here, there) = (ground[side], ground[side.opposite])
            let name = side == .ad ? "title" : "mobile"
            try await here.set(here.dn(ground.person("fellow")), name, "flows")
            try await eventually("the fellow's \(name)") {
                try await there.person(ground.person("fellow"))?.text(name) == "flows"
            }
        }
    }

    private func mend(_ ground: Ground, _ account: String, _ name: String) async throws {
        let (ad, miniorange) = (ground.ad, ground.miniorange)
        try await ground.lab.protect(miniorange.dn(ground.person("unseen")), at: .miniorange, false)
        try await ground.lab.protect(ad.dn(ground.person("guarded")), at: .ad, false)
        try await ad.apply(
            .replace(ad.dn(ground.person("syntax")), "mail", ["juergen@syncline.test"]),
            .replace(ad.dn(ground.person("schema")), "accountExpires", ["0"]),
            .replace(ground.lab["AD_BASE"], "minPwdLength", ["7"]),
            .delete(account)
        )
        try await miniorange.apply(
            .replace(miniorange.dn(ground.person("length")), "pager", ["9"]),
            .delete(name)
        )
    }
}
