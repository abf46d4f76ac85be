import Configuration
import Foundation
import Mapping
import SyncModel
import Testing

@testable import SyncService

/// check, plan and test-mapping against a domain controller and slapd. Twelve people are at AD, the first eight of them at the LDAP side.
@Suite(
    .enabled(if: CommandLab.isPossible),
    .serialized,
    WithCommandLab(name: "commands", options: ["--seed", "12", "--seed-ldap", "8", "--plain-ad"])
)
struct CommandTests {
    private func findings(_ replacements: [(String, String)] = []) async throws -> [Finding] {
        let path = try CommandLab.required().configuration(replacements)
        return await CheckCommand.findings(configurationPath: path).0
    }

    private func expect(
        _ findings: [Finding],
        _ level: Finding.Level,
        _ side: Side?,
        _ subject: String,
        containing words: String,
        location: SourceLocation = #_sourceLocation
    ) {
        let isThere = findings.contains {
            $0.level == level && $0.side == side?.name && $0.subject == subject && $0.seen.contains(words)
                && ($0.remedy != nil || level == .ok)
        }
        let seen = findings.map { "\($0.level) \($0.side ?? "-") \($0.subject): \($0.seen)" }.joined(separator: "\n")
        #expect(isThere, "\(words) is not among\n\(seen)", sourceLocation: location)
    }

    /// Without one to look at nobody can say whether deleted entries may be listed.
    @Test func aGoodLabIsCleanOnceSomethingWasDeletedAndNothingIsWritten() async throws {
        let lab = try CommandLab.required()
        let deleted = "CN=svc-deleted,CN=Users,\(lab["AD_BASE"])"
        try await lab.modify(ad: try user(deleted, account: "svc-deleted", control: 512))
        try await lab.modify(ad: "dn: \(deleted)\nchangetype: delete\n")
        let before = try await lab.marks()
        let all = try await findings()
        #expect(all.filter { $0.level != .ok } == [])
        for side in Side.allCases {
            for subject in ["connection", "certificate", "clock", "base", "schema", "rights", "least rights", "feed"] {
                #expect(all.contains { $0.side == side.name && $0.subject == subject }, "\(side.name) \(subject)")
            }
        }
        expect(all, .ok, nil, "certificate", containing: "gateway.crt: CN=")
        expect(all, .ok, .miniorange, "overlays", containing: "accesslog, memberof, ppolicy, refint, syncprov")
        expect(all, .ok, .miniorange, "feed", containing: "accesslog")
        expect(all, .ok, .ad, "feed", containing: "usn-notification")
        #expect(try await lab.marks() == before)
    }

    @Test func anAccountThatMayMoreThanItNeedsIsNamed() async throws {
        let lab = try CommandLab.required()
        let all = try await findings([
            (
                "\(lab["AD_SYNC_DN"]), passwordFile: \(lab["AD_SYNC_PASSWORD_FILE"])",
                "\"\(lab["AD_ADMIN_DN"])\", passwordFile: \(lab["AD_ADMIN_PASSWORD_FILE"])"
            ),
            (
                "\(lab["LDAP_SYNC_DN"])\", passwordFile: \(lab["LDAP_SYNC_PASSWORD_FILE"])",
                "\(lab["LDAP_ADMIN_DN"])\", passwordFile: \(lab["LDAP_ADMIN_PASSWORD_FILE"])"
            ),
        ])
        let words = "least rights"
        expect(all, .warning, .ad, words, containing: "is in Administrators, Domain Admins, Enterprise Admins")
        expect(all, .error, .ad, words, containing: "may put anybody into CN=Administrators")
        expect(all, .warning, .ad, words, containing: "may make entries in CN=Users")
        expect(all, .warning, .miniorange, words, containing: "it is the rootdn")
        #expect(all.allSatisfy { $0.subject != words || $0.level != .ok })
    }

