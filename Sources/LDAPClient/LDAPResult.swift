package import SyncModel

/// An LDAPResult as a server sent it (RFC 4511 section 4.1.9), with the controls of its message.
package struct LDAPResult: Sendable, Hashable {
    package var code: LDAPResultCode
    /// The deepest entry on the way to the target that exists, where the server says so; else empty.
    package var matchedDN: String
    /// The server's own words, empty where it has none.
    package var diagnosticMessage: String
    /// The URIs of a referral (code 10), else empty. They are never followed.
    package var referrals: [String]
    /// The controls of the message.
    package var controls: [LDAPControl]

    package init(
        code: LDAPResultCode,
        matchedDN: String = "",
        diagnosticMessage: String = "",
        referrals: [String] = [],
        controls: [LDAPControl] = []
    ) {
        self.code = code
        self.matchedDN = matchedDN
        self.diagnosticMessage = diagnosticMessage
        self.referrals = referrals
        self.controls = controls
    }

    /// The first control with that OID.
    package func control(_ oid: String) -> LDAPControl? {
        controls.first { $0.oid == oid }
    }
}

/// A server's answer to an operation other than a search; the code is a success (0, or 5 and 6 for a compare).
package struct LDAPResponse: Sendable, Hashable {
    package var result: LDAPResult
    /// The OID of an extended response (RFC 4511 section 4.12).
    package var oid: String?
    /// The value of an extended response.
    package var value: Octets?

    package init(result: LDAPResult, oid: String? = nil, value: Octets? = nil) {
        self.result = result
        self.oid = oid
        self.value = value
    }

    package var code: LDAPResultCode { result.code }
    package var controls: [LDAPControl] { result.controls }
}
