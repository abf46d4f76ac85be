import Foundation
import SyncModel
import Testing

/// Somebody who is there on both sides and enabled, with one password at AD.
struct GatewayPerson {
    var account: String
    var ad: String
    var miniorange: String
}

/// What tests of the password gateway begin with, and what they ask.
protocol GatewaySuite {}

extension GatewaySuite {
    func ground(
        _ tag: String,
        authority: String = "ad",
        attributes: String = "default",
        _ more: String = ""
    ) async throws -> Ground {
        let lab = try #require(Lab.current)
        let place = "\(lab["LAB_DIR"])/gateway-\(tag).key"
        let key = try String(contentsOfFile: "\(lab["LAB_DIR"])/tls/ldap.key", encoding: .utf8)
        try key.write(toFile: place, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: place)
        var settings = Ground.Settings()
        settings.attributes = attributes
        settings.more = """
            gateway:
              listen: "\(lab["LAB_ADDRESS"]):1636"
              startTLS: "\(lab["LAB_ADDRESS"]):1389"
              certificateFile: "\(lab["LAB_DIR"])/tls/ldap.crt"
              keyFile: "\(place)"
              authority: \(authority)
              administrators: ["\(lab["LDAP_ADMIN_DN"])"]
              \(more)
            """
        let ground = try await Ground.make(tag, settings)
        // The domain's default lets nobody change a password twice a day.
        try await ground.ad.set(lab["AD_BASE"], "minPwdAge", "0")
        return ground
    }

    func uri(_ ground: Ground) -> String { "ldaps://\(ground.lab["LAB_ADDRESS"]):1636" }

    func person(_ name: String, _ password: String, _ ground: Ground) async throws -> GatewayPerson {
        let account = ground.person(name)
        let mail: [(String, [Octets])] = [("mail", [Octets("\(account)@syncline.test")])]
        try await ground.ad.apply(ground.ad.newPerson(account, mail))
        let dn = ground.ad.dn(account)
        try await ground.ad.set(dn, "unicodePwd", .unicodePassword(password))
        try await ground.ad.set(dn, "userAccountControl", "512")
        var found: Entry?
        try await eventually("\(account) is there and enabled") {
            found = try await ground.miniorange.person(account)
            return found.map { $0["pwdAccountLockedTime"].isEmpty } ?? false
        }
        return GatewayPerson(account: account, ad: dn, miniorange: try #require(found).dn)
    }

    /// OpenLDAP's tools, with the password in a file.
    func run(
        _ tool: String,
        _ uri: String,
        as name: String?,
        _ password: String,
        _ ground: Ground,
        _ words: [String] = [],
        input: String = ""
    ) async throws -> Program.Answer {
        let file = "\(ground.folder)/secret-\(UUID().uuidString)"
        try Data(password.utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let bind = name.map { ["-D", $0, "-y", file] } ?? []
        let environment = ["/usr/bin/env", "LDAPTLS_CACERT=\(ground.lab["CA_FILE"])", tool]
        return try await Program.run(environment + ["-x", "-H", uri] + bind + words, input: input)
    }

    /// The result code of a bind at one of the servers, or at the gateway.
    func bind(_ uri: String, _ name: String, _ password: String, _ ground: Ground) async throws -> Int32 {
        // Samba knows no Who am I?; everybody has a root DSE.
        try await run("ldapsearch", uri, as: name, password, ground, ["-LLL", "-s", "base", "-b", "", "1.1"]).status
    }

    func works(_ password: String, _ person: GatewayPerson, _ ground: Ground) async throws -> Bool {
        let ad = try await bind(ground.lab["AD_URI"], person.ad, password, ground)
        let miniorange = try await bind(ground.lab["LDAPS_URI"], person.miniorange, password, ground)
        return ad == 0 && miniorange == 0
    }
}
