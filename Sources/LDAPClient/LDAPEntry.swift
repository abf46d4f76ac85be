package import SyncModel

/// An attribute with its values, in the server's spelling and order. The name may carry options, as in
/// `member;range=0-1499` or `userCertificate;binary`.
package struct LDAPAttribute: Sendable, Hashable {
    package var name: String
    package var values: [Octets]

    package init(_ name: String, _ values: [Octets]) {
        self.name = name
        self.values = values
    }
}

/// A search result entry: its DN and attributes as the server sent them.
package struct LDAPEntry: Sendable, Hashable {
    package var dn: String
    package var attributes: [LDAPAttribute]

    package init(dn: String, attributes: [LDAPAttribute]) {
        self.dn = dn
        self.attributes = attributes
    }

    /// The values of the attribute of exactly that name and options, compared without regard to ASCII case; nil where
    /// the entry doesn't have it.
    package subscript(name: String) -> [Octets]? {
        attributes.first { equalsIgnoringCase($0.name, name) }?.values
    }

    /// The first value of the attribute of that name, or nil.
    package func first(_ name: String) -> Octets? {
        self[name]?.first
    }

    /// The first value of the attribute of that name as text, or nil where there is none or it isn't UTF-8.
    package func text(_ name: String) -> String? {
        first(name)?.text
    }
}

/// Attribute descriptions are ASCII (RFC 4512 section 1.4), so that folding single octets is enough.
func equalsIgnoringCase(_ left: String, _ right: String) -> Bool {
    let left = left.utf8
    let right = right.utf8
    guard left.count == right.count else { return false }
    return zip(left, right).allSatisfy { a, b in a == b || (a ^ b == 0x20 && isLetter(a)) }
}

private func isLetter(_ octet: UInt8) -> Bool {
    (0x41...0x5A).contains(octet & 0xDF)
}
