/// An attribute value: octets, never text. A string is made of it only where a person reads it.
package struct Octets: Hashable, Comparable, Sendable {
    package var bytes: [UInt8]

    package init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    package init(_ buffer: some Sequence<UInt8>) {
        self.bytes = Array(buffer)
    }

    /// The UTF-8 encoding of `text`.
    package init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    package var count: Int { bytes.count }
    package var isEmpty: Bool { bytes.isEmpty }

    /// The octets as text, or nil where they are not valid UTF-8.
    package var text: String? {
        String(validating: bytes, as: UTF8.self)
    }

    /// The octets as text for a person to read; invalid UTF-8 is replaced.
    package var lossyText: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// Order of unsigned octets, the shorter first where one is a prefix of the other.
    package static func < (lhs: Octets, rhs: Octets) -> Bool {
        lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
    }
}

extension Octets: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) {
        self.init(value)
    }
}

extension Octets: CustomStringConvertible {
    /// Length only: a description may end in a log, and a value must not.
    package var description: String { "<\(bytes.count) octets>" }
}
