/// One key of the file.
struct Key: Sendable {
    let name: String
    /// How the key is written, for who left it out or wrote something else.
    let example: String

    init(_ name: String, _ example: String) {
        self.name = name
        self.example = example
    }
}

/// Every key of the file, by the path of the section that holds it. List items count as their list.
enum Grammar {
    static func keys(of section: String) -> [Key] {
        sections[section] ?? []
    }

    /// How the key at `path` is written.
    static func example(of path: String) -> String {
        let parts = path.split(separator: ".").map(String.init)
        let section = parts.dropLast().joined(separator: ".")
        let example = keys(of: section).first { $0.name == parts.last }?.example
        return "\(parts.last ?? path): \(example ?? "…")"
    }

    static let sections: [String: [Key]] = {
        var sections = general
        for side in ["ad", "miniorange"] {
            let isAD = side == "ad"
            sections[side] = sideKeys(isAD: isAD)
            sections["\(side).bind"] = [
                Key("dn", isAD ? "svc-syncline@example.com" : "\"cn=syncline,dc=example,dc=com\""),
                Key("passwordFile", "/etc/syncline/\(side).password"),
            ]
            sections["\(side).tls"] = [
                Key("caFile", "/etc/syncline/\(side)-ca.pem"),
                Key("startTLS", "true"),
                Key("allowPlaintext", "false"),
            ]
            sections["\(side).timeouts"] = [Key("connect", "5s"), Key("operation", "30s")]
            sections["\(side).limits"] = [Key("writesInFlight", "16")]
        }
        return sections
    }()

    private static func sideKeys(isAD: Bool) -> [Key] {
        let password = isAD ? "ad.password" : "miniorange.password"
        let shared = [
            Key("kind", isAD ? "active-directory" : "openldap"),
            Key("servers", isAD ? "[ldaps://dc1.example.com]" : "[ldaps://ldap.example.com]"),
            Key("base", isAD ? "DC=example,DC=com" : "dc=example,dc=com"),
            Key("bind", "{dn: …, passwordFile: /etc/syncline/\(password)}"),
            Key("tls", "{caFile: /etc/syncline/ca.pem}"),
            Key("timeouts", "{connect: 5s, operation: 30s}"),
            Key("feed", "auto"),
            Key("pulse", "100ms"),
            Key("limits", "{writesInFlight: 16}"),
        ]
        return isAD ? shared : shared + [Key("accesslogBase", "cn=accesslog")]
    }

    private static let deletes = [
        Key("policy", "delete"),
        Key("grace", "0s"),
        Key("limit", "{count: 500, percent: 5, window: 1h}"),
        Key("containers", "{ad: \"OU=Leavers,DC=example,DC=com\", miniorange: \"ou=leavers,dc=example,dc=com\"}"),
        Key("disable", "false"),
    ]
    private static let limit = [Key("count", "500"), Key("percent", "5"), Key("window", "1h")]
    private static let departure = [
        Key("ad", "\"OU=Leavers,DC=example,DC=com\""), Key("miniorange", "\"ou=leavers,dc=example,dc=com\""),
    ]

