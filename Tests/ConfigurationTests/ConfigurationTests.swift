import Configuration
import Mapping
import SyncModel
import Testing

@Suite struct ConfigurationTests {
    @Test func aSoundFileIsReadWithItsDefaults() throws {
        let workspace = try Workspace()
        let configuration = try workspace.load(Workspace.sound)
        #expect(configuration.cachePath == "/var/lib/syncline")
        #expect(configuration.cacheEncryption == nil)
        #expect(configuration.adminSocket == "/run/syncline/admin.sock")
        #expect(configuration.adminHTTP == nil)
        #expect(configuration.logLevel == .info)
        #expect(configuration.ad.kind == .activeDirectory)
        #expect(configuration.ad.servers.map(\.host) == ["dc1.example.com"])
        #expect(configuration.ad.servers.map(\.port) == [636])
        #expect(configuration.ad.base.description == "DC=syncline,DC=test")
        #expect(configuration.ad.bindDN == "svc@syncline.test")
        #expect(configuration.ad.caFile == "\(workspace.path)/ca.pem")
        #expect(configuration.ad.feed == .automatic)
        #expect(configuration.ad.pulse == .milliseconds(100))
        #expect(configuration.ad.connectTimeout == .seconds(5))
        #expect(configuration.ad.operationTimeout == .seconds(30))
        #expect(configuration.ad.writesInFlight == 16)
        #expect(!configuration.ad.startTLS)
        #expect(!configuration.ad.allowPlaintext)
        #expect(configuration.miniorange.kind == .openldap)
        #expect(configuration.miniorange.accesslogBase.description == "cn=accesslog")
    }

    @Test func anObjectWithoutDetailsTakesThoseOfItsKind() throws {
        let workspace = try Workspace()
        let object = try #require(try workspace.load(Workspace.sound).objects.first)
        #expect(object.name == "people")
        #expect(object.kind == .user)
        #expect(object.scopes.ad.filter.description == "(&(objectClass=user)(!(objectClass=computer)))")
        #expect(object.scopes.ad.rdn == "cn")
        #expect(object.scopes.ad.objectClasses == ["top", "person", "organizationalPerson", "user"])
        #expect(object.scopes.miniorange.filter.description == "(objectClass=inetOrgPerson)")
        #expect(object.scopes.miniorange.rdn == "uid")
        #expect(object.match == [MatchSpecification(ad: "sAMAccountName", miniorange: "uid")])
        #expect(object.attributes.map(\.ad) == AttributePreset.user.map(\.ad))
        #expect(object.attributes.allSatisfy { $0.origin == "\(workspace.path)/syncline.yaml:22" })
        #expect(object.direction == .both)
        #expect(object.conflict == .newest)
        #expect(object.prefer == .ad)
        #expect(object.attributes.allSatisfy { $0.conflict == nil && $0.prefer == nil })
        #expect(object.deletions == DeletionRule(limit: .usual))
        #expect(object.deleteAgainstChange == .changeWins)
        #expect(!object.isFlat)
    }

    @Test func settingsOfTheFileHoldForObjectsThatSayNothing() throws {
        let text = try Workspace.edited(
            "direction: both\nconflicts: {prefer: ad}\ndeletes: {policy: delete}",
            "direction: to-ad\nconflicts: {rule: miniorange, deleteAgainstChange: delete-wins}\n"
                + "deletes: {policy: keep, grace: 0s, limit: none}"
        )
        let object = try #require(try Workspace().load(text).objects.first)
        #expect(object.direction == .toAD)
        #expect(object.conflict == .miniorange)
        #expect(object.prefer == .miniorange)
        #expect(object.deleteAgainstChange == .deleteWins)
        #expect(object.deletions == DeletionRule(policy: .keep))
        #expect(object.attributes.allSatisfy { $0.direction == .toAD && $0.fallback.isEmpty })
    }

    @Test func anObjectNarrowsTheDirectionAndNeverWidensIt() throws {
        let narrowed = try Workspace.edited("    kind: user", "    kind: user\n    direction: to-miniorange")
        #expect(try Workspace().load(narrowed).objects.first?.direction == .toMiniOrange)

        let widened = narrowed.replacing("direction: both", with: "direction: to-ad")
        let errors = try Workspace().errors(widened)
        #expect(errors.map { $0.position?.description } == ["19:16"])
        #expect(errors.first?.message.contains("wider than the `to-ad`") == true)
    }

