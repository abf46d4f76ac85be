internal import CLDAP
package import SyncModel

/// The assertion control (RFC 4528): the operation is carried out only if the filter matches its entry, else it is
/// refused with 122.
package enum AssertionControl {
    package static let oid = "1.3.6.1.1.12"

    /// That the entry has this value, by the attribute's equality rule: the compare in a compare-and-set.
    package static func equals(_ attribute: String, _ value: Octets) -> LDAPControl {
        var writer = BERWriter()
        equality(attribute, value, in: &writer)
        return LDAPControl(oid, isCritical: true, value: writer.octets)
    }

    /// That the entry has all of these values.
    package static func equalsAll(_ assertions: [(attribute: String, value: Octets)]) -> LDAPControl {
        var writer = BERWriter()
        writer.sequence(tag: BERTag.context(0, constructed: true)) { and in
            for assertion in assertions {
                equality(assertion.attribute, assertion.value, in: &and)
            }
        }
        return LDAPControl(oid, isCritical: true, value: writer.octets)
    }

    /// That the filter (RFC 4515) matches. Throws ``LDAPError/invalidRequest(_:_:message:)`` where it is malformed.
    package static func filter(_ filter: String) throws(LDAPError) -> LDAPControl {
        // The library wants a handle to keep its error code in, so that one is made that never connects.
        let handle = try LDAPHandle.unconnected()
        defer { handle.destroy() }
        guard var text = filter.nulTerminated else {
            throw .invalidRequest(.search, .filterError, message: "the filter contains a NUL")
        }
        var value = berval()
        let code = ldap_create_assertion_control_value(handle.pointer, &text, &value)
        defer { ber_memfree(value.bv_val) }
        guard code == LDAP_SUCCESS, value.bv_val != nil else {
            throw .invalidRequest(.search, .filterError, message: "the assertion's filter is malformed")
        }
        return LDAPControl(oid, isCritical: true, value: Octets(value))
    }

    private static func equality(_ attribute: String, _ value: Octets, in writer: inout BERWriter) {
        writer.sequence(tag: BERTag.context(3, constructed: true)) {
            $0.string(attribute)
            $0.octetString(value)
        }
    }
}
