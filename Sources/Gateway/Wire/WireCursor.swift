/// Reads the part of BER that LDAP uses (RFC 4511 section 5.1) where it lies, so that a password in it is copied once only: to where it is wiped.
///
/// Every length is checked against what is there before anything is made of it. Nothing here calls itself: nesting, however deep, costs nothing.
struct WireCursor {
    private let octets: UnsafeRawBufferPointer
    private var index = 0

    init(_ octets: UnsafeRawBufferPointer) {
        self.octets = octets
    }

    var isAtEnd: Bool { index == octets.count }

    /// The tag of the next element, or nil at the end.
    var nextTag: UInt8? { index < octets.count ? octets[index] : nil }

    /// The next element, whatever it is.
    mutating func element() throws(WireError) -> (tag: UInt8, contents: UnsafeRawBufferPointer) {
        guard octets.count - index >= 2 else { throw WireError("an element is cut off") }
        let tag = octets[index]
        guard tag & 0x1F != 0x1F else { throw WireError("a tag of more than one octet") }
        var length = Int(octets[index + 1])
        var start = index + 2
        if length >= 0x80 {
            let count = length & 0x7F
            guard 1...4 ~= count, count <= octets.count - start else { throw WireError("a bad length") }
            length = octets[start..<(start + count)].reduce(0) { $0 << 8 | Int($1) }
            start += count
        }
        guard length <= octets.count - start else { throw WireError("an element is cut off") }
        index = start + length
        return (tag, UnsafeRawBufferPointer(rebasing: octets[start..<index]))
    }

    mutating func octetString(_ tag: UInt8 = 0x04) throws(WireError) -> UnsafeRawBufferPointer {
        let element = try element()
        guard element.tag == tag else { throw WireError("tag \(element.tag) instead of \(tag)") }
        return element.contents
    }

    mutating func constructed(_ tag: UInt8 = 0x30) throws(WireError) -> WireCursor {
        WireCursor(try octetString(tag))
    }

    /// Text; a NUL is refused, since names end there in C.
    mutating func string(_ tag: UInt8 = 0x04) throws(WireError) -> String {
        let contents = try octetString(tag)
        guard !contents.contains(0), let text = String(validating: contents, as: UTF8.self) else {
            throw WireError("a string that is no text")
        }
        return text
    }

    mutating func integer(_ tag: UInt8 = 0x02) throws(WireError) -> Int32 {
        let contents = try octetString(tag)
        return try Self.integer(contents)
    }

    static func integer(_ contents: UnsafeRawBufferPointer) throws(WireError) -> Int32 {
        guard 1...4 ~= contents.count else { throw WireError("an integer of \(contents.count) octets") }
        let first = Int32(Int8(bitPattern: contents[0]))
        return contents.dropFirst().reduce(first) { $0 << 8 | Int32($1) }
    }

    mutating func boolean() throws(WireError) -> Bool {
        let contents = try octetString(0x01)
        guard contents.count == 1 else { throw WireError("a boolean of \(contents.count) octets") }
        return contents[0] != 0
    }
}

/// Why octets are no LDAP message. Says nothing of their contents.
package struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    package var reason: String

    init(_ reason: String) { self.reason = reason }

    package var description: String { reason }
}
