import Mapping
import SyncModel

/// Attributes whose values nobody is shown.
enum SecretAttributes {
    private static let names: Set<String> = [
        "userpassword", "unicodepwd", "authpassword", "sambantpassword", "sambalmpassword", "pwdhistory",
        "ntpwdhistory", "lmpwdhistory", "dbcspwd", "supplementalcredentials",
    ]

    /// - Parameter attribute: a side's or a canonical name, with or without options.
    static func contains(_ attribute: String) -> Bool {
        let name = CaseFolding.lowercaseName(String(attribute.prefix { $0 != ";" }))
        return names.contains(name) || name.contains("password")
    }

    /// Whether a canonical attribute, which has AD's name, is secret there or by the name that its rule has at the LDAP side.
    static func contains(_ canonical: String, _ mapping: ObjectMapping?) -> Bool {
        if contains(canonical) { return true }
        let name = canonical.prefix { $0 != ";" }
        return mapping?.specification.attributes.contains {
            CaseFolding.lowercaseName($0.ad) == name && contains($0.miniorange)
        } ?? false
    }
}