    /// Rights that look harmless by their names, and are not.
    @Test func aRightOfOperatorsIsNamedAsOneTooMany() async throws {
        let lab = try CommandLab.required()
        let name = "CN=svc-operator,CN=Users,\(lab["AD_BASE"])"
        try await lab.modify(ad: try user(name, account: "svc-operator", control: 512))
        try await lab.modify(
            ad: """
                dn: CN=Nested,\(lab["AD_TEAMS_BASE"])
                changetype: add
                objectClass: group
                sAMAccountName: Nested
                member: \(name)

                dn: CN=Account Operators,CN=Builtin,\(lab["AD_BASE"])
                changetype: modify
                add: member
                member: CN=Nested,\(lab["AD_TEAMS_BASE"])

                """
        )
        let database = "dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\n"
        let rule =
            "{0}to dn.subtree=\"\(lab["LDAP_PEOPLE_BASE"])\" by dn.exact=\"\(lab["LDAP_SYNC_DN"])\" manage by * break"
        try await lab.modify(ldapConfiguration: database + "add: olcAccess\nolcAccess: \(rule)\n")
        // AD notes somebody's first bind.
        let before = try await lab.marks().last
        let all = try await findings([
            (lab["AD_SYNC_PASSWORD_FILE"], try lab.file(userPassword, "password")),
            (lab["AD_SYNC_DN"], "svc-operator@syncline.test"),
        ])
        #expect(try await lab.marks().last == before)
        try await lab.modify(ldapConfiguration: database + "delete: olcAccess\nolcAccess: {0}\n")
        try await lab.modify(ad: "dn: CN=Nested,\(lab["AD_TEAMS_BASE"])\nchangetype: delete\n")
        expect(all, .warning, .ad, "least rights", containing: "is in Account Operators")
        let managed = "has the right manage at \(lab["LDAP_PEOPLE_BASE"]):"
        expect(all, .warning, .miniorange, "least rights", containing: managed)
    }

    @Test func usersGroupsThatTheServerKeepsCantBeWritten() async throws {
        let lab = try CommandLab.required()
        let base = "miniorange: {base: \"\(lab["LDAP_TEAMS_BASE"])\""
        let all = try await findings([
            (
                base + "}",
                """
                \(base), membership: user-attribute, objectClass: [top, organizationalRole], filter: "(cn=*)"}
                    memberships: {userAttribute: memberOf}
                """
            )
        ])
        expect(all, .error, .miniorange, "memberships", containing: "kept by the server")
    }

    @Test func allMembersOfAGroupAreCounted() async throws {
        let lab = try CommandLab.required()
        let path = try lab.configuration()
        let before = try await PlanCommand.report(try Configuration.load(path: path))
        try await lab.modify(
            ad: """
                dn: CN=Counted,\(lab["AD_TEAMS_BASE"])
                changetype: add
                objectClass: group
                sAMAccountName: Counted
                member: CN=Anna Müller,\(lab["AD_PEOPLE_BASE"])
                member: CN=Zoë Weiß,\(lab["AD_PEOPLE_BASE"])

                """
        )
        let plan = try await PlanCommand.report(try Configuration.load(path: path))
        try await lab.modify(ad: "dn: CN=Counted,\(lab["AD_TEAMS_BASE"])\nchangetype: delete\n")
        let line = plan.writes.first { $0.operation == "members" && $0.name.contains("Counted") }
        #expect(line?.added == 2 && line?.removed == 0, "\(plan.writes.map(\.line))")
        #expect(plan.miniorange.create == before.miniorange.create + 1)
    }

    @Test func aWrongPasswordIsNamed() async throws {
        let lab = try CommandLab.required()
        let wrong = try lab.file("not the password", "password")
        let all = try await findings([
            (lab["AD_SYNC_PASSWORD_FILE"], wrong), (lab["LDAP_SYNC_PASSWORD_FILE"], wrong),
        ])
        expect(all, .error, .ad, "connection", containing: "wrong name or password")
        expect(all, .error, .miniorange, "connection", containing: "wrong name or password")
    }

    @Test func aGatewayWithAnotherKeyThanItsCertificatesIsNamed() async throws {
        let all = try await findings([("/gateway.key", "/ldap.key")])
        expect(all, .error, nil, "gateway", containing: "don't go together")
    }

    @Test func aDisabledAccountIsNamed() async throws {
        let lab = try CommandLab.required()
        let name = "CN=svc-off,CN=Users,\(lab["AD_BASE"])"
        try await lab.modify(ad: try user(name, account: "svc-off", control: 514))
        let password = try lab.file(userPassword, "password")
        let all = try await findings([
            (lab["AD_SYNC_PASSWORD_FILE"], password), (lab["AD_SYNC_DN"], "svc-off@syncline.test"),
        ])
        expect(all, .error, .ad, "connection", containing: "is disabled")
    }

