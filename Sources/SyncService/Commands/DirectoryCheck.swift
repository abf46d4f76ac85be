import Configuration
import Cryptography
import LDAPClient
import Mapping
import SyncModel

/// Looks at one side: each of its servers, then, at the first that answers, everything else.
struct DirectoryCheck {
    static let certificateWarningDays: Int64 = 30
    /// Beyond this the clocks are said to differ; AD tells its time in whole seconds.
    static let clockTolerance: Int64 = 5

    let side: Side
    let wiring: Wiring

    var settings: SideConfiguration { wiring.configuration[side] }

    /// All findings, and what the side demands of passwords where that can be read.
    func run() async -> (findings: [Finding], passwords: PasswordRules?) {
        var findings = Findings(side)
        var passwords: PasswordRules?
        var usable: ServerFacts?
        guard let endpoints = try? wiring.endpoints(side) else { return (findings.all, nil) }
        var unreachable: [Finding] = []
        for endpoint in endpoints {
            guard let server = await look(at: endpoint, &findings, &unreachable) else { continue }
            if let first = usable {
                compare(server, with: first, &findings)
                server.connection.close()
            } else {
                usable = server
            }
        }
        // What can't be reached is bearable as long as another server can.
        findings.append(
            unreachable.map { finding in
                var finding = finding
                finding.level = usable == nil ? .error : .warning
                return finding
            }
        )
        guard let usable else { return (findings.all, nil) }
        defer { usable.connection.close() }
        do throws(LDAPError) {
            try await BaseCheck(side: side, wiring: wiring, server: usable).run(&findings)
            let schema = try await SchemaCheck(side: side, wiring: wiring, server: usable).run(&findings)
            switch side {
            case .ad:
                passwords = try await ActiveDirectoryCheck(wiring: wiring, server: usable, schema: schema).run(
                    &findings
                )
            case .miniorange:
                passwords = try await LDAPDirectoryCheck(wiring: wiring, server: usable, schema: schema).run(&findings)
            }
            try await ExcessRightsCheck(side: side, wiring: wiring, server: usable).run(&findings)
        } catch {
            findings.error(
                "connection",
                "\(usable.name): \(error)",
                remedy: "check again; the rest could not be looked at"
            )
            return (findings.all, nil)
        }
        // Without its bases a feed says no more than has been said.
        if !findings.all.contains(where: { $0.subject == "base" && $0.level == .error }) {
            await FeedCheck(side: side, wiring: wiring).run(&findings)
        }
        return (findings.all, passwords)
    }

    /// Connects and signs in; nil, with the reason among the findings, where that fails.
    private func look(
        at endpoint: LDAPEndpoint,
        _ findings: inout Findings,
        _ unreachable: inout [Finding]
    ) async -> ServerFacts? {
        let begin = ContinuousClock.now
        let connection: LDAPConnection
        do throws(LDAPError) {
            connection = try await LDAPConnection.open(
                endpoint,
                tls: wiring.tls(side),
                bind: wiring.credentials(side),
                timeouts: wiring.timeouts(side)
            )
        } catch {
            let finding = Self.finding(error, side, endpoint, wiring.credentials(side))
            if case .connectFailed = error { unreachable.append(finding) } else { findings.append([finding]) }
            return nil
        }
        let took = ContinuousClock.now - begin
        let isProtected = endpoint.transport == .ldaps || wiring.tls(side).startTLS
        let protection =
            isProtected
            ? "TLS 1.2 or later, certificate verified"
            : endpoint.transport == .ldapi ? "local socket" : "no TLS"
        findings.ok(
            "connection",
            "\(endpoint.uri): signed in as \(settings.bindDN) in \(took.wholeMilliseconds) ms; \(protection)"
        )
        if !isProtected && endpoint.transport == .ldap {
            findings.warning(
                "connection",
                "\(endpoint.uri): names, values and the password travel in clear text",
                remedy: "use ldaps://, or tls.startTLS: true"
            )
        }
        if let octets = connection.peerCertificate {
            checkCertificate(octets.bytes, endpoint, &findings)
        }
        do throws(LDAPError) {
            let server = try await ServerFacts.read(over: connection, name: endpoint.uri)
            checkClock(server, &findings)
            return server
        } catch {
            findings.error(
                "connection",
                "\(endpoint.uri): its root DSE can't be read: \(error)",
                remedy: "permit reading it"
            )
            return nil
        }
    }

    static func finding(
        _ error: LDAPError,
        _ side: Side,
        _ endpoint: LDAPEndpoint,
        _ credentials: BindCredentials
    ) -> Finding {
        let failure = OpeningFailure(error, endpoint: endpoint, credentials: credentials)
        let reason = failure?.reason ?? "\(error)"
        let remedy = failure?.remedy ?? "see the message"
        return Finding(.error, side, "connection", "\(endpoint.uri): \(reason)", remedy: remedy)
    }

