import Foundation
import SyncModel
import Testing

/// A second server of a side, in a lab of its own, that serves the same directory as the original's.
struct Twin: Sendable {
    let side: Side
    let original: Lab
    let lab: Lab

    func uri(_ lab: Lab) -> String { lab[side == .ad ? "AD_URI" : "LDAPS_URI"] }

    /// A file with both labs' certificate authorities.
    func authorities() throws -> String {
        let file = "\(lab["LAB_DIR"])/both.pem"
        let both = try [original, lab].map { try String(contentsOfFile: $0["CA_FILE"], encoding: .utf8) }
        try both.joined().write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    /// The same place at the twin.
    func directory(like directory: Directory) -> Directory {
        let twin = lab.directory(side)
        return Directory(
            side: side,
            uri: twin.uri,
            account: twin.account,
            passwordFile: twin.passwordFile,
            caFile: twin.caFile,
            base: directory.base
        )
    }

    // MARK: slapd

    /// Starts the twin from a copy of the original's databases. From then on both are providers and consumers of each other (slapd.conf(5), multiprovider).
    func replicate() async throws {
        try await original.server(.stop, .miniorange)
        for folder in ["data", "log"] {
            try await copy("ldap/\(folder)")
        }
        try await original.server(.start, .miniorange)
        try await lab.server(.start, .miniorange)
        for (number, (consumer, provider)) in [(original, lab), (lab, original)].enumerated() {
            let secret = try String(contentsOfFile: provider["LDAP_ADMIN_PASSWORD_FILE"], encoding: .utf8)
            try await consumer.configure(
                """
                dn: cn=config
                changetype: modify
                replace: olcServerID
                olcServerID: \(number + 1)

                dn: olcDatabase={1}mdb,cn=config
                changetype: modify
                add: olcSyncrepl
                olcSyncrepl: rid=1 provider=\(provider["LDAPS_URI"]) type=refreshAndPersist retry="1 +" searchbase="\(provider["LDAP_BASE"])"
                  bindmethod=simple binddn="\(provider["LDAP_ADMIN_DN"])" credentials="\(secret.trimmingCharacters(in: .newlines))"
                  tls_cacert=\(try authorities()) tls_reqcert=demand
                -
                replace: olcMultiProvider
                olcMultiProvider: TRUE

                """
            )
        }
    }

    // MARK: Samba

    /// Copies the original's database, and makes another domain controller of the copy: another name and invocationId, and numbers that go on on their own.
    func copyDomainController() async throws {
        try await original.server(.stop, .ad)
        try await copy("ad/private")
        try await original.server(.start, .ad)
        let script = """
            import sys, uuid
            from samba import param
            from samba.auth import system_session
            from samba.dcerpc import misc
            from samba.ndr import ndr_pack
            from samba.samdb import SamDB
            import ldb
            folder = sys.argv[1]
            settings = param.LoadParm()
            settings.load(folder + "/smb.conf")
            directory = SamDB(url=folder + "/private/sam.ldb", session_info=system_session(), lp=settings)
            message = ldb.Message(ldb.Dn(directory, directory.get_dsServiceName()))
            number = ndr_pack(misc.GUID(str(uuid.uuid4())))
            message["i"] = ldb.MessageElement(number, ldb.FLAG_MOD_REPLACE, "invocationId")
            directory.modify(message, ["relax:0"])
            server = directory.get_serverName()
            directory.rename(server, "CN=DC2," + server.split(",", 1)[1], ["relax:0"])
            """
        try await Program.succeed(["/usr/bin/python3", "-", "\(lab["LAB_DIR"])/ad"], input: script)
    }

    private func copy(_ folder: String) async throws {
        let (from, to) = ("\(original["LAB_DIR"])/\(folder)", "\(lab["LAB_DIR"])/\(folder)")
        try await Program.succeed(["/bin/bash", "-c", "rm -rf '\(to)' && cp -a '\(from)' '\(to)'"])
    }
}
