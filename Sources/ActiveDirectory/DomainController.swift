internal import LDAPClient
internal import SyncModel

/// What a server tells about itself ([MS-ADTS] 3.1.1.3.2).
struct DomainController: Hashable, Sendable {
    var endpoint: LDAPEndpoint
    var hostName: String?
    /// The default naming context, as the server spells it.
    var namingContext: String
    /// The DN of its settings: names the machine, and stays over a restore.
    var service: String
    /// Names the database: another one after a restore.
    var invocationID: Anchor
    var highestCommittedUSN: UInt64
    var schemaNamingContext: String?
    var configurationNamingContext: String?
    /// The first reading of its clock.
    var clock: ClockEstimate?

    /// With the time, which then costs nothing.
    static let usnRequest = SearchRequest(base: "", scope: .base, attributes: ["highestCommittedUSN", "currentTime"])

    static func time(in root: LDAPEntry?) -> Timestamp? {
        let time = root?.first("currentTime").flatMap(GeneralizedTime.init(parsing:))
        return time.map { Timestamp(milliseconds: $0.seconds * 1000) }
    }

    static func usn(in result: SearchResult) -> UInt64? {
        result.entries.first?.text("highestCommittedUSN").flatMap { UInt64($0) }
    }

    static func read(over connection: LDAPConnection) async throws(ActiveDirectoryError) -> DomainController {
        func missing(_ what: String) -> ActiveDirectoryError {
            .notADomainController(endpoint: connection.endpoint.uri, missing: what)
        }
        let names = [
            "highestCommittedUSN", "dsServiceName", "defaultNamingContext", "dnsHostName", "schemaNamingContext",
            "configurationNamingContext", "currentTime",
        ]
        let request = SearchRequest(base: "", scope: .base, attributes: names)
        let sent = FeedStatusBoard.now
        guard let root = try await connection.only(request) else { throw missing("its root DSE") }
        var clock = ClockReadings()
        if let shown = time(in: root) { clock.read(shown, sent: sent, received: FeedStatusBoard.now) }
        guard let usn = root.text("highestCommittedUSN").flatMap({ UInt64($0) }) else {
            throw missing("highestCommittedUSN")
        }
        guard let namingContext = root.text("defaultNamingContext") else { throw missing("defaultNamingContext") }
        guard let service = root.text("dsServiceName") else { throw missing("dsServiceName") }
        let settings = SearchRequest(base: service, scope: .base, attributes: ["invocationId"])
        guard let octets = try await connection.only(settings)?.first("invocationId"),
            let invocationID = Anchor(octets: octets.bytes)
        else { throw missing("invocationId") }
        return DomainController(
            endpoint: connection.endpoint,
            hostName: root.text("dnsHostName"),
            namingContext: namingContext,
            service: service,
            invocationID: invocationID,
            highestCommittedUSN: usn,
            schemaNamingContext: root.text("schemaNamingContext"),
            configurationNamingContext: root.text("configurationNamingContext"),
            clock: clock.estimate
        )
    }
}

extension LDAPConnection {
    /// The entry of a base search; nil where there is none.
    func only(_ request: SearchRequest) async throws(ActiveDirectoryError) -> LDAPEntry? {
        do throws(LDAPError) {
            return try await search(request).entries.first
        } catch {
            if error.serverResult?.code == .noSuchObject { return nil }
            throw .ldap(error)
        }
    }
}

/// A connection with what its server told.
struct ConnectedServer: Sendable {
    let connection: LDAPConnection
    let controller: DomainController
    let dictionary = ServerDictionary()
    /// In characters, as far as it was asked for.
    var minimumPasswordLength = 0
}

extension ActiveDirectorySettings {
    /// The first server, in order, that answers and is a domain controller; `preferred` before all others.
    func connect(
        preferring preferred: LDAPEndpoint? = nil
    ) async throws(ActiveDirectoryError) -> ConnectedServer {
        var failures: [any Error] = []
        for endpoint in ServerChoice.order(endpoints, startingWith: preferred) {
            do throws(ActiveDirectoryError) {
                return try await connect(to: endpoint)
            } catch {
                // The same account is refused everywhere: asking all servers would only lock it sooner.
                if error.needsAPerson { throw error }
                if case .notConnected(let failure) = error { failures.append(failure) } else { failures.append(error) }
            }
        }
        throw .noServer(OpeningFailure.summary(of: failures))
    }

    private func connect(to endpoint: LDAPEndpoint) async throws(ActiveDirectoryError) -> ConnectedServer {
        let connection = try await open(endpoint)
        return ConnectedServer(connection: connection, controller: try await .read(over: connection))
    }

    func open(_ endpoint: LDAPEndpoint) async throws(ActiveDirectoryError) -> LDAPConnection {
        do throws(LDAPError) {
            return try await LDAPConnection.open(endpoint, tls: tls, bind: credentials, timeouts: timeouts)
        } catch {
            guard let failure = OpeningFailure(error, endpoint: endpoint, credentials: credentials) else {
                throw .ldap(error)
            }
            throw .notConnected(failure)
        }
    }
}
