internal import CLDAP
internal import Glibc
internal import SyncModel

/// Turns the library's messages into values. None of them keeps a pointer into a message.
struct MessageDecoder {
    /// Of one message; the rest is left out.
    private static let maximumReferrals = 16

    let handle: LDAPHandle

    /// The result of any final message.
    func result(_ message: OpaquePointer, _ kind: LDAPOperationKind) throws(LDAPError) -> LDAPResult {
        var code: Int32 = 0
        var matched: UnsafeMutablePointer<CChar>?
        var diagnostic: UnsafeMutablePointer<CChar>?
        var referrals: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var controls: UnsafeMutablePointer<UnsafeMutablePointer<ldapcontrol>?>?
        let parsed = ldap_parse_result(
            handle.pointer,
            message,
            &code,
            &matched,
            &diagnostic,
            &referrals,
            &controls,
            0
        )
        defer {
            ldap_memfree(matched)
            ldap_memfree(diagnostic)
            if let referrals {
                ldap_memvfree(UnsafeMutableRawPointer(referrals).assumingMemoryBound(to: UnsafeMutableRawPointer?.self))
            }
            if let controls { ldap_controls_free(controls) }
        }
        guard parsed == LDAP_SUCCESS else { throw .malformedAnswer(kind, message: reason(parsed)) }
        return LDAPResult(
            code: LDAPResultCode(rawValue: code),
            matchedDN: matched.map(shown) ?? "",
            diagnosticMessage: diagnostic.map(shown) ?? "",
            referrals: strings(referrals),
            controls: self.controls(controls)
        )
    }

    /// The OID and value of an extended response.
    func extended(_ message: OpaquePointer) throws(LDAPError) -> (oid: String?, value: Octets?) {
        var oid: UnsafeMutablePointer<CChar>?
        var value: UnsafeMutablePointer<berval>?
        let code = ldap_parse_extended_result(handle.pointer, message, &oid, &value, 0)
        defer {
            ldap_memfree(oid)
            ber_bvfree(value)
        }
        guard code == LDAP_SUCCESS else { throw .malformedAnswer(.extended, message: reason(code)) }
        return (oid.map { String(cString: $0) }, value.map { Octets($0.pointee) })
    }

    /// After this the message's controls can't be read any more: the library terminates strings where they stand.
    func entry(_ message: OpaquePointer) throws(LDAPError) -> LDAPEntry {
        var cursor: OpaquePointer?
        var dn = berval()
        let opened = ldap_get_dn_ber(handle.pointer, message, &cursor, &dn)
        // The cursor reads in the message's own memory, which stays.
        defer { ber_free(cursor, 0) }
        guard opened == LDAP_SUCCESS else { throw .malformedAnswer(.search, message: reason(opened)) }
        var entry = LDAPEntry(dn: String(dn), attributes: [])
        while true {
            var name = berval()
            var values: UnsafeMutablePointer<berval>?
            let code = ldap_get_attribute_ber(handle.pointer, message, cursor, &name, &values)
            defer { if let values { cldap_free_value_array(values) } }
            guard code == LDAP_SUCCESS else { throw .malformedAnswer(.search, message: reason(code)) }
            guard name.bv_val != nil else { return entry }
            entry.attributes.append(LDAPAttribute(String(name), octets(values)))
        }
    }

    func entryControls(_ message: OpaquePointer) throws(LDAPError) -> [LDAPControl] {
        var controls: UnsafeMutablePointer<UnsafeMutablePointer<ldapcontrol>?>?
        let code = ldap_get_entry_controls(handle.pointer, message, &controls)
        defer { if let controls { ldap_controls_free(controls) } }
        guard code == LDAP_SUCCESS else { throw .malformedAnswer(.search, message: reason(code)) }
        return self.controls(controls)
    }

    func reference(_ message: OpaquePointer) throws(LDAPError) -> (uris: [String], controls: [LDAPControl]) {
        var uris: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var controls: UnsafeMutablePointer<UnsafeMutablePointer<ldapcontrol>?>?
        let code = ldap_parse_reference(handle.pointer, message, &uris, &controls, 0)
        defer {
            if let uris {
                ldap_memvfree(UnsafeMutableRawPointer(uris).assumingMemoryBound(to: UnsafeMutableRawPointer?.self))
            }
            if let controls { ldap_controls_free(controls) }
        }
        guard code == LDAP_SUCCESS else { throw .malformedAnswer(.search, message: reason(code)) }
        return (strings(uris), self.controls(controls))
    }

    func intermediate(
        _ message: OpaquePointer
    ) throws(LDAPError) -> (oid: String?, value: Octets?, controls: [LDAPControl]) {
        var oid: UnsafeMutablePointer<CChar>?
        var value: UnsafeMutablePointer<berval>?
        var controls: UnsafeMutablePointer<UnsafeMutablePointer<ldapcontrol>?>?
        let code = ldap_parse_intermediate(handle.pointer, message, &oid, &value, &controls, 0)
        defer {
            ldap_memfree(oid)
            ber_bvfree(value)
            if let controls { ldap_controls_free(controls) }
        }
        guard code == LDAP_SUCCESS else { throw .malformedAnswer(.search, message: reason(code)) }
        return (oid.map { String(cString: $0) }, value.map { Octets($0.pointee) }, self.controls(controls))
    }

    private func octets(_ values: UnsafeMutablePointer<berval>?) -> [Octets] {
        guard let values else { return [] }
        var count = 0
        while values[count].bv_val != nil { count += 1 }
        return [Octets](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count { buffer.initializeElement(at: index, to: Octets(values[index])) }
            initialized = count
        }
    }

    private func controls(_ array: UnsafeMutablePointer<UnsafeMutablePointer<ldapcontrol>?>?) -> [LDAPControl] {
        guard let array else { return [] }
        var controls: [LDAPControl] = []
        var next = array
        while let control = next.pointee?.pointee {
            let oid = control.ldctl_oid.map { String(cString: $0) } ?? ""
            let value = control.ldctl_value.bv_val == nil ? nil : Octets(control.ldctl_value)
            controls.append(LDAPControl(oid, isCritical: control.ldctl_iscritical != 0, value: value))
            next += 1
        }
        return controls
    }

    /// For people: `matchedDN` is never parsed.
    private func shown(_ text: UnsafeMutablePointer<CChar>) -> String {
        ServerText.shown(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }

    /// They are shown and never followed, so the first few do.
    private func strings(_ array: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String] {
        guard let array else { return [] }
        var strings: [String] = []
        var next = array
        while let string = next.pointee {
            guard strings.count < Self.maximumReferrals else { return strings }
            strings.append(shown(string))
            next += 1
        }
        return strings
    }

    private func reason(_ code: Int32) -> String {
        LDAPResultCode(rawValue: code).name
    }
}
