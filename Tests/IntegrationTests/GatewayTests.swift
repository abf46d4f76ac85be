import Foundation
import SyncModel
import Testing

/// The password gateway before real servers, with the clients that people use.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct GatewayTests: GatewaySuite {
    @Test func realClientsBindAndChangePasswords() async throws {
        let ground = try await ground("gwc")
        try await withDaemon(ground) { daemon in
            let anna = try await person("anna", "Erstes-Wort-1", ground)
            let gateway = uri(ground)
            let names = [anna.account, "\(anna.account)@syncline.test", anna.ad, anna.miniorange]
            for name in names {
                let answer = try await run("ldapwhoami", gateway, as: name, "Erstes-Wort-1", ground)
                #expect(answer.output == "dn:\(anna.miniorange)\n", "\(name): \(answer.errors)")
            }
            // The first bind has carried AD's password over.
            try await eventually("both have it") { try await works("Erstes-Wort-1", anna, ground) }

            let changed = try await run(
                "ldappasswd",
                gateway,
                as: anna.miniorange,
                "Erstes-Wort-1",
                ground,
                ["-a", "Erstes-Wort-1", "-s", "Zweites-Wort-2"]
            )
            #expect(changed.status == 0, "\(changed.output)\(changed.errors)")
            #expect(try await works("Zweites-Wort-2", anna, ground))
            #expect(try await bind(gateway, anna.account, "Erstes-Wort-1", ground) == 49)

            let ldif = """
                dn: \(anna.miniorange)
                changetype: modify
                delete: userPassword
                userPassword: Zweites-Wort-2
                -
                add: userPassword
                userPassword: Drittes-Wört-3

                """
            let plain = "ldap://\(ground.lab["LAB_ADDRESS"]):1389"
            let modified = try await run(
                "ldapmodify",
                plain,
                as: anna.account,
                "Zweites-Wort-2",
                ground,
                ["-ZZ"],
                input: ldif
            )
            #expect(modified.status == 0, "\(modified.output)\(modified.errors)")
            #expect(try await works("Drittes-Wört-3", anna, ground))

            // A reset by who may, and by who may not.
            let admin = try String(contentsOfFile: ground.lab["LDAP_ADMIN_PASSWORD_FILE"], encoding: .utf8)
            let secret = admin.trimmingCharacters(in: .newlines)
            let reset = try await run(
                "ldappasswd",
                gateway,
                as: ground.lab["LDAP_ADMIN_DN"],
                secret,
                ground,
                ["-s", "Viertes-Wort-4", anna.account]
            )
            #expect(reset.status == 0, "\(reset.output)\(reset.errors)")
            #expect(try await works("Viertes-Wort-4", anna, ground))
            let berta = try await person("berta", "Bertas-Wort-1", ground)
            let forbidden = try await run(
                "ldappasswd",
                gateway,
                as: berta.account,
                "Bertas-Wort-1",
                ground,
                ["-s", "Fremdes-Wort-5", anna.account]
            )
            #expect(forbidden.output.contains("(50)") || forbidden.errors.contains("(50)"))
            #expect(try await works("Viertes-Wort-4", anna, ground))

            try await policiesAreHeldTo(anna, "Viertes-Wort-4", ground)
            try await python(anna, "Viertes-Wort-4", ground)
            let status = try await daemon.tool("status").output
            #expect(status.contains("gateway     listening at"))
            #expect(daemon.log.contains("operation=change outcome=done"))
            #expect(!daemon.log.contains("-Wort-"))
        }
    }

    private func policiesAreHeldTo(_ person: GatewayPerson, _ password: String, _ ground: Ground) async throws {
        let refused = try await run(
            "ldappasswd",
            uri(ground),
            as: person.account,
            password,
            ground,
            ["-a", password, "-s", "kurz"]
        )
        #expect(refused.output.contains("(19)"), "\(refused.output)\(refused.errors)")
        #expect(refused.output.contains("too short"), "\(refused.output)")
        #expect(try await works(password, person, ground))
        // OpenLDAP takes the mark of a disabled account away with a new password.
        try await ground.miniorange.set(person.miniorange, "pwdAccountLockedTime", "000001010000Z")
        let disabled = try await run(
            "ldappasswd",
            uri(ground),
            as: nil,
            "",
            ground,
            ["-a", password, "-s", "Fuenftes-Wort-5", person.account]
        )
        #expect(disabled.status != 0)
        #expect(try await ground.miniorange.entry(person.miniorange)?["pwdAccountLockedTime"] == ["000001010000Z"])
        try await ground.miniorange.set(person.miniorange, "pwdAccountLockedTime")
        try await eventually("enabled at AD again") {
            try await ground.ad.entry(person.ad)?["userAccountControl"] == ["512"]
        }
        #expect(try await works(password, person, ground))
    }

    private func python(_ person: GatewayPerson, _ password: String, _ ground: Ground) async throws {
        let script = """
            import ldap, sys
            uri, ca, name, old, new = sys.argv[1:]
            ldap.set_option(ldap.OPT_X_TLS_CACERTFILE, ca)
            connection = ldap.initialize(uri)
            connection.protocol_version = 3
            connection.start_tls_s()
            try:
                connection.simple_bind_s(name, "wrong")
                sys.exit("a wrong password was taken")
            except ldap.INVALID_CREDENTIALS:
                pass
            connection.simple_bind_s(name, old)
            assert "1.3.6.1.4.1.4203.1.11.1" in [value.decode() for value in
                connection.read_rootdse_s(attrlist=["supportedExtension"])["supportedExtension"]]
            connection.passwd_s(None, old, new)
            connection.simple_bind_s(name, new)
            print(connection.whoami_s())
            """
        let plain = "ldap://\(ground.lab["LAB_ADDRESS"]):1389"
        let words = ["/usr/bin/python3", "-", plain, ground.lab["CA_FILE"], person.account, password, "Python-Wort-6"]
        let answer = try await Program.run(words, input: script)
        #expect(answer.output == "dn:\(person.miniorange)\n", "\(answer.errors)")
        #expect(try await works("Python-Wort-6", person, ground))
    }

    @Test func aChangeWhileTheLDAPSideIsAwayIsPendingAndThenThere() async throws {
        let ground = try await ground("gwo")
        try await withDaemon(ground) { daemon in
            let anna = try await person("anna", "Erstes-Wort-1", ground)
            #expect(try await bind(uri(ground), anna.account, "Erstes-Wort-1", ground) == 0)
            try await eventually("both have it") { try await works("Erstes-Wort-1", anna, ground) }
            try await ground.lab.server(.stop, .miniorange)
            let changed = try await run(
                "ldappasswd",
                uri(ground),
                as: anna.account,
                "Erstes-Wort-1",
                ground,
                ["-a", "Erstes-Wort-1", "-s", "Zweites-Wort-2"]
            )
            #expect(changed.output.contains("(52)"), "\(changed.output)\(changed.errors)")
            #expect(changed.output.contains("Active Directory has the new password"), "\(changed.output)")
            let status = try await daemon.tool("status").output
            #expect(status.contains("password pending for 1"), "\(status)")
            #expect(try await bind(ground.lab["AD_URI"], anna.ad, "Zweites-Wort-2", ground) == 0)
            try await ground.lab.server(.start, .miniorange)
            try await eventually("both have the new one") { try await works("Zweites-Wort-2", anna, ground) }
            try await eventually("none is pending") {
                !(try await daemon.tool("status").output.contains("password pending"))
            }
            // A password that was set at AD itself is carried by the next bind.
            try await ground.ad.set(anna.ad, "unicodePwd", .unicodePassword("Drittes-Wort-3"))
            #expect(try await bind(uri(ground), anna.account, "Drittes-Wort-3", ground) == 0)
            try await eventually("carried") { try await works("Drittes-Wort-3", anna, ground) }
            // Connections survive a reload: the same one binds again after it.
            daemon.reload()
            try await eventually("bound after a reload") {
                try await bind(uri(ground), anna.account, "Drittes-Wort-3", ground) == 0
            }
        }
    }

    @Test func noPasswordIsLeftInMemoryFilesOrLog() async throws {
        let ground = try await ground("gwm", "limits: {failuresPerAccount: 1000, failuresPerAddress: 1000}")
        try await withDaemon(ground) { daemon in
            // Told apart from everything else by what stands in the middle.
            let words = (0..<12).map { "Aa1-gepflanzt\($0)gepflanzt-Zz" }
            let anna = try await person("anna", words[0], ground)
            for index in 1..<words.count {
                #expect(try await bind(uri(ground), anna.account, words[index - 1], ground) == 0)
                let wrong = "Aa1-gepflanztfalsch\(index)gepflanzt-Zz"
                if index % 4 == 0 { _ = try await bind(uri(ground), anna.account, wrong, ground) }
                let changed = try await run(
                    "ldappasswd",
                    uri(ground),
                    as: anna.account,
                    words[index - 1],
                    ground,
                    ["-a", words[index - 1], "-s", words[index]]
                )
                #expect(changed.status == 0, "\(changed.output)\(changed.errors)")
            }
            try await eventually("carried") { try await works(words[words.count - 1], anna, ground) }
            let found = try ProcessMemory(daemon.identifier).places(of: ["gepflanzt"])
            #expect(found.isEmpty, "in memory: \(found.joined(separator: "; "))")
            #expect(!daemon.log.contains("gepflanzt"))
            let cache = try FileManager.default.contentsOfDirectory(atPath: ground.cacheFolder)
            #expect(!cache.isEmpty)
            for file in cache {
                let data = try Data(contentsOf: URL(fileURLWithPath: "\(ground.cacheFolder)/\(file)"))
                for marker in ProcessMemory.spellings("gepflanzt") {
                    #expect(data.range(of: Data(marker)) == nil, "\(file)")
                }
            }
        }
    }
}