    @Test func missingRightsAreNamed() async throws {
        let lab = try CommandLab.required()
        try await lab.modify(
            ad: try user("CN=svc-reader,CN=Users,\(lab["AD_BASE"])", account: "svc-reader", control: 512)
        )
        try await lab.modify(
            ldap: """
                dn: cn=reader,\(lab["LDAP_BASE"])
                changetype: add
                objectClass: applicationProcess
                objectClass: simpleSecurityObject
                cn: reader
                userPassword: \(userPassword)

                """
        )
        let password = try lab.file(userPassword, "password")
        let all = try await findings([
            (lab["AD_SYNC_PASSWORD_FILE"], password), (lab["AD_SYNC_DN"], "svc-reader@syncline.test"),
            (lab["LDAP_SYNC_PASSWORD_FILE"], password), (lab["LDAP_SYNC_DN"], "cn=reader,\(lab["LDAP_BASE"])"),
        ])
        expect(all, .error, .ad, "rights", containing: "may not create entries of class user")
        expect(all, .error, .ad, "rights", containing: "may not write")
        expect(all, .error, .ad, "rights", containing: "may not reset passwords")
        expect(all, .warning, .ad, "deleted objects", containing: "none is shown")
        expect(all, .error, .miniorange, "rights", containing: "may not write uid")
        expect(all, .error, .miniorange, "rights", containing: "may not write userPassword, which the gateway sets")
        expect(all, .warning, .miniorange, "cn=config", containing: "may not read it")
        let policy = try #require(all.first { $0.subject == "ppolicy" })
        #expect(policy.level == .warning)
        #expect(policy.seen.contains("cn=default,ou=policies,\(lab["LDAP_BASE"]) would bar locked accounts"))
        #expect(policy.remedy?.contains("olcPPolicyDefault") == true)
    }

    @Test func passwordsThatCanNotBeGivenAreNamed() async throws {
        let lab = try CommandLab.required()
        let frontend = "dn: olcDatabase={-1}frontend,cn=config\nchangetype: modify\n"
        let hidden = "add: olcAccess\nolcAccess: {0}to dn.base=\"\" attrs=supportedExtension by * none\n"
        let random = ("objects:\n", "accounts: {miniorange: {initialPassword: random}}\nobjects:\n")
        try await lab.modify(ldapConfiguration: frontend + hidden)
        let unoffered = try await findings([random])
        try await lab.modify(ldapConfiguration: frontend + "delete: olcAccess\nolcAccess: {0}\n")
        expect(unoffered, .error, .miniorange, "accounts", containing: "RFC 3062")
        expect(unoffered, .warning, .miniorange, "gateway", containing: "RFC 3062")

        let clear = try await findings([
            (try lab.gatewaySection(), ""), random, ("\"\(lab["AD_URI"])\"", "\"\(lab["AD_PLAIN_URI"])\""),
            ("\"\(lab["LDAPS_URI"])\"", "\"\(lab["LDAP_URI"])\""),
        ])
        expect(clear, .error, .ad, "accounts", containing: "over TLS alone")
        expect(clear, .error, .miniorange, "accounts", containing: "clear text")
        for side in Side.allCases { expect(clear, .warning, side, "connection", containing: "clear text") }
        #expect(!clear.contains { $0.seen.contains("RFC 3062") })
    }

    @Test func policiesThatBarNobodyOrRefuseWhatIsWrittenAreNamed() async throws {
        let lab = try CommandLab.required()
        let policies = "ou=policies,\(lab["LDAP_BASE"])"
        let quality = "dn: cn=default,\(policies)\nchangetype: modify\nreplace: pwdCheckQuality\n"
        try await lab.modify(
            ldap: quality + """
                pwdCheckQuality: 2

                dn: cn=lax,\(policies)
                changetype: add
                objectClass: applicationProcess
                objectClass: pwdPolicy
                cn: lax
                pwdAttribute: userPassword

                """
        )
        let accounts = "accounts: {miniorange: {initialPassword: pass-through, realm: SYNCLINE.TEST}}"
        let judged = try await findings([("objects:\n", "\(accounts)\nobjects:\n")])
        expect(judged, .error, .miniorange, "accounts", containing: "pwdCheckQuality: 2")
        expect(judged, .warning, .miniorange, "ppolicy", containing: "cn=lax,\(policies)")
        try await lab.modify(ldap: quality + "\ndn: cn=lax,\(policies)\nchangetype: delete\n")

        let overlay = "dn: olcOverlay={2}ppolicy,olcDatabase={1}mdb,cn=config\nchangetype: modify\n"
        try await lab.modify(ldapConfiguration: overlay + "delete: olcPPolicyDefault\n")
        let unruled = try await findings()
        try await lab.modify(
            ldapConfiguration: overlay + "add: olcPPolicyDefault\nolcPPolicyDefault: cn=default,\(policies)\n"
        )
        expect(unruled, .warning, .miniorange, "ppolicy", containing: "there is no default policy")
        // Held to none is something to compare as well.
        expect(unruled, .ok, nil, "passwords", containing: "at least 7 characters at ad, 0 at miniorange")
        let again = try await findings()
        #expect(again.filter { $0.level != .ok } == [])
    }

