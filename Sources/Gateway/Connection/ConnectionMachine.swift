internal import LDAPClient

/// The protocol of one connection: events in, actions out. Nothing here waits, reads a clock or touches a socket.
///
/// Requests are carried out one after the other, so that no bind is under way beside anything else (RFC 4511 section 4.2.1); what comes meanwhile waits.
package struct ConnectionMachine: Sendable {
    package enum Action: Equatable, Sendable {
        case send(ServerMessage)
        /// The answer to StartTLS has been sent: from here on there is nothing but TLS.
        case startTLS
        case begin(GatewayRequest)
        case close
    }

    private enum Transport { case plain, negotiating, secure }

    /// What is carried out by somebody else.
    private struct Running {
        var id: Int32
        var kind: ResponseKind
    }

    private let waitingLimit: Int
    private let offersStartTLS: Bool
    private var transport: Transport
    private var account: Account?
    private var running: Running?
    private var waiting: [ClientMessage] = []
    private var isDraining = false
    private var isClosed = false

    /// - Parameter isSecure: TLS came first.
    package init(isSecure: Bool, waitingLimit: Int) {
        transport = isSecure ? .secure : .plain
        offersStartTLS = !isSecure
        self.waitingLimit = waitingLimit
    }

    /// Whether another message may be handed in; as long as not, the socket is not read.
    package var takesMessages: Bool { waiting.count < waitingLimit && !isClosed }

    package var isBusy: Bool { running != nil }

    /// Who the connection is; nil: nobody.
    package var identity: Account? { account }

    // MARK: Events

    package mutating func received(_ message: ClientMessage) -> [Action] {
        guard !isClosed else { return [] }
        // Octets that came in the clear behind StartTLS: somebody may have put them there.
        if transport == .negotiating { return close() }
        switch message.request {
        case .unbind:
            return close()
        case .abandon(let id):
            // What is carried out already can't be taken back.
            waiting.removeAll { $0.id == id }
            return []
        default:
            waiting.append(message)
            return advance()
        }
    }

    /// What was received is no LDAP message (RFC 4511 section 4.1.1).
    package mutating func malformed() -> [Action] {
        guard !isClosed else { return [] }
        if transport == .negotiating { return close() }
        return [.send(.disconnection(.protocolError, "this is not LDAP"))] + close()
    }

    /// The TLS handshake is done.
    package mutating func secured() -> [Action] {
        guard transport == .negotiating else { return [] }
        transport = .secure
        // What was known before is not to be trusted (RFC 4513 section 3.1.2).
        account = nil
        return []
    }

    /// The answer to the request that was begun.
    package mutating func finished(_ answer: GatewayAnswer) -> [Action] {
        guard let ended = running else { return [] }
        running = nil
        guard !isClosed else { return [] }
        if ended.kind == .bind { account = answer.code == .success ? answer.account : nil }
        let response: ServerMessage =
            ended.kind == .extended
            ? .extended(ended.id, answer.code, answer.words, name: nil, value: nil)
            : .result(ended.id, ended.kind, answer.code, answer.words)
        return [.send(response)] + (isDraining ? disconnect() : advance())
    }

    /// The gateway is about to stop: what is carried out is answered, nothing else is begun.
    package mutating func drain() -> [Action] {
        guard !isClosed, !isDraining else { return [] }
        isDraining = true
        return running == nil ? disconnect() : []
    }

    // MARK: Steps

    private mutating func disconnect() -> [Action] {
        [.send(.disconnection(.unavailable, "the gateway is stopping"))] + close()
    }

    private mutating func close() -> [Action] {
        isClosed = true
        waiting = []
        return [.close]
    }

    private mutating func advance() -> [Action] {
        var actions: [Action] = []
        while running == nil, !isClosed, transport != .negotiating, !waiting.isEmpty {
            actions += carryOut(waiting.removeFirst())
        }
        return actions
    }

    private mutating func carryOut(_ message: ClientMessage) -> [Action] {
        let id = message.id
        if message.hasUnknownCriticalControl, let kind = message.request.responseKind {
            let words = "a control is not known here"
            return [.send(.result(id, kind, .unavailableCriticalExtension, words))]
        }
        switch message.request {
        case .bind(let request): return bind(id, request)
        case .search(let query): return search(id, query)
        case .modify(let request): return modify(id, request)
        case .extended(let request): return extended(id, request)
        case .other(let kind):
            if transport == .plain { return [confidentiality(id, kind)] }
            return [.send(.result(id, kind, .unwillingToPerform, Self.purpose))]
        case .unreadable(let kind):
            return [.send(.result(id, kind, .protocolError, "the request can't be read"))]
        case .unbind, .abandon: return []
        }
    }

    private static let purpose = "this gateway checks and changes passwords, and nothing else"

    private func confidentiality(_ id: Int32, _ kind: ResponseKind) -> Action {
        .send(.result(id, kind, .confidentialityRequired, "TLS is required: use StartTLS, or the port for LDAPS"))
    }

    private mutating func bind(_ id: Int32, _ request: BindRequest) -> [Action] {
        func refuse(_ code: LDAPResultCode, _ words: String) -> [Action] { [.send(.result(id, .bind, code, words))] }
        // Whatever comes of it, the connection is nobody's from here (RFC 4513 section 4).
        account = nil
        guard request.version == 3 else { return refuse(.protocolError, "only LDAP version 3 is spoken here") }
        guard transport == .secure else { return [confidentiality(id, .bind)] }
        guard case .simple(let password) = request.authentication else {
            return refuse(.authMethodNotSupported, "only simple binds are taken")
        }
        if password.isEmpty {
            // Anonymous (RFC 4513 section 5.1.1): nobody's, as without any bind. With a name it would pass for that one's (section 5.1.2).
            return request.name.isEmpty
                ? [.send(.result(id, .bind, .success, ""))]
                : refuse(.unwillingToPerform, "a bind without a password is refused")
        }
        if request.name.isEmpty { return refuse(.invalidCredentials, "") }
        running = Running(id: id, kind: .bind)
        return [.begin(.bind(name: request.name, password))]
    }

    private func search(_ id: Int32, _ query: SearchQuery) -> [Action] {
        guard query.isOfRootDSE else {
            if transport == .plain { return [confidentiality(id, .search)] }
            return [.send(.result(id, .search, .unwillingToPerform, Self.purpose))]
        }
        let done = Action.send(.result(id, .search, .success, ""))
        guard query.takesAll else { return [done] }
        return [.send(.entry(id, RootEntry(offersStartTLS: offersStartTLS).attributes(for: query))), done]
    }

    private mutating func modify(_ id: Int32, _ request: ModifyRequest) -> [Action] {
        if transport == .plain { return [confidentiality(id, .modify)] }
        // As with the operation of its own: whoever knows the former password needs no bind. slapd's chain overlay asks so, as nobody.
        if account == nil, request.change?.former == nil {
            let words = "bind first, or delete the former password with the new one"
            return [.send(.result(id, .modify, .strongerAuthRequired, words))]
        }
        guard let change = request.change else {
            let words = "only one new value of userPassword or unicodePwd is taken"
            return [.send(.result(id, .modify, .unwillingToPerform, words))]
        }
        running = Running(id: id, kind: .modify)
        return [
            .begin(
                .change(
                    PasswordChangeRequest(
                        requester: account,
                        name: request.name,
                        former: change.former,
                        password: change.password
                    )
                )
            )
        ]
    }

    private mutating func extended(_ id: Int32, _ request: ExtendedRequest) -> [Action] {
        func refuse(_ code: LDAPResultCode, _ words: String, name: String? = nil) -> [Action] {
            [.send(.extended(id, code, words, name: name, value: nil))]
        }
        switch request {
        case .startTLS: return startTLS(id)
        case .unknown: return refuse(.protocolError, "this operation is not known here")
        case .whoAmI:
            if transport == .plain { return [confidentiality(id, .extended)] }
            let identity = account.map { "dn:\($0.label)" } ?? ""
            return [.send(.extended(id, .success, "", name: nil, value: identity))]
        case .passwordModify(let name, let former, let password):
            if transport == .plain { return [confidentiality(id, .extended)] }
            guard let password, !password.isEmpty else {
                return refuse(.unwillingToPerform, "the new password must be given; none is made here")
            }
            // Whoever knows the former password needs no bind: after it has expired there is none.
            if account == nil, name == nil || former == nil {
                return refuse(.strongerAuthRequired, "bind first, or give the account's name and its former password")
            }
            running = Running(id: id, kind: .extended)
            let change = PasswordChangeRequest(requester: account, name: name, former: former, password: password)
            return [.begin(.change(change))]
        }
    }

    private mutating func startTLS(_ id: Int32) -> [Action] {
        func answer(_ code: LDAPResultCode, _ words: String) -> Action {
            .send(.extended(id, code, words, name: ObjectIdentifiers.startTLS, value: nil))
        }
        guard transport == .plain else { return [answer(.operationsError, "TLS is in use already")] }
        // Nothing may have been sent behind it (RFC 4511 section 4.14.1).
        guard waiting.isEmpty else { return close() }
        transport = .negotiating
        return [answer(.success, ""), .startTLS]
    }
}

extension ClientRequest {
    var responseKind: ResponseKind? {
        switch self {
        case .bind: .bind
        case .search: .search
        case .modify: .modify
        case .extended: .extended
        case .other(let kind), .unreadable(let kind): kind
        case .unbind, .abandon: nil
        }
    }
}