    @Test func singleRulesReplaceThePresetsRowsOfTheSameAttribute() throws {
        let text = try Workspace.edited(
            "attributes: default",
            """
            attributes:
                  preset: default
                  without: [PAGER, seeAlso]
                  rules:
                    - {ad: EmployeeNumber, miniorange: employeeNumber, direction: to-miniorange}
                    - {ad: accountExpires, miniorange: shadowExpire, type: account-expires}
                    - {ad: userAccountControl, miniorange: status, type: account-enabled, enabledValue: "on", disabledValue: "off"}
                    - {ad: extensionAttribute1, miniorange: roomNumber, multiValued: false, maximumLength: 9}
            """
        )
        let workspace = try Workspace()
        let rules = try #require(try workspace.load(text).objects.first).attributes
        #expect(!rules.contains { $0.ad == "pager" || $0.ad == "seeAlso" })
        #expect(rules.count == AttributePreset.user.count - 2 + 2)
        let own = Array(rules.suffix(4))
        #expect(own.map(\.ad) == ["EmployeeNumber", "accountExpires", "userAccountControl", "extensionAttribute1"])
        #expect(own.map(\.direction) == [.toMiniOrange, .both, .both, .both])
        #expect(own[1].type == .accountExpiresDays)
        #expect(own[2].type == .accountEnabledFlag(enabled: "on", disabled: "off"))
        #expect(own[3].isSingleValuedAtAD)
        #expect(own[3].maximumLengthAtAD == 9)
        #expect(own.map(\.origin) == (26...29).map { "\(workspace.path)/syncline.yaml:\($0)" })
    }

    @Test func aRuleOfThePresetWrittenOutKeepsItsFallback() throws {
        let text = try Workspace.edited(
            "attributes: default",
            "attributes: [{ad: sAMAccountName, miniorange: uid}, {ad: cn, miniorange: cn}, {ad: sn, miniorange: SN}]"
        )
        let rules = try #require(try Workspace().load(text).objects.first).attributes
        #expect(rules.map(\.fallback) == [[], [], ["cn", "uid"]])
    }

    @Test(
        "A server in clear text is taken on this machine, or by the admin's own word",
        arguments: [
            ("[\"ldap://127.0.0.1:10389\"]", "{caFile: ca.pem}"),
            ("[\"ldap://[::1]\"]", "{caFile: ca.pem}"),
            ("[ldap://localhost]", "{caFile: ca.pem}"),
            ("[ldap://ldap.example.com]", "{allowPlaintext: true}"),
            ("[ldap://ldap.example.com, ldaps://other.example.com]", "{startTLS: true}"),
            ("[\"ldapi://%2Frun%2Fslapd%2Fldapi\"]", "{}"),
        ]
    )
    func plaintext(_ servers: String, _ tls: String) throws {
        let text = try Workspace.edited("[ldaps://ldap.example.com]", servers)
            .replacing(
                "passwordFile: mo.password}\n  tls: {caFile: ca.pem}",
                with: "passwordFile: mo.password}\n  tls: \(tls)"
            )
        #expect(try Workspace().errors(text).map(\.description) == [])
    }

    @Test func endpointsAreTyped() throws {
        let servers = "[\"ldapi://%2Frun%2Fslapd%2Fldapi\", \"LDAPS://[2001:db8::1]:1636\", ldaps://ldap.example.com]"
        let text = try Workspace.edited("[ldaps://ldap.example.com]", servers)
        let endpoints = try Workspace().load(text).miniorange.servers
        #expect(endpoints.map(\.scheme) == [.ldapi, .ldaps, .ldaps])
        #expect(endpoints.map(\.host) == ["/run/slapd/ldapi", "2001:db8::1", "ldap.example.com"])
        #expect(endpoints.map(\.port) == [0, 1636, 636])
        #expect(endpoints[2].text == "ldaps://ldap.example.com")
    }

    @Test func anAliasStandsForWhatItNames() throws {
        let text = try Workspace.edited("direction: both", "direction: &way both")
            .replacing("    kind: user", with: "    kind: user\n    direction: *way")
        #expect(try Workspace().errors(text).isEmpty)
    }

    @Test(
        "The digest of the mapping moves with what is synchronised",
        arguments: [
            ("filter", "DC=test\"}\n    mini", "DC=test\", filter: \"(cn=*)\"}\n    mini"),
            ("base", "ou=people,dc", "ou=staff,dc"),
            ("direction", "direction: both", "direction: to-ad"),
            ("rules", "attributes: default", "attributes: {preset: default, without: [pager]}"),
            ("match", "miniorange: uid}]", "miniorange: uid}, {ad: mail, miniorange: mail}]"),
            ("hierarchy", "    kind: user", "    kind: user\n    hierarchy: flat"),
        ]
    )
    func digestMoves(_ name: String, _ piece: String, _ replacement: String) throws {
        let workspace = try Workspace()
        let before = try workspace.load(Workspace.sound)
        let after = try workspace.load(Workspace.edited(piece, replacement))
        #expect(before.mappingDigest != after.mappingDigest)
        #expect(before.serverDigest == after.serverDigest)
    }

    @Test(
        "The digest of the mapping stays with all else",
        arguments: [
            ("layout", "version: 1", "# a comment\n\nversion: 1"),
            ("server", "ldaps://dc1.example.com", "ldaps://dc2.example.com"),
            ("case", "OU=People,DC=syncline", "ou=PEOPLE,dc=Syncline"),
            ("conflicts", "{prefer: ad}", "{prefer: miniorange}"),
        ]
    )
    func digestStays(_ name: String, _ piece: String, _ replacement: String) throws {
        let workspace = try Workspace()
        let before = try workspace.load(Workspace.sound)
        let after = try workspace.load(Workspace.edited(piece, replacement))
        #expect(before.mappingDigest == after.mappingDigest)
        #expect(before.mappingDigest.count == 16)
        #expect(before.serverDigest == after.serverDigest)
    }
}
