package import SyncModel

/// One change to one attribute (RFC 4511 section 4.6; increment: RFC 4525).
package struct Modification: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case add, delete, replace, increment
    }

    package var kind: Kind
    package var attribute: String
    /// Empty with `delete` and `replace`: the whole attribute goes.
    package var values: [Octets]

    package init(_ kind: Kind, _ attribute: String, _ values: [Octets] = []) {
        self.kind = kind
        self.attribute = attribute
        self.values = values
    }
}

/// An operation that has one answer. DNs are strings as in RFC 4514, or as the server takes them (`<GUID=…>`).
package enum LDAPOperation: Sendable, Hashable {
    case add(dn: String, attributes: [LDAPAttribute], controls: [LDAPControl] = [])
    case modify(dn: String, modifications: [Modification], controls: [LDAPControl] = [])
    /// A rename, and with `newSuperior` a move (RFC 4511 section 4.9).
    case rename(
        dn: String,
        newRDN: String,
        newSuperior: String? = nil,
        deleteOldRDN: Bool = true,
        controls: [LDAPControl] = []
    )
    case delete(dn: String, controls: [LDAPControl] = [])
    case compare(dn: String, attribute: String, value: Octets, controls: [LDAPControl] = [])
    case extended(oid: String, value: Octets? = nil, controls: [LDAPControl] = [])

    package var kind: LDAPOperationKind {
        switch self {
        case .add: .add
        case .modify: .modify
        case .rename: .rename
        case .delete: .delete
        case .compare: .compare
        case .extended: .extended
        }
    }
}

/// The name of an operation, as it stands in an error.
package enum LDAPOperationKind: String, Sendable, Hashable {
    /// Not one operation but the connection itself: why it ended.
    case connection
    case open, bind, search, add, modify, rename, delete, compare, extended
}
