package import LDAPClient
package import SyncModel

/// The values return filter (RFC 3876): of an attribute that may have a hundred thousand values only those come that equal one of a few.
package enum MatchedValues {
    package static let oid = "1.2.826.0.1.3344810.2.3"

    package static func request(_ attribute: String, _ values: [Octets]) -> LDAPControl {
        var writer = BERWriter()
        writer.sequence { filter in
            for value in values {
                filter.sequence(tag: BERTag.context(3, constructed: true)) { assertion in
                    assertion.string(attribute)
                    assertion.octetString(value)
                }
            }
        }
        return LDAPControl(oid, isCritical: true, value: writer.octets)
    }
}
