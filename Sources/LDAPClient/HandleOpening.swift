internal import CLDAP
internal import SyncModel

/// Connects, secures and binds a handle. Everything here blocks, within the time-outs given.
struct HandleOpening {
    let endpoint: LDAPEndpoint
    let tls: TLSSettings
    let bind: BindCredentials?
    let timeouts: LDAPTimeouts

    /// A connected and bound handle, with the layer that it writes to.
    func open() throws(LDAPError) -> (handle: LDAPHandle, buffer: SocketBuffer, socket: Int32) {
        if case .simple(_, let password) = bind, password.isEmpty {
            throw .invalidRequest(.bind, .parameterError, message: "a simple bind needs a password")
        }
        if tls.startTLS && endpoint.transport != .ldap {
            throw .invalidRequest(.open, .parameterError, message: "StartTLS goes with ldap:// only: \(endpoint)")
        }
        LDAPLibrary.prepare()
        LibraryLog.begin()
        defer { LibraryLog.end() }
        let buffer = SocketBuffer(handshakeTimeout: timeouts.connect)
        let handle = try LDAPHandle.initialize(endpoint.uri)
        do throws(LDAPError) {
            try configure(handle)
            try buffer.install(in: handle)
            try checkSent(ldap_connect(handle.pointer), handle, buffer)
            if tls.startTLS { try startTLS(handle, buffer) }
            // Before anything is said that others must not hear.
            if usesTLS { try verifyTLS(handle) }
            try authenticate(handle, buffer)
            guard let socket = buffer.socket else { throw failure(.connect, .localError, "no socket") }
            return (handle, buffer, socket)
        } catch {
            // Its end goes through the buffer.
            withExtendedLifetime(buffer) { handle.destroy() }
            throw error
        }
    }

    private var usesTLS: Bool { endpoint.transport == .ldaps || tls.startTLS }

