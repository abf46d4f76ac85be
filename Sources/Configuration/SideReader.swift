import SyncModel

/// Reads the section of one directory.
///
/// A placeholder stands wherever something was reported: no configuration with a problem is handed out.
struct SideReader {
    let side: Side
    let section: Section

    func read() -> SideConfiguration {
        let kind = readKind()
        let tls = readTLS()
        let bind = section.require("bind")?.asSection()
        let timeouts = section["timeouts"]?.asSection()
        let limits = section["limits"]?.asSection()
        let feed = readFeed(kind: kind)
        return SideConfiguration(
            kind: kind,
            servers: readServers(tls),
            base: section.require("base")?.asDistinguishedName() ?? DistinguishedName([]),
            bindDN: bind?.require("dn").flatMap(bindName) ?? "",
            password: bind?.require("passwordFile").map(section.reading.files.password) ?? Secret(Octets()),
            caFile: tls.caFile,
            startTLS: tls.startTLS,
            allowPlaintext: tls.allowPlaintext,
            connectTimeout: timeouts?["connect"]?.asDuration(in: .milliseconds(100)...(.seconds(300))) ?? .seconds(5),
            operationTimeout: timeouts?["operation"]?.asDuration(in: .milliseconds(100)...(.seconds(3600)))
                ?? .seconds(30),
            feed: feed,
            accesslogBase: readAccesslogBase(feed: feed),
            pulse: section["pulse"]?.asDuration(in: .milliseconds(10)...(.seconds(3600))) ?? .milliseconds(100),
            writesInFlight: limits?["writesInFlight"]?.asInteger(in: 1...256) ?? 16
        )
    }

    private func readKind() -> DirectoryKind {
        switch side {
        case .ad: section["kind"]?.asChoice(["active-directory": .activeDirectory]) ?? .activeDirectory
        case .miniorange: section["kind"]?.asChoice(["openldap": .openldap, "ldap": .ldap]) ?? .openldap
        }
    }

    private func readFeed(kind: DirectoryKind) -> FeedChoice {
        guard let value = section["feed"] else { return .automatic }
        let choice: FeedChoice? =
            switch side {
            case .ad: value.asChoice(["auto": .automatic, "usn": .usn, "dirsync": .dirsync])
            case .miniorange:
                value.asChoice([
                    "auto": .automatic, "accesslog": .accesslog, "syncrepl": .syncrepl, "polling": .polling,
                ])
            }
        guard let choice else { return .automatic }
        if choice == .accesslog, kind == .ldap {
            let remedy = "write `kind: openldap`, or `feed: auto`"
            value.report("`\(value.path): accesslog` needs an OpenLDAP server, but `kind` is `ldap`", remedy: remedy)
        }
        return choice
    }

    private func readAccesslogBase(feed: FeedChoice) -> DistinguishedName {
        let usual = DistinguishedName([RelativeDistinguishedName(type: "cn", value: "accesslog")])
        guard side == .miniorange, let value = section["accesslogBase"] else { return usual }
        if feed != .automatic, feed != .accesslog {
            let message = "`\(value.path)` has no effect with `feed: \(feed.rawValue)`"
            value.report(message, remedy: "remove it, or write `feed: accesslog`")
        }
        return value.asDistinguishedName() ?? usual
    }

    // MARK: Servers and TLS

    private struct TLS {
        var caFile: String?
        var startTLS = false
        var allowPlaintext = false
        var startTLSValue: Value?
    }

    private func readTLS() -> TLS {
        guard let tls = section["tls"]?.asSection() else { return TLS() }
        let result = TLS(
            caFile: tls["caFile"].flatMap(section.reading.files.certificates),
            startTLS: tls["startTLS"]?.asFlag() ?? false,
            allowPlaintext: tls["allowPlaintext"]?.asFlag() ?? false,
            startTLSValue: tls["startTLS"]
        )
        if result.startTLS, result.allowPlaintext {
            result.startTLSValue?.report(
                "`\(tls.path).startTLS` and `\(tls.path).allowPlaintext` are both true",
                remedy: "keep `startTLS: true` and remove `allowPlaintext`; a refused StartTLS never falls back"
            )
        }
        return result
    }

    private func readServers(_ tls: TLS) -> [ServerEndpoint] {
        guard let list = section.require("servers"), let values = list.asList() else { return [] }
        guard !values.isEmpty else {
            list.report("`\(list.path)` is empty", remedy: "write `\(Grammar.example(of: list.path))`")
            return []
        }
        var endpoints: [ServerEndpoint] = []
        for value in values {
            guard let endpoint = readServer(value, tls) else { continue }
            if endpoints.contains(where: { $0.host == endpoint.host && $0.port == endpoint.port }) {
                value.report("`\(endpoint.text)` is listed twice", remedy: "keep one of the two")
            }
            endpoints.append(endpoint)
        }
        if tls.startTLS, endpoints.count == values.count, !endpoints.contains(where: { $0.scheme == .ldap }) {
            tls.startTLSValue?.report(
                "`\(section.path).tls.startTLS` is for `ldap://` servers, and none is listed",
                remedy: "remove it (`ldaps://` is TLS from the start)"
            )
        }
        return endpoints
    }

    private func readServer(_ value: Value, _ tls: TLS) -> ServerEndpoint? {
        guard let text = value.asText() else { return nil }
        let example = side == .ad ? "ldaps://dc1.example.com" : "ldaps://ldap.example.com"
        let endpoint: ServerEndpoint
        do throws(ServerEndpointError) {
            endpoint = try ServerEndpoint(configured: text)
        } catch {
            value.report(
                "`\(value.path)`: `\(text)` \(error.reason)",
                remedy: "write `\(example)`, with a port if it is not the usual one: `\(example):636`"
            )
            return nil
        }
        if endpoint.scheme == .ldapi, side == .ad {
            value.report("`\(value.path)`: AD has no local socket", remedy: "write `\(example)`")
        }
        if endpoint.scheme == .ldap, !endpoint.isLocal, !tls.startTLS, !tls.allowPlaintext {
            let host = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
            value.report(
                "`\(text)` would send the password and everything else in clear text",
                remedy: "write `ldaps://\(host)`, or `tls: {startTLS: true}`; "
                    + "`tls: {allowPlaintext: true}` only on a network that nobody else can read"
            )
        }
        return endpoint
    }

    // MARK: Bind

    /// AD takes a userPrincipalName and DOMAIN\name as well ([MS-ADTS] 5.1.1.1.1); other servers a DN alone.
    private func bindName(_ value: Value) -> String? {
        guard let text = value.asText() else { return nil }
        let isDN = (try? DistinguishedName(parsing: text)).map { !$0.isRoot } ?? false
        guard !isDN else { return text }
        switch side {
        case .ad:
            if !text.contains("="), text.contains("@") || text.contains("\\") { return text }
            value.report(
                "`\(value.path)`: `\(text)` is neither a DN nor `user@domain` nor `DOMAIN\\user`",
                remedy: "write `dn: svc-syncline@example.com`"
            )
            return nil
        case .miniorange:
            return value.asDistinguishedName().map { _ in text }
        }
    }
}
