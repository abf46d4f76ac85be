internal import CLDAP

/// A result code of a server (RFC 4511 section 4.1.9 and its extensions; never negative), or, negative, one of the
/// client library's own codes.
package struct LDAPResultCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    package static let success = Self(rawValue: 0)
    package static let operationsError = Self(rawValue: 1)
    package static let protocolError = Self(rawValue: 2)
    package static let timeLimitExceeded = Self(rawValue: 3)
    package static let sizeLimitExceeded = Self(rawValue: 4)
    package static let compareFalse = Self(rawValue: 5)
    package static let compareTrue = Self(rawValue: 6)
    package static let authMethodNotSupported = Self(rawValue: 7)
    package static let strongerAuthRequired = Self(rawValue: 8)
    package static let referral = Self(rawValue: 10)
    package static let adminLimitExceeded = Self(rawValue: 11)
    package static let unavailableCriticalExtension = Self(rawValue: 12)
    package static let confidentialityRequired = Self(rawValue: 13)
    package static let saslBindInProgress = Self(rawValue: 14)
    package static let noSuchAttribute = Self(rawValue: 16)
    package static let undefinedAttributeType = Self(rawValue: 17)
    package static let inappropriateMatching = Self(rawValue: 18)
    package static let constraintViolation = Self(rawValue: 19)
    package static let attributeOrValueExists = Self(rawValue: 20)
    package static let invalidAttributeSyntax = Self(rawValue: 21)
    package static let noSuchObject = Self(rawValue: 32)
    package static let aliasProblem = Self(rawValue: 33)
    package static let invalidDNSyntax = Self(rawValue: 34)
    package static let aliasDereferencingProblem = Self(rawValue: 36)
    package static let inappropriateAuthentication = Self(rawValue: 48)
    package static let invalidCredentials = Self(rawValue: 49)
    package static let insufficientAccessRights = Self(rawValue: 50)
    package static let busy = Self(rawValue: 51)
    package static let unavailable = Self(rawValue: 52)
    package static let unwillingToPerform = Self(rawValue: 53)
    package static let loopDetect = Self(rawValue: 54)
    package static let namingViolation = Self(rawValue: 64)
    package static let objectClassViolation = Self(rawValue: 65)
    package static let notAllowedOnNonLeaf = Self(rawValue: 66)
    package static let notAllowedOnRDN = Self(rawValue: 67)
    package static let entryAlreadyExists = Self(rawValue: 68)
    package static let objectClassModsProhibited = Self(rawValue: 69)
    package static let affectsMultipleDSAs = Self(rawValue: 71)
    package static let other = Self(rawValue: 80)
    /// RFC 3909.
    package static let canceled = Self(rawValue: 118)
    /// RFC 4528: the assertion control's filter didn't match.
    package static let assertionFailed = Self(rawValue: 122)
    /// RFC 4533: the cookie can't be continued from.
    package static let syncRefreshRequired = Self(rawValue: 4096)

    package static let serverDown = Self(rawValue: LDAP_SERVER_DOWN)
    package static let localError = Self(rawValue: LDAP_LOCAL_ERROR)
    package static let encodingError = Self(rawValue: LDAP_ENCODING_ERROR)
    package static let decodingError = Self(rawValue: LDAP_DECODING_ERROR)
    package static let timeout = Self(rawValue: LDAP_TIMEOUT)
    package static let authUnknown = Self(rawValue: LDAP_AUTH_UNKNOWN)
    package static let filterError = Self(rawValue: LDAP_FILTER_ERROR)
    package static let userCancelled = Self(rawValue: LDAP_USER_CANCELLED)
    package static let parameterError = Self(rawValue: LDAP_PARAM_ERROR)
    package static let noMemory = Self(rawValue: LDAP_NO_MEMORY)
    package static let connectError = Self(rawValue: LDAP_CONNECT_ERROR)
    package static let notSupported = Self(rawValue: LDAP_NOT_SUPPORTED)

    /// The client library's words for this code, for example "Assertion Failed (122)".
    package var name: String {
        "\(String(cString: ldap_err2string(rawValue))) (\(rawValue))"
    }

    /// Whether a server answers with this code when it did what was asked: success, and both answers to a compare.
    package var isSuccess: Bool {
        self == .success || self == .compareTrue || self == .compareFalse
    }

    /// What to do about this code, or nil where it is no failure.
    ///
    /// `invalidCredentials` and its like are `stop`: to repeat a bind that is refused locks the account.
    package var disposition: Disposition? {
        switch self {
        case .success, .compareTrue, .compareFalse:
            nil
        case .timeLimitExceeded, .busy, .other, .canceled, .userCancelled, .noMemory:
            .retry
        case .operationsError, .saslBindInProgress, .unavailable, .serverDown, .localError, .decodingError, .timeout,
            .connectError:
            // Active Directory answers operationsError to whoever isn't bound (any more).
            .reconnect
        case .authMethodNotSupported, .strongerAuthRequired, .confidentialityRequired, .inappropriateAuthentication,
            .invalidCredentials, .authUnknown, .notSupported:
            .stop
        default:
            .refuse
        }
    }
}

extension LDAPResultCode: CustomStringConvertible {
    package var description: String { name }
}
