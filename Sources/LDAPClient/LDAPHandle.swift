internal import CLDAP
internal import SyncModel

/// A libldap handle. It is owned by one thread, which ends it with ``destroy()`` or ``unbind()``, once.
struct LDAPHandle {
    let pointer: OpaquePointer

    /// A handle that is only good for encoding.
    static func unconnected() throws(LDAPError) -> LDAPHandle {
        var pointer: OpaquePointer?
        try check(ldap_create(&pointer), .open)
        guard let pointer else { throw .invalidRequest(.open, .noMemory, message: "no handle") }
        return LDAPHandle(pointer: pointer)
    }

    /// A handle for `uri`, which connects with its first request.
    static func initialize(_ uri: String) throws(LDAPError) -> LDAPHandle {
        var pointer: OpaquePointer?
        try check(ldap_initialize(&pointer, uri), .open)
        guard let pointer else { throw .invalidRequest(.open, .noMemory, message: "no handle") }
        return LDAPHandle(pointer: pointer)
    }

    /// The one gate for result codes of local calls: anything but success is thrown as
    /// ``LDAPError/invalidRequest(_:_:message:)``.
    static func check(_ code: Int32, _ kind: LDAPOperationKind, _ message: @autoclosure () -> String = "")
        throws(LDAPError)
    {
        guard code == LDAP_SUCCESS else {
            throw .invalidRequest(kind, LDAPResultCode(rawValue: code), message: message())
        }
    }

    /// Ends the handle without a word to the server.
    func destroy() {
        // Nothing is left to do about a handle that can't be freed.
        _ = ldap_destroy(pointer)
    }

    /// Takes leave of the server and ends the handle.
    func unbind() {
        _ = ldap_unbind_ext(pointer, nil, nil)
    }

    func set(_ option: Int32, _ value: Int32) throws(LDAPError) {
        var value = value
        try Self.check(ldap_set_option(pointer, option, &value), .open, "option \(option)")
    }

    func set(_ option: Int32, _ value: String) throws(LDAPError) {
        try Self.check(ldap_set_option(pointer, option, value), .open, "option \(option): \(value)")
    }

    func set(_ option: Int32, _ value: Duration) throws(LDAPError) {
        var value = timeval(value)
        try Self.check(ldap_set_option(pointer, option, &value), .open, "option \(option)")
    }

    func setOff(_ option: Int32) throws(LDAPError) {
        try Self.check(cldap_set_option_off(pointer, option), .open, "option \(option)")
    }

    func integer(_ option: Int32) -> Int32? {
        var value: Int32 = 0
        return ldap_get_option(pointer, option, &value) == LDAP_OPT_SUCCESS ? value : nil
    }

    func string(_ option: Int32) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        guard ldap_get_option(pointer, option, &value) == LDAP_OPT_SUCCESS, let value else { return nil }
        defer { ldap_memfree(value) }
        return String(cString: value)
    }

    /// The code of the last failure on this handle.
    var lastCode: LDAPResultCode {
        LDAPResultCode(rawValue: integer(LDAP_OPT_RESULT_CODE) ?? LDAP_LOCAL_ERROR)
    }

    /// What the library adds to that code: the TLS library's words, for example.
    var lastMessage: String {
        string(LDAP_OPT_DIAGNOSTIC_MESSAGE) ?? ""
    }

    /// The server's certificate (DER), where TLS is on.
    var peerCertificate: Octets? {
        var value = berval()
        guard ldap_get_option(pointer, LDAP_OPT_X_TLS_PEERCERT, &value) == LDAP_OPT_SUCCESS, value.bv_val != nil else {
            return nil
        }
        defer { ber_memfree(value.bv_val) }
        return Octets(value)
    }
}

extension timeval {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = max(duration, .zero).components
        // A time-out of zero would mean to wait for ever, or not at all, depending on the option.
        self.init(tv_sec: Int(min(seconds, 1_000_000)), tv_usec: max(1, Int(attoseconds / 1_000_000_000_000)))
    }
}

extension Octets {
    init(_ value: berval) {
        guard let start = value.bv_val else {
            self.init()
            return
        }
        self.init([UInt8](UnsafeRawBufferPointer(start: start, count: Int(value.bv_len))))
    }
}

extension String {
    /// The octets for a C function, or nil where there is a NUL among them.
    var nulTerminated: [CChar]? {
        utf8.contains(0) ? nil : utf8.map { CChar(bitPattern: $0) } + [0]
    }

    init(_ value: berval) {
        guard let start = value.bv_val else {
            self = ""
            return
        }
        let octets = UnsafeRawBufferPointer(start: start, count: Int(value.bv_len))
        self.init(decoding: octets, as: UTF8.self)
    }
}
