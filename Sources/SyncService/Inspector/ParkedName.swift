import Mapping
import SyncModel

/// A value of a membership that names nobody in scope, as the engine keeps it: one octet that says what it is, then the value without regard to case.
struct ParkedName {
    enum Kind: String {
        case distinguishedName = "dn"
        /// The value of an attribute of the other entry, or a group's plain name.
        case name
        /// What primaryGroupID holds.
        case relativeID = "relative-id"
    }

    let kind: Kind
    let value: Octets

    init(_ octets: Octets) {
        guard let tag = octets.bytes.first else {
            kind = .name
            value = octets
            return
        }
        let rest = Octets(octets.bytes.dropFirst())
        if tag == LinkKey.prefixes.upperBound {
            (kind, value) = (.relativeID, rest)
        } else if LinkKey.prefixes.contains(tag) {
            (kind, value) = (.name, rest)
        } else if rest.bytes.contains(UInt8(ascii: "=")) {
            (kind, value) = (.distinguishedName, rest)
        } else {
            // Nothing but spaces, or no DN at all.
            (kind, value) = (.name, tag == UInt8(ascii: "d") ? rest : octets)
        }
    }
}
