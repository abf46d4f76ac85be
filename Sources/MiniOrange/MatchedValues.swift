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

    /// Those values of `attribute` that begin with one of `beginnings`, and all values of the attributes `whole`. No others come at all.
    package static func request(_ attribute: String, beginnings: [String], whole: [String]) -> LDAPControl {
        var writer = BERWriter()
        writer.sequence { filter in
            for beginning in beginnings {
                filter.sequence(tag: BERTag.context(4, constructed: true)) { assertion in
                    assertion.string(attribute)
                    assertion.sequence { $0.string(beginning, tag: BERTag.context(0, constructed: false)) }
                }
            }
            for name in whole { filter.string(name, tag: BERTag.context(7, constructed: false)) }
        }
        return LDAPControl(oid, isCritical: true, value: writer.octets)
    }
}