    private func checkCertificate(
        _ der: [UInt8],
        _ endpoint: LDAPEndpoint,
        _ findings: inout Findings
    ) {
        guard let facts = try? CertificateFacts(der: der) else { return }
        findings.append([Self.certificateFinding(facts, side, server: endpoint.uri, now: Timestamp.now)]
        )
    }

    static func certificateFinding(
        _ facts: CertificateFacts,
        _ side: Side?,
        server: String,
        now: Timestamp,
        loss: String = "nothing is synchronised any more"
    ) -> Finding {
        let days = facts.daysLeft(at: now.milliseconds / 1_000)
        let end = GeneralizedTime(seconds: facts.notAfter).day
        guard days >= certificateWarningDays else {
            let left =
                days < 0
                ? "has expired"
                : days == 0 ? "expires today" : "expires in \(days) day\(days == 1 ? "" : "s")"
            return Finding(
                .warning,
                side,
                "certificate",
                "\(server): \(facts.subject) \(left), \(end)",
                remedy: "renew it before; once it has expired \(loss)"
            )
        }
        return Finding(.ok, side, "certificate", "\(server): \(facts.subject), valid until \(end)")
    }

    private func checkClock(_ server: ServerFacts, _ findings: inout Findings) {
        guard let time = server.currentTime else {
            findings.ok("clock", "\(server.name): the server does not tell its time; not compared")
            return
        }
        let skew = time - server.readAt.milliseconds / 1_000
        guard abs(skew) > Self.clockTolerance else {
            findings.ok("clock", "\(server.name): in step with this machine's")
            return
        }
        findings.warning(
            "clock",
            "\(server.name): \(abs(skew)) s \(skew > 0 ? "ahead of" : "behind") this machine's",
            remedy: "synchronise all clocks by NTP: times in reports, and certificates, depend on them"
        )
    }

    /// All servers of a side must serve the same directory.
    private func compare(_ server: ServerFacts, with first: ServerFacts, _ findings: inout Findings) {
        if side == .ad, let own = server.defaultNamingContext, let other = first.defaultNamingContext,
            own.normalized != other.normalized
        {
            findings.error(
                "servers",
                "\(server.name) serves \(own), but \(first.name) serves \(other)",
                remedy: "list domain controllers of one domain only"
            )
        }
        if side == .miniorange, server.suffix(of: settings.base) == nil,
            first.suffix(of: settings.base) != nil
        {
            findings.error(
                "servers",
                "\(server.name) does not hold \(settings.base)",
                remedy: "list servers of one directory only"
            )
        }
    }
}

/// A server that was connected to, and what its root DSE says (RFC 4512 section 5.1; [MS-ADTS] 3.1.1.3.2).
struct ServerFacts: Sendable {
    let connection: LDAPConnection
    let name: String
    let namingContexts: [DistinguishedName]
    let defaultNamingContext: DistinguishedName?
    let subschema: String?
    let controls: Set<String>
    /// OIDs of extended operations.
    let extensions: Set<String>
    let configContext: String?
    /// Seconds since 1970, where the server tells its time.
    let currentTime: Int64?
    /// Our clock half-way between question and answer.
    let readAt: Timestamp

    static func read(over connection: LDAPConnection, name: String) async throws(LDAPError)
        -> ServerFacts
    {
        let request = SearchRequest(
            base: "",
            scope: .base,
            attributes: [
                "namingContexts", "defaultNamingContext", "subschemaSubentry", "supportedControl",
                "supportedExtension", "configContext",
                "currentTime",
            ]
        )
        let begin = Timestamp.now
        let entry =
            try await connection.search(request).entries.first ?? LDAPEntry(dn: "", attributes: [])
        let end = Timestamp.now
        func parsed(_ octets: Octets) -> DistinguishedName? { try? DistinguishedName(parsing: octets) }
        return ServerFacts(
            connection: connection,
            name: name,
            namingContexts: (entry["namingContexts"] ?? []).compactMap(parsed),
            defaultNamingContext: entry.first("defaultNamingContext").flatMap(parsed),
            subschema: entry.text("subschemaSubentry"),
            controls: Set((entry["supportedControl"] ?? []).compactMap(\.text)),
            extensions: Set((entry["supportedExtension"] ?? []).compactMap(\.text)),
            configContext: entry.text("configContext"),
            currentTime: entry.first("currentTime").flatMap { GeneralizedTime(parsing: $0) }?.seconds,
            readAt: Timestamp(milliseconds: (begin.milliseconds + end.milliseconds) / 2)
        )
    }

    /// The naming context that holds a name.
    func suffix(of name: DistinguishedName) -> DistinguishedName? {
        namingContexts.filter { !$0.isRoot && name.isEqualOrDescendant(of: $0) }.max {
            $0.rdns.count < $1.rdns.count
        }
    }
}

extension Duration {
    var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}

extension GeneralizedTime {
    /// `YYYY-MM-DD`.
    var day: String {
        let digits = Array(textInSeconds.prefix(8))
        guard digits.count == 8 else { return textInSeconds }
        return "\(String(digits[0..<4]))-\(String(digits[4..<6]))-\(String(digits[6..<8]))"
    }
}
