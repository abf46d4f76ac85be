import Foundation
import SyncModel
import Testing

/// slapd in front of the gateway, by each of the ways that it has of asking another server.
extension GatewayTests {
    private func front(_ ground: Ground) -> String { "ldap://\(ground.lab["LAB_ADDRESS"]):2389" }

    /// Runs a slapd with this configuration beside the body.
    private func withFront(_ configuration: String, _ ground: Ground, _ body: () async throws -> Void) async throws {
        let folder = "\(ground.folder)/front"
        let head = """
            include /etc/ldap/schema/core.schema
            include /etc/ldap/schema/cosine.schema
            include /etc/ldap/schema/inetorgperson.schema
            modulepath /usr/lib/ldap
            moduleload back_ldap
            pidfile \(folder)/pid

            """
        try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
        try (head + configuration).write(toFile: "\(folder)/slapd.conf", atomically: true, encoding: .utf8)
        let slapd = try RunningProgram.start(
            ["/usr/sbin/slapd", "-d", "0", "-f", "\(folder)/slapd.conf", "-h", front(ground)],
            input: "/dev/null",
            output: "\(folder)/log",
            errors: nil
        )
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        slapd.send(SIGTERM)
        _ = await slapd.ended()
        try result.get()
    }

    /// The backend of that name: binds and all else go to the gateway as they came.
    @Test func aDatabaseOfBackLDAPPassesBindsAndChangesOn() async throws {
        let ground = try await ground("gws")
        let configuration = """
            database ldap
            suffix "\(ground.lab["LDAP_BASE"])"
            uri "\(uri(ground))"
            tls ldaps tls_cacert=\(ground.lab["CA_FILE"]) tls_reqcert=demand
            rebind-as-user yes

            """
        try await withDaemon(ground) { _ in
            let anna = try await person("anna", "Erstes-Wort-1", ground)
            try await withFront(configuration, ground) {
                try await eventually("bound through slapd") {
                    try await bind(front(ground), anna.miniorange, "Erstes-Wort-1", ground) == 0
                }
                #expect(try await bind(front(ground), anna.miniorange, "falsch", ground) == 49)
                let changed = try await run(
                    "ldappasswd",
                    front(ground),
                    as: anna.miniorange,
                    "Erstes-Wort-1",
                    ground,
                    ["-a", "Erstes-Wort-1", "-s", "Zweites-Wort-2"]
                )
                #expect(changed.status == 0, "\(changed.output)\(changed.errors)")
                #expect(try await works("Zweites-Wort-2", anna, ground))
            }
        }
    }

    /// A read-only replica without passwords: slapo-remoteauth(5) has the gateway check binds, and slapo-chain(5) passes the changes on for which the
    /// replica refers to it.
    @Test func aReplicaAsksByRemoteauthAndChain() async throws {
        let ground = try await ground("gwr")
        let lab = ground.lab
        let tls = "tls_cacert=\(lab["CA_FILE"]) tls_reqcert=demand"
        let secret = try String(contentsOfFile: lab["LDAP_ADMIN_PASSWORD_FILE"], encoding: .utf8)
        let configuration = """
            moduleload back_mdb
            moduleload remoteauth
            moduleload memberof
            moduleload ppolicy
            overlay chain
            chain-uri "\(uri(ground))"
            chain-tls ldaps \(tls)
            chain-return-error TRUE
            database mdb
            suffix "\(lab["LDAP_BASE"])"
            rootdn "\(lab["LDAP_ADMIN_DN"])"
            directory \(ground.folder)/front/data
            access to * by users read by anonymous auth
            syncrepl rid=1 provider=\(lab["LDAPS_URI"]) type=refreshAndPersist retry="1 +" searchbase="\(lab["LDAP_BASE"])"
              schemachecking=off exattrs=userPassword,memberOf bindmethod=simple binddn="\(lab["LDAP_ADMIN_DN"])"
              credentials="\(secret.trimmingCharacters(in: .newlines))" \(tls)
            updateref "\(uri(ground))"
            overlay remoteauth
            remoteauth_dn_attribute uid
            remoteauth_domain_attribute associatedDomain
            remoteauth_default_domain syncline
            remoteauth_default_realm \(uri(ground))
            remoteauth_tls \(tls)

            """
        try await withDaemon(ground) { _ in
            let anna = try await person("anna", "Erstes-Wort-1", ground)
            try await withFront(configuration, ground) {
                try await eventually("bound by way of the replica") {
                    try await bind(front(ground), anna.miniorange, "Erstes-Wort-1", ground) == 0
                }
                #expect(try await bind(front(ground), anna.miniorange, "falsch", ground) == 49)
                let ldif = """
                    dn: \(anna.miniorange)
                    changetype: modify
                    delete: userPassword
                    userPassword: %@
                    -
                    add: userPassword
                    userPassword: Zweites-Wort-2

                    """
                func change(from former: String) async throws -> Program.Answer {
                    try await run(
                        "ldapmodify",
                        front(ground),
                        as: anna.miniorange,
                        "Erstes-Wort-1",
                        ground,
                        input: ldif.replacingOccurrences(of: "%@", with: former)
                    )
                }
                let refused = try await change(from: "falsch")
                #expect(refused.status == 49, "\(refused.errors)")
                #expect(try await works("Erstes-Wort-1", anna, ground))
                let changed = try await change(from: "Erstes-Wort-1")
                #expect(changed.status == 0, "\(changed.output)\(changed.errors)")
                #expect(try await works("Zweites-Wort-2", anna, ground))
                #expect(try await bind(front(ground), anna.miniorange, "Zweites-Wort-2", ground) == 0)
                #expect(try await bind(front(ground), anna.miniorange, "Erstes-Wort-1", ground) == 49)
            }
        }
    }
}
