/// What a client asks for: an LDAPMessage (RFC 4511 section 4.1.1), as far as the gateway does anything with it.
package struct ClientMessage: Equatable, Sendable {
    package var id: Int32
    package var request: ClientRequest
    /// A control that must be understood or the operation refused (RFC 4511 section 4.1.11), and is not.
    package var hasUnknownCriticalControl = false
}

package enum ClientRequest: Equatable, Sendable {
    case bind(BindRequest)
    case unbind
    case abandon(Int32)
    case search(SearchQuery)
    case modify(ModifyRequest)
    case extended(ExtendedRequest)
    /// Add, delete, rename, compare: never carried out, whatever is in them.
    case other(ResponseKind)
    /// The operation is known by its tag, and what is in it can't be read.
    case unreadable(ResponseKind)
}

/// The message that answers a request, by its tag (RFC 4511 section 4.2 to 4.12).
package enum ResponseKind: UInt8, Hashable, Sendable {
    case bind = 0x61
    case search = 0x65
    case modify = 0x67
    case add = 0x69
    case delete = 0x6B
    case rename = 0x6D
    case compare = 0x6F
    case extended = 0x78
}

/// RFC 4511 section 4.2.
package struct BindRequest: Equatable, Sendable {
    package enum Authentication: Equatable, Sendable {
        case simple(Password)
        case other
    }

    package var version: Int32
    package var name: String
    package var authentication: Authentication
}

/// RFC 4511 section 4.5.1. Only the root DSE is ever answered, so nothing but what concerns it is kept.
package struct SearchQuery: Equatable, Sendable {
    package var isOfRootDSE: Bool
    /// Lower-cased.
    package var attributes: [String]
    package var typesOnly: Bool
    /// Whether the filter is `(objectClass=*)`.
    package var takesAll: Bool
}

/// RFC 4511 section 4.6, as far as it is about passwords.
package struct ModifyRequest: Equatable, Sendable {
    /// The new password, and the one that is to be taken away for it, if that is given.
    package struct Change: Equatable, Sendable {
        package var former: Password?
        package var password: Password
    }

    package var name: String
    /// Nil: it asks for something else than one new password.
    package var change: Change?
}

/// RFC 4511 section 4.12.
package enum ExtendedRequest: Equatable, Sendable {
    /// RFC 4511 section 4.14.
    case startTLS
    /// RFC 4532.
    case whoAmI
    /// RFC 3062.
    case passwordModify(identity: String?, former: Password?, password: Password?)
    case unknown
}

/// Names of operations and features that stand in messages.
package enum ObjectIdentifiers {
    package static let startTLS = "1.3.6.1.4.1.1466.20037"
    package static let passwordModify = "1.3.6.1.4.1.4203.1.11.1"
    package static let whoAmI = "1.3.6.1.4.1.4203.1.11.3"
    package static let noticeOfDisconnection = "1.3.6.1.4.1.1466.20036"
    /// RFC 3296: asks to leave referrals alone, of which there are none.
    static let manageDsaIT = "2.16.840.1.113730.3.4.2"
}
