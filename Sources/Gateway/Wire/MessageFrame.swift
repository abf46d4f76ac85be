/// Where an LDAPMessage (RFC 4511 section 4.1.1) ends, told by its first octets.
package enum MessageFrame: Hashable, Sendable {
    /// More octets are needed to know.
    case incomplete
    /// The message has so many octets, all told; they need not be there yet.
    case octets(Int)
    /// It is no LDAPMessage, or longer than the limit.
    case refused

    /// - Parameter limit: of a whole message. It is compared before anything is reserved for one.
    package init(_ octets: UnsafeRawBufferPointer, limit: Int) {
        self = Self.read(octets, limit)
    }

    private static func read(_ octets: UnsafeRawBufferPointer, _ limit: Int) -> MessageFrame {
        guard let first = octets.first else { return .incomplete }
        guard first == 0x30 else { return .refused }
        guard octets.count >= 2 else { return .incomplete }
        let length = Int(octets[1])
        guard length >= 0x80 else { return length + 2 <= limit ? .octets(length + 2) : .refused }
        let count = length & 0x7F
        // 0 is BER's indefinite form, which LDAP forbids.
        guard 1...4 ~= count else { return .refused }
        guard octets.count >= 2 + count else { return .incomplete }
        let total = octets[2..<(2 + count)].reduce(0) { $0 << 8 | Int($1) } + 2 + count
        return total <= limit ? .octets(total) : .refused
    }
}
