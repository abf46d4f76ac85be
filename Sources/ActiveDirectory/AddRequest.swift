internal import LDAPClient
internal import SyncModel

/// The add of an entry as a domain controller takes it.
enum AddRequest {
    private static let accountDisabled: Int64 = 2

    /// An enabled account needs a password (Windows answers 53 without one), which only a protected connection may
    /// carry: over another the account is made disabled.
    static func operation(
        name: DistinguishedName,
        objectClasses: [String],
        attributes: Attributes,
        isProtected: Bool,
        password: () -> Octets = InitialPassword.make
    ) -> LDAPOperation {
        var list = [LDAPAttribute("objectClass", objectClasses.map { Octets($0) })]
        var isEnabled = false
        for item in attributes.items where item.name != "objectclass" {
            guard item.name == "useraccountcontrol", let flags = item.values.first?.text.flatMap({ Int64($0) }) else {
                list.append(LDAPAttribute(item.name, item.values))
                continue
            }
            isEnabled = flags & accountDisabled == 0
            let given = isProtected ? flags : flags | accountDisabled
            list.append(LDAPAttribute(item.name, [Octets(String(given))]))
        }
        if isEnabled && isProtected && attributes["unicodepwd"].isEmpty {
            list.append(LDAPAttribute("unicodePwd", [password()]))
        }
        return .add(dn: name.description, attributes: list)
    }
}

extension ActiveDirectorySettings {
    func isProtected(_ endpoint: LDAPEndpoint) -> Bool {
        endpoint.transport != .ldap || tls.startTLS
    }
}
