internal import LDAPClient
internal import SyncModel

/// The add of an entry as a domain controller takes it.
enum AddRequest {
    private static let accountDisabled: Int64 = 2

    /// - Parameters:
    ///   - password: what unicodePwd takes; nil for an account that is made disabled and without a password, whatever it is to be. An enabled account
    ///     needs one (Windows answers 53 without).
    ///   - mustChange: at the first logon.
    static func operation(
        name: DistinguishedName,
        objectClasses: [String],
        attributes: Attributes,
        password: Octets?,
        mustChange: Bool = false
    ) -> LDAPOperation {
        var list = [LDAPAttribute("objectClass", objectClasses.map { Octets($0) })]
        for item in attributes.items where item.name != "objectclass" {
            guard item.name == "useraccountcontrol", let flags = item.values.first?.text.flatMap({ Int64($0) }) else {
                list.append(LDAPAttribute(item.name, item.values))
                continue
            }
            let given = password == nil ? flags | accountDisabled : flags
            list.append(LDAPAttribute(item.name, [Octets(String(given))]))
        }
        if let password {
            list.append(LDAPAttribute("unicodePwd", [password]))
            if mustChange, attributes["pwdlastset"].isEmpty { list.append(LDAPAttribute("pwdLastSet", ["0"])) }
        }
        return .add(dn: name.description, attributes: list)
    }

    /// Whether the entry is an account at all.
    static func isAccount(_ attributes: Attributes) -> Bool { !attributes["useraccountcontrol"].isEmpty }
}

extension ActiveDirectorySettings {
    func isProtected(_ endpoint: LDAPEndpoint) -> Bool {
        endpoint.transport != .ldap || tls.startTLS
    }
}
