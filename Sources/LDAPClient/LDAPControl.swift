package import SyncModel

/// A control of a request or of a response (RFC 4511 section 4.1.11).
///
/// The typed controls (``PagedResults``, ``AssertionControl``, ``ReadEntryControl``, ``SyncRequest``, ``DirSync`` and
/// the rest) make these and read them.
package struct LDAPControl: Sendable, Hashable {
    package var oid: String
    /// Whether the server has to refuse the operation if it doesn't know the control.
    package var isCritical: Bool
    /// BER octets, or nil where the control has no value.
    package var value: Octets?

    package init(_ oid: String, isCritical: Bool, value: Octets? = nil) {
        self.oid = oid
        self.isCritical = isCritical
        self.value = value
    }

    /// Adding a value that is there, and deleting one that isn't, are no errors ([MS-ADTS] 3.1.1.3.4.1.8).
    package static let permissiveModify = LDAPControl("1.2.840.113556.1.4.1413", isCritical: true)
    /// Deleted entries are found, too ([MS-ADTS] 3.1.1.3.4.1.14).
    package static let showDeleted = LDAPControl("1.2.840.113556.1.4.417", isCritical: true)
    /// Of a security descriptor its DACL alone, which needs the least rights ([MS-ADTS] 3.1.1.3.4.1.11).
    package static let accessControlAlone = {
        var writer = BERWriter()
        writer.sequence { $0.integer(4) }
        return LDAPControl("1.2.840.113556.1.4.801", isCritical: true, value: writer.octets)
    }()
    /// The search stays open and returns each entry that changes ([MS-ADTS] 3.1.1.3.4.1.9).
    package static let notification = LDAPControl("1.2.840.113556.1.4.528", isCritical: true)
    /// Referral entries are treated as entries (RFC 3296).
    package static let manageDsaIT = LDAPControl("2.16.840.1.113730.3.4.2", isCritical: true)
    /// Rules of the schema and of the server's own attributes don't hold for who has the right to manage (draft-zeilenga-ldap-relax).
    package static let relaxRules = LDAPControl("1.3.6.1.4.1.4203.666.5.12", isCritical: true)
    /// DNs come as `<GUID=…>;<SID=…>;DN` ([MS-ADTS] 3.1.1.3.4.1.5); `hexadecimal` chooses the older spelling.
    package static func extendedDN(hexadecimal: Bool = false) -> LDAPControl {
        var writer = BERWriter()
        writer.sequence { $0.integer(hexadecimal ? 0 : 1) }
        return LDAPControl("1.2.840.113556.1.4.529", isCritical: true, value: writer.octets)
    }
}