    private func configure(_ handle: LDAPHandle) throws(LDAPError) {
        try handle.set(LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3)
        try handle.setOff(LDAP_OPT_REFERRALS)
        // Set explicitly, since ldap.conf and the environment may have changed the defaults.
        try handle.set(LDAP_OPT_DEREF, LDAP_DEREF_NEVER)
        try handle.set(LDAP_OPT_SIZELIMIT, 0)
        try handle.set(LDAP_OPT_TIMELIMIT, 0)
        try handle.set(LDAP_OPT_NETWORK_TIMEOUT, timeouts.connect)
        try handle.set(LDAP_OPT_TIMEOUT, timeouts.bind)
        let idle = Int32(min(max(1, timeouts.keepAliveIdleSeconds), 86_400))
        try handle.set(LDAP_OPT_X_KEEPALIVE_IDLE, idle)
        try handle.set(LDAP_OPT_X_KEEPALIVE_PROBES, 3)
        try handle.set(LDAP_OPT_X_KEEPALIVE_INTERVAL, max(1, idle / 3))
        // Keep-alive says nothing while data is unacknowledged: the same patience for that, in milliseconds.
        try handle.set(LDAP_OPT_TCP_USER_TIMEOUT, idle * 2000)
        guard usesTLS else { return }
        try handle.set(LDAP_OPT_X_TLS_CACERTFILE, tls.caFile ?? "/etc/ssl/certs/ca-certificates.crt")
        try handle.set(LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND)
        // With GnuTLS the library leaves the minimum below to the priorities.
        if handle.string(LDAP_OPT_X_TLS_PACKAGE) == "GnuTLS" {
            let versions = tls.minimumVersion == .tls13 ? "+VERS-TLS1.3" : "+VERS-TLS1.3:+VERS-TLS1.2"
            try handle.set(LDAP_OPT_X_TLS_CIPHER_SUITE, "NORMAL:-VERS-ALL:\(versions)")
        }
        try handle.set(LDAP_OPT_X_TLS_PROTOCOL_MIN, tls.minimumVersion == .tls13 ? cldap_tls_1_3 : cldap_tls_1_2)
        // The options above count for a context made after them. A file that can't be read shows here.
        let isServer: Int32 = 0
        do throws(LDAPError) {
            try handle.set(LDAP_OPT_X_TLS_NEWCTX, isServer)
        } catch {
            throw failure(.tls, error.code, "no TLS context: is \(tls.caFile ?? "the system's CA file") readable?")
        }
    }

    private func startTLS(_ handle: LDAPHandle, _ buffer: SocketBuffer) throws(LDAPError) {
        var messageID: Int32 = 0
        try checkSent(ldap_start_tls(handle.pointer, nil, nil, &messageID), handle, buffer)
        let result = try answer(messageID, handle, buffer, .tls)
        guard result.code == .success else { throw .refused(.extended, result) }
        buffer.limit(timeouts.connect)
        let code = ldap_install_tls(handle.pointer)
        guard code == LDAP_SUCCESS else { throw failure(.tls, LDAPResultCode(rawValue: code), handle, buffer) }
    }

    /// Without credentials an anonymous bind is made.
    private func authenticate(_ handle: LDAPHandle, _ buffer: SocketBuffer) throws(LDAPError) {
        var messageID: Int32 = 0
        switch bind {
        case .external:
            // An empty response is not the same as none, to which the server would answer with a challenge.
            var empty = CChar(0)
            let code = withUnsafeMutablePointer(to: &empty) { start in
                var response = berval(bv_len: 0, bv_val: start)
                return ldap_sasl_bind(handle.pointer, "", "EXTERNAL", &response, nil, nil, &messageID)
            }
            try checkSent(code, handle, buffer)
        case .simple(let name, let password):
            guard !name.utf8.contains(0) else {
                throw .invalidRequest(.bind, .parameterError, message: "a NUL in the name")
            }
            try checkSent(simpleBind(handle, name, password, &messageID), handle, buffer)
        case nil:
            try checkSent(simpleBind(handle, "", Octets(), &messageID), handle, buffer)
        }
        let result = try answer(messageID, handle, buffer, .bind)
        guard result.code == .success else { throw .refused(.bind, result) }
    }

    private func simpleBind(
        _ handle: LDAPHandle,
        _ name: String,
        _ password: Octets,
        _ messageID: inout Int32
    ) -> Int32 {
        var octets = password.bytes.map { CChar(bitPattern: $0) } + [0]
        return octets.withUnsafeMutableBufferPointer { buffer in
            var value = berval(bv_len: ber_len_t(password.count), bv_val: buffer.baseAddress)
            return cldap_simple_bind(handle.pointer, name, &value, &messageID)
        }
    }

    /// Connecting may fail for TCP or for TLS.
    private func checkSent(_ code: Int32, _ handle: LDAPHandle, _ buffer: SocketBuffer) throws(LDAPError) {
        guard code != LDAP_SUCCESS else { return }
        let isTLS = endpoint.transport == .ldaps && buffer.socket != nil
        throw failure(isTLS ? .tls : .connect, LDAPResultCode(rawValue: code), handle, buffer)
    }

    private func answer(
        _ messageID: Int32,
        _ handle: LDAPHandle,
        _ buffer: SocketBuffer,
        _ stage: LDAPError.ConnectStage
    ) throws(LDAPError) -> LDAPResult {
        buffer.limit(timeouts.bind)
        var limit = timeval(timeouts.bind)
        var message: OpaquePointer?
        let type = ldap_result(handle.pointer, messageID, LDAP_MSG_ALL, &limit, &message)
        guard type > 0, let message else {
            throw failure(stage, type == 0 ? .timeout : handle.lastCode, handle, buffer)
        }
        defer { _ = ldap_msgfree(message) }
        return try MessageDecoder(handle: handle).result(message, .bind)
    }

    /// What the options asked for is looked at once more: an older library ignores a minimum version it doesn't know.
    private func verifyTLS(_ handle: LDAPHandle) throws(LDAPError) {
        let version = handle.string(LDAP_OPT_X_TLS_VERSION) ?? "none"
        let accepted = tls.minimumVersion == .tls13 ? ["TLS1.3"] : ["TLS1.2", "TLS1.3"]
        guard ldap_tls_inplace(handle.pointer) == 1, accepted.contains(version.filter { $0 != "v" }) else {
            throw failure(.tls, .notSupported, "TLS version \(version)")
        }
    }

    private func failure(
        _ stage: LDAPError.ConnectStage,
        _ code: LDAPResultCode,
        _ handle: LDAPHandle,
        _ buffer: SocketBuffer
    ) -> LDAPError {
        if buffer.isOverdue || code == .timeout { return failure(stage, .timeout, "no answer in time") }
        let log = LibraryLog.soFar
        let message = TLSFailure.words(handle.lastMessage, log: log, host: endpoint.host)
        return failure(stage, code, message.isEmpty ? SocketFailure.words(log: log) ?? "" : message)
    }

    private func failure(_ stage: LDAPError.ConnectStage, _ code: LDAPResultCode, _ message: String) -> LDAPError {
        .connectFailed(endpoint: endpoint.uri, stage: stage, code, message: message)
    }
}

/// The library's own initialisation isn't safe in two threads at once.
enum LDAPLibrary {
    private static let prepared: Bool = {
        guard let handle = try? LDAPHandle.unconnected() else { return false }
        handle.destroy()
        LibraryLog.attach()
        return true
    }()

    static func prepare() {
        _ = prepared
    }
}