    @Test func aWrongBaseIsNamed() async throws {
        let lab = try CommandLab.required()
        let all = try await findings([
            (lab["AD_PEOPLE_BASE"], "OU=Nobody,\(lab["AD_BASE"])"),
            (lab["LDAP_PEOPLE_BASE"], "ou=nobody,\(lab["LDAP_BASE"])"),
        ])
        expect(all, .error, .ad, "base", containing: "OU=Nobody")
        expect(all, .error, .miniorange, "base", containing: "the nearest that exists is dc=syncline,dc=test")
    }

    @Test func anUnknownAttributeIsNamedWithItsLine() async throws {
        let rules = """
            attributes:
                  - {ad: sAMAccountName, miniorange: uid}
                  - {ad: cn, miniorange: cn}
                  - {ad: sn, miniorange: sn}
                  - {ad: infoo, miniorange: roomNumbr}
                  - {ad: info, miniorange: dc}
            """
        let all = try await findings([("attributes: default", rules)])
        expect(all, .error, .ad, "schema", containing: "infoo")
        expect(all, .error, .miniorange, "schema", containing: "roomNumbr")
        expect(all, .error, .miniorange, "schema", containing: "may not hold it")
        #expect(!all.contains { $0.subject == "rights" && $0.level == .error })
    }

    @Test func aServerThatIsNotThereIsAWarningWhileAnotherIs() async throws {
        let lab = try CommandLab.required()
        let uri = lab["LDAPS_URI"]
        let nobody = "ldaps://\(lab["LDAP_HOST"]):9"
        expect(
            try await findings([("\"\(uri)\"", "\"\(nobody)\", \"\(uri)\"")]),
            .warning,
            .miniorange,
            "connection",
            containing: nobody
        )
        expect(try await findings([(uri, nobody)]), .error, .miniorange, "connection", containing: nobody)
    }

    @Test func mistakesOfTheFileAreFindings() async throws {
        let all = try await findings([("direction: both", "direktion: both")])
        #expect(all.count == 1)
        #expect(all.first?.level == .error && all.first?.side == nil)
        #expect(await CheckCommand(configurationPath: "/nonexistent.yaml", json: true).run() == 2)
    }

    @Test func aPlanListsWhatIsMissingAndWritesNothing() async throws {
        let lab = try CommandLab.required()
        let before = try await lab.marks()
        let report = try await PlanCommand.report(try Configuration.load(path: try lab.configuration()))
        #expect(report.miniorange == PlanReport.Counts(create: 4))
        #expect(report.ad == PlanReport.Counts())
        #expect(report.setAside.isEmpty)
        #expect(report.usedCache == false)
        #expect(report.writes.allSatisfy { $0.side == "miniorange" && $0.operation == "create" })
        #expect(report.writes.allSatisfy { $0.attributes.contains("uid") && $0.name.hasPrefix("uid=") })
        // Number 9 sits in a unit, and both number 8 and its manager are there: nothing is left waiting.
        #expect(report.writes.contains { $0.name.contains(",ou=Engineering,") })
        #expect(try await lab.marks() == before)
    }

