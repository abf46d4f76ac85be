import Foundation
import SyncModel

/// What the sync account may see and write, taken away and given back by the servers' administrators.
extension Lab {
    /// A change of slapd's cn=config by root.
    func configure(_ ldif: String) async throws {
        let socket = "\(self["LAB_DIR"])/ldap/ldapi".replacingOccurrences(of: "/", with: "%2F")
        try await Program.succeed(
            ["/usr/bin/env", "ldapmodify", "-Q", "-Y", "EXTERNAL", "-H", "ldapi://\(socket)"],
            input: ldif
        )
    }

    private func configureDatabase(_ change: String) async throws {
        try await configure("dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\n\(change)\n")
    }

    /// Takes the sight of everything below an entry away, or gives it back.
    func hide(_ dn: String, at side: Side, _ isHidden: Bool) async throws {
        switch side {
        case .ad: try await deny("LC", of: dn, isHidden)
        case .miniorange: try await restrict("dn.children=\"\(dn)\"", to: "none", isHidden)
        }
    }

    /// Takes the sight of one attribute of an entry away, or gives it back.
    func hide(attribute: String, of dn: String, at side: Side, _ isHidden: Bool) async throws {
        switch side {
        case .ad: try await deny("RP", of: dn, attribute: attribute, isHidden)
        case .miniorange: try await restrict("dn.base=\"\(dn)\" attrs=\(attribute)", to: "none", isHidden)
        }
    }

    /// Takes the right to write an entry away, or gives it back.
    func protect(_ dn: String, at side: Side, _ isProtected: Bool) async throws {
        switch side {
        case .ad: try await deny("WP", of: dn, isProtected)
        case .miniorange: try await restrict("dn.base=\"\(dn)\"", to: "read", isProtected)
        }
    }

    /// So many entries, and no more, are listed in one search. Nil: all.
    func limitSearches(to count: Int?) async throws {
        let limits = count.map { "size=\($0) size.prtotal=\($0)" } ?? "size=unlimited"
        let value = "{0}dn.exact=\"\(self["LDAP_SYNC_DN"])\" time=unlimited \(limits)"
        try await configureDatabase("replace: olcLimits\nolcLimits: \(value)")
    }

    /// While the body runs, an entry that has a code of slapo-retcode(5) ends each search that comes upon it, with that code.
    func withReturnCodes(_ body: () async throws -> Void) async throws {
        let database = "olcDatabase={1}mdb,cn=config"
        // The overlay looks for codes by the rights of whoever asks, also before he has signed in.
        try await configure(
            """
            dn: cn=module{0},cn=config
            changetype: modify
            add: olcModuleLoad
            olcModuleLoad: retcode

            dn: \(database)
            changetype: modify
            add: olcAccess
            olcAccess: {0}to * by anonymous read by * break

            dn: olcOverlay={5}retcode,\(database)
            changetype: add
            objectClass: olcOverlayConfig
            objectClass: olcRetcodeConfig
            olcOverlay: {5}retcode
            olcRetcodeParent: ou=Return codes,\(self["LDAP_BASE"])
            olcRetcodeInDir: TRUE

            """
        )
        try await body()
        try await configure(
            """
            dn: olcOverlay={5}retcode,\(database)
            changetype: delete

            dn: \(database)
            changetype: modify
            delete: olcAccess
            olcAccess: {0}

            """
        )
    }

    private func restrict(_ target: String, to right: String, _ isRestricted: Bool) async throws {
        let rule = "{0}to \(target) by dn.exact=\"\(self["LDAP_SYNC_DN"])\" \(right) by * break"
        try await configureDatabase(
            isRestricted ? "add: olcAccess\nolcAccess: \(rule)" : "delete: olcAccess\nolcAccess: {0}"
        )
    }

    /// Puts a denial in front of an entry's rights ([MS-DTYP] 2.5.1), or takes it away, in the domain controller's own database.
    private func deny(_ rights: String, of dn: String, attribute: String = "", _ isDenied: Bool) async throws {
        let script = """
            import sys
            from samba import param
            from samba.auth import system_session
            from samba.dcerpc import misc, security
            from samba.ndr import ndr_pack, ndr_unpack
            from samba.samdb import SamDB
            import ldb
            folder, dn, rights, attribute, wanted = sys.argv[1:]
            settings = param.LoadParm()
            settings.load(folder + "/smb.conf")
            directory = SamDB(url=folder + "/private/sam.ldb", session_info=system_session(), lp=settings)
            domain = security.dom_sid(directory.get_domain_sid())
            account = directory.search(base=directory.domain_dn(), expression="(sAMAccountName=svc-syncline)", attrs=["objectSid"])[0]
            control = "sd_flags:1:%d" % security.SECINFO_DACL
            found = directory.search(base=dn, scope=ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=[control])[0]
            held = ndr_unpack(security.descriptor, found["nTSecurityDescriptor"][0]).as_sddl(domain)
            trustee = ndr_unpack(security.dom_sid, account["objectSid"][0])
            entry = "(D;;%s;;;%s)" % (rights, trustee)
            if attribute:
                schema = directory.search(base=directory.get_schema_basedn(), expression="(lDAPDisplayName=%s)" % attribute, attrs=["schemaIDGUID"])[0]
                entry = "(OD;;%s;%s;;%s)" % (rights, ndr_unpack(misc.GUID, schema["schemaIDGUID"][0]), trustee)
            changed = held.replace("(", entry + "(", 1) if wanted == "true" else held.replace(entry, "")
            assert changed != held, held
            message = ldb.Message(ldb.Dn(directory, dn))
            descriptor = ndr_pack(security.descriptor.from_sddl(changed, domain))
            message["d"] = ldb.MessageElement(descriptor, ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
            directory.modify(message, [control])
            """
        try await Program.succeed(
            ["/usr/bin/python3", "-", "\(self["LAB_DIR"])/ad", dn, rights, attribute, "\(isDenied)"],
            input: script
        )
    }
}