    private static let general: [String: [Key]] = [
        "": [
            Key("version", "1"),
            Key("cache", "{path: /var/lib/syncline}"),
            Key("admin", "{socket: /run/syncline/admin.sock}"),
            Key("log", "{level: info}"),
            Key("ad", "{servers: …, base: …, bind: …, tls: …}"),
            Key("miniorange", "{servers: …, base: …, bind: …, tls: …}"),
            Key("direction", "both"),
            Key("conflicts", "{rule: newest, prefer: ad}"),
            Key("deletes", "{policy: delete}"),
            Key("accounts", "{ad: {initialPassword: random}, miniorange: {initialPassword: none}}"),
            Key("schedule", "{reconcile: daily 02:00}"),
            Key("objects", "[{name: people, kind: user, ad: {base: …}, miniorange: {base: …}}]"),
            Key(
                "gateway",
                "{listen: \"0.0.0.0:636\", certificateFile: /etc/syncline/gateway.crt, keyFile: /etc/syncline/gateway.key}"
            ),
        ],
        "cache": [
            Key("path", "/var/lib/syncline"),
            Key("history", "90d"),
            Key("encrypt", "false"),
            Key("keyFile", "/etc/syncline/cache.key"),
        ],
        "admin": [
            Key("socket", "/run/syncline/admin.sock"),
            Key("group", "syncline-admins"),
            Key("roles", "{look: [helpdesk], operate: [operators], approve: [directory-admins]}"),
            Key("http", "127.0.0.1:8389"),
        ],
        "admin.roles": [
            Key("look", "[helpdesk]"), Key("operate", "[operators]"), Key("approve", "[directory-admins]"),
        ],
        "log": [Key("level", "info")],
        "gateway": [
            Key("listen", "\"0.0.0.0:636\""),
            Key("startTLS", "\"0.0.0.0:389\""),
            Key("certificateFile", "/etc/syncline/gateway.crt"),
            Key("keyFile", "/etc/syncline/gateway.key"),
            Key("authority", "ad"),
            Key("administrators", "[\"cn=helpdesk,dc=example,dc=com\"]"),
            Key("resetProtected", "false"),
            Key("pending", "1h"),
            Key("limits", "{connections: 2000, connectionsPerAddress: 500}"),
        ],
        "gateway.limits": [
            Key("connections", "2000"),
            Key("connectionsPerAddress", "500"),
            Key("handshake", "10s"),
            Key("idle", "5m"),
            Key("failuresPerAccount", "10"),
            Key("failuresPerAddress", "100"),
            Key("failureWindow", "5m"),
        ],
        "conflicts": [
            Key("rule", "newest"),
            Key("prefer", "ad"),
            Key("clockTolerance", "2s"),
            Key("deleteAgainstChange", "change-wins"),
            Key("provenance", "[{author: \"uid=idp,*\", rank: 10}]"),
            Key("oscillation", "{changes: 6, within: 60s}"),
            Key("retention", "90d"),
        ],
        "conflicts.provenance": [
            Key("author", "\"uid=idp,*\""),
            Key("server", "\"dc1*\""),
            Key("rank", "10"),
        ],
        "conflicts.oscillation": [Key("changes", "6"), Key("within", "60s")],
        "deletes": deletes,
        "deletes.limit": limit,
        "deletes.containers": departure,
        "accounts": [
            Key("ad", "{initialPassword: random, mustChange: false}"),
            Key("miniorange", "{initialPassword: none}"),
            Key(
                "handOver",
                "{certificateFile: /etc/syncline/provisioning.crt, file: /var/lib/syncline/initial-passwords}"
            ),
        ],
        "accounts.ad": [Key("initialPassword", "random"), Key("mustChange", "false")],
        "accounts.miniorange": [Key("initialPassword", "none"), Key("realm", "EXAMPLE.COM")],
        "accounts.handOver": [
            Key("certificateFile", "/etc/syncline/provisioning.crt"),
            Key("file", "/var/lib/syncline/initial-passwords"),
        ],
        "schedule": [Key("reconcile", "daily 02:00"), Key("mode", "live")],
        "objects": [
            Key("name", "people"),
            Key("kind", "user"),
            Key("direction", "both"),
            Key("ad", "{base: \"OU=People,DC=example,DC=com\"}"),
            Key("miniorange", "{base: \"ou=people,dc=example,dc=com\"}"),
            Key("hierarchy", "tree"),
            Key(
                "containers",
                "[{ad: \"OU=Berlin,OU=People,DC=example,DC=com\", miniorange: \"ou=berlin,ou=people,dc=example,dc=com\"}]"
            ),
            Key("memberships", "{nested: keep}"),
            Key("match", "[{ad: sAMAccountName, miniorange: uid}]"),
            Key("attributes", "default"),
            Key("conflicts", "{rule: newest, prefer: ad}"),
            Key("deletes", "{policy: delete}"),
        ],
        "objects.ad": [
            Key("base", "\"OU=People,DC=example,DC=com\""),
            Key("filter", "\"(&(objectClass=user)(!(objectClass=computer)))\""),
            Key("objectClass", "[top, person, organizationalPerson, user]"),
            Key("rdn", "cn"),
            Key("onlyMembersOf", "\"CN=Synced,OU=Teams,DC=example,DC=com\""),
            Key("groupType", "global-security"),
        ],
        "objects.miniorange": [
            Key("base", "\"ou=people,dc=example,dc=com\""),
            Key("filter", "\"(objectClass=inetOrgPerson)\""),
            Key("objectClass", "[top, person, organizationalPerson, inetOrgPerson]"),
            Key("rdn", "uid"),
            Key("onlyMembersOf", "\"cn=synced,ou=teams,dc=example,dc=com\""),
            Key("membership", "member"),
        ],
        "objects.containers": [
            Key("ad", "\"OU=Berlin,OU=People,DC=example,DC=com\""),
            Key("miniorange", "\"ou=berlin,ou=people,dc=example,dc=com\""),
        ],
        "objects.memberships": [
            Key("direction", "both"),
            Key("placeholder", "\"cn=nobody,ou=teams,dc=example,dc=com\""),
            Key("nested", "keep"),
            Key("primaryGroup", "false"),
            Key("createMissing", "false"),
            Key("kept", "keep"),
            Key("userAttribute", "memberOf"),
            Key("userValues", "dns"),
            Key("entries", "true"),
        ],
        "objects.conflicts": [
            Key("rule", "newest"),
            Key("prefer", "ad"),
            Key("deleteAgainstChange", "change-wins"),
        ],
        "objects.deletes": deletes,
        "objects.deletes.limit": limit,
        "objects.deletes.containers": departure,
        "objects.match": [Key("ad", "sAMAccountName"), Key("miniorange", "uid")],
        "objects.attributes": [
            Key("preset", "default"),
            Key("rules", "[{ad: givenName, miniorange: givenName}]"),
            Key("without", "[pager]"),
        ],
        "objects.attributes.rules": [
            Key("ad", "givenName"),
            Key("miniorange", "givenName"),
            Key("type", "value"),
            Key("direction", "both"),
            Key("conflict", "newest"),
            Key("prefer", "ad"),
            Key("multiValued", "true"),
            Key("maximumLength", "64"),
            Key("fallback", "[cn, uid]"),
            Key("enabledValue", "\"TRUE\""),
            Key("disabledValue", "\"FALSE\""),
            Key("unit", "days"),
        ],
    ]
}