    @Test func aPlanNamesTheAttributesOfAChange() async throws {
        let lab = try CommandLab.required()
        let path = try lab.configuration([("objects:\n", "conflicts: {rule: ad}\nobjects:\n")])
        let configuration = try Configuration.load(path: path)
        let found = try await TestMappingCommand.report(configuration, entry: "jschmidt1")
        let name = try #require(found.miniorange?.name)
        let title = try #require(found.rules.first { $0.ad == "title" }?.miniorangeValues.first)
        func setTitle(_ value: String) async throws {
            try await lab.modify(ldap: "dn: \(name)\nchangetype: modify\nreplace: title\ntitle: \(value)\n")
        }
        try await setTitle("Somebody else")
        let before = try await lab.marks()
        let report = try await PlanCommand.report(configuration)
        // Without a cache there is no base: the sides meet for the first time, and the rule decides.
        let changes = report.writes.filter { $0.operation != "create" }
        #expect(changes.map(\.operation) == ["modify"])
        #expect(changes.first?.name == name)
        #expect(changes.first?.attributes == ["title"])
        #expect(report.newConflicts == 1)
        let one = try await TestMappingCommand.report(configuration, entry: "jschmidt1")
        #expect(one.writes.first?.attributes == [.init(name: "title", old: ["Somebody else"], new: [title])])
        #expect(try await lab.marks() == before)
        try await setTitle(title)
    }

    @Test func onePersonIsShownWithACommaInTheName() async throws {
        let lab = try CommandLab.required()
        let configuration = try Configuration.load(path: try lab.configuration())
        let name = "CN=Schmidt\\, Jürgen,\(lab["AD_PEOPLE_BASE"])"
        for entry in ["jschmidt1", "jschmidt1@syncline.test", "Schmidt, Jürgen", name] {
            let report = try await TestMappingCommand.report(configuration, entry: entry)
            #expect(report.ad?.name == name, "\(entry)")
            #expect(report.miniorange?.name == "uid=jschmidt1,\(lab["LDAP_PEOPLE_BASE"])")
            #expect(report.isEqual)
            #expect(report.rules.first { $0.ad == "cn" }?.adValues == ["Schmidt, Jürgen"])
        }
        let anchor = try #require(try await TestMappingCommand.report(configuration, entry: "jschmidt1").ad?.anchor)
        #expect(try await TestMappingCommand.report(configuration, entry: anchor).ad?.name == name)
    }

    @Test func aPersonOnOneSideShowsTheEntryThatWouldBeMade() async throws {
        let lab = try CommandLab.required()
        let configuration = try Configuration.load(path: try lab.configuration())
        let plan = try await PlanCommand.report(configuration)
        let missing = try #require(plan.writes.first)
        let account = try #require(missing.name.split(separator: ",").first?.dropFirst("uid=".count))
        let report = try await TestMappingCommand.report(configuration, entry: String(account))
        #expect(report.miniorange == nil)
        #expect(report.writes.map(\.operation) == ["create"])
        #expect(report.writes.first?.name == missing.name)
        #expect(report.writes.first?.attributes.contains { $0.name == "uid" && $0.new == [String(account)] } == true)
    }

    @Test(arguments: ["nobody", "*", "a*)(uid=*", "Administrator", "CN=Nobody,DC=syncline,DC=test"])
    func whatIsNotInScopeIsNotFound(_ entry: String) async throws {
        let configuration = try Configuration.load(path: try CommandLab.required().configuration())
        await #expect(throws: LiveDirectoryError.self) {
            try await TestMappingCommand.report(configuration, entry: entry)
        }
    }

    private let userPassword = "Lab-Reader-2026"

    private func user(_ name: String, account: String, control: Int) throws -> String {
        let quoted = Array("\"\(userPassword)\"".utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        return """
            dn: \(name)
            changetype: add
            objectClass: user
            sAMAccountName: \(account)
            userPrincipalName: \(account)@syncline.test
            unicodePwd:: \(Data(quoted).base64EncodedString())
            userAccountControl: \(control)

            """
    }
}

/// An LDAP side without syncprov and access log.
@Suite(.enabled(if: CommandLab.isPossible), .serialized, WithCommandLab(name: "plain", options: ["--ldap", "plain"]))
struct PlainServerTests {
    @Test func missingOverlaysAreNamed() async throws {
        let path = try CommandLab.required().configuration()
        let all = await CheckCommand.findings(configurationPath: path).0
        #expect(all.contains { $0.level == .warning && $0.subject == "overlays" && $0.seen.contains("syncprov") })
        #expect(all.contains { $0.level == .warning && $0.subject == "feed" && $0.seen.contains("polling") })
        #expect(!all.contains { $0.level == .error })
    }
}
