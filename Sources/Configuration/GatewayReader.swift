import SyncModel

/// Reads the section of the password gateway. A placeholder stands wherever something was reported.
struct GatewayReader {
    let section: Section

    /// Nil, and reported, where it can't listen.
    func read(ad: SideConfiguration?, miniorange: SideConfiguration?) -> GatewayConfiguration? {
        for side in [ad, miniorange] {
            if let side { refuseClearText(side) }
        }
        let files = section.reading.files
        let listen = section.require("listen").flatMap(address)
        let startTLS = section["startTLS"].flatMap(address)
        if let listen, let startTLS, listen == startTLS {
            let remedy = "write `startTLS: \"\(listen.host):389\"`, or remove it"
            section["startTLS"]?.report("`\(section.path).startTLS` is the same address as `listen`", remedy: remedy)
        }
        let certificate = section.require("certificateFile").flatMap(files.certificates)
        let key = section.require("keyFile").flatMap(files.privateKey)
        guard let listen, let certificate, let key else { return nil }
        return GatewayConfiguration(
            listen: listen,
            startTLS: startTLS,
            certificateFile: certificate,
            keyFile: key,
            authority: section["authority"]?.asChoice(["ad": .ad, "miniorange": .miniorange]) ?? .ad,
            administrators: section["administrators"]?.asList()?.compactMap { $0.asDistinguishedName() } ?? [],
            resetsProtected: section["resetProtected"]?.asFlag() ?? false,
            keepsPending: section["pending"]?.asDuration(in: .seconds(10)...(.seconds(7 * 86_400))) ?? .seconds(3_600),
            limits: limits()
        )
    }

    private func limits() -> GatewayConfiguration.Limits {
        var limits = GatewayConfiguration.Limits()
        guard let given = section["limits"]?.asSection() else { return limits }
        func set<Number>(_ path: WritableKeyPath<GatewayConfiguration.Limits, Number>, _ value: Number?) {
            if let value { limits[keyPath: path] = value }
        }
        set(\.connections, given["connections"]?.asInteger(in: 1...100_000))
        set(\.connectionsPerAddress, given["connectionsPerAddress"]?.asInteger(in: 1...100_000))
        set(\.handshake, given["handshake"]?.asDuration(in: .seconds(1)...(.seconds(120))))
        set(\.idle, given["idle"]?.asDuration(in: .seconds(1)...(.seconds(86_400))))
        set(\.failuresPerAccount, given["failuresPerAccount"]?.asInteger(in: 1...1_000_000))
        set(\.failuresPerAddress, given["failuresPerAddress"]?.asInteger(in: 1...1_000_000))
        set(\.failureWindow, given["failureWindow"]?.asDuration(in: .seconds(1)...(.seconds(86_400))))
        return limits
    }

    private func address(_ value: Value) -> HostAndPort? {
        guard let text = value.asText() else { return nil }
        guard let address = HostAndPort(configured: text) else {
            let remedy = "write `\(Grammar.example(of: value.path))`, or `\(value.path.lastKey): \"[::]:636\"`"
            value.report("`\(value.path)` must be host:port, not `\(text)`", remedy: remedy)
            return nil
        }
        return address
    }

    /// Active Directory takes none in the clear, and whoever listens would have everybody's.
    private func refuseClearText(_ side: SideConfiguration) {
        guard let server = side.servers.first(where: { $0.scheme == .ldap && !side.startTLS }) else { return }
        section.reading.problems.report(
            "`\(section.path)` would send passwords to `\(server.text)` without TLS",
            at: section.position,
            remedy: "use `ldaps://` or `startTLS: true` for both directories, or remove `\(section.path)`"
        )
    }
}
