package import SyncModel

/// Octets that aren't the BER value they should be.
package struct BERError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where in the value, in octets.
    package let offset: Int
    package let reason: String

    package var description: String { "\(reason) at octet \(offset)" }
}

/// Reads the part of BER that LDAP uses (RFC 4511 section 5.1): definite lengths, single-octet tags, primitive strings.
///
/// Lengths may be longer than needed, as Active Directory's are. Whatever the octets are, reading ends with a value or
/// a ``BERError``; nothing is allocated that the octets don't hold.
package struct BERReader {
    private let octets: [UInt8]
    private var index: Int
    private let end: Int

    package init(_ octets: Octets) {
        self.octets = octets.bytes
        index = 0
        end = octets.bytes.count
    }

    private init(_ octets: [UInt8], from index: Int, to end: Int) {
        self.octets = octets
        self.index = index
        self.end = end
    }

    package var isAtEnd: Bool { index == end }

    /// The tag of the next element, or nil at the end.
    package var nextTag: UInt8? { index < end ? octets[index] : nil }

    /// The contents of the next element, which must have the tag `tag`, as a reader of their own.
    package mutating func constructed(_ tag: UInt8 = BERTag.sequence) throws(BERError) -> BERReader {
        let contents = try element(tag)
        return BERReader(octets, from: contents.lowerBound, to: contents.upperBound)
    }

    package mutating func octetString(_ tag: UInt8 = BERTag.octetString) throws(BERError) -> Octets {
        Octets(octets[try element(tag)])
    }

    /// An octet string that is text; invalid UTF-8 is refused.
    package mutating func string(_ tag: UInt8 = BERTag.octetString) throws(BERError) -> String {
        let start = index
        let contents = try element(tag)
        guard let text = String(validating: octets[contents], as: UTF8.self) else {
            throw BERError(offset: start, reason: "invalid UTF-8")
        }
        return text
    }

    package mutating func integer(_ tag: UInt8 = BERTag.integer) throws(BERError) -> Int64 {
        let start = index
        let contents = try element(tag)
        guard (1...8).contains(contents.count) else {
            throw BERError(offset: start, reason: "integer of \(contents.count) octets")
        }
        let first = Int64(Int8(bitPattern: octets[contents.lowerBound]))
        return contents.dropFirst().reduce(first) { $0 << 8 | Int64(octets[$1]) }
    }

    package mutating func enumerated() throws(BERError) -> Int64 {
        try integer(BERTag.enumerated)
    }

    package mutating func boolean() throws(BERError) -> Bool {
        let start = index
        let contents = try element(BERTag.boolean)
        guard contents.count == 1 else { throw BERError(offset: start, reason: "boolean of \(contents.count) octets") }
        return octets[contents.lowerBound] != 0
    }

    /// The element is there only if the next tag says so.
    package mutating func optionalOctetString() throws(BERError) -> Octets? {
        nextTag == BERTag.octetString ? try octetString() : nil
    }

    package mutating func optionalBoolean() throws(BERError) -> Bool? {
        nextTag == BERTag.boolean ? try boolean() : nil
    }

    /// Nothing may follow.
    package func finish() throws(BERError) {
        guard isAtEnd else { throw BERError(offset: index, reason: "\(end - index) octets too many") }
    }

    private mutating func element(_ tag: UInt8) throws(BERError) -> Range<Int> {
        let start = index
        guard index < end else { throw BERError(offset: start, reason: "no element") }
        guard octets[index] == tag else {
            throw BERError(offset: start, reason: "tag \(octets[index]) instead of \(tag)")
        }
        guard index + 1 < end else { throw BERError(offset: start, reason: "no length") }
        var length = Int(octets[index + 1])
        var contents = index + 2
        if length >= 0x80 {
            let count = length & 0x7F
            guard (1...4).contains(count), count <= end - contents else {
                throw BERError(offset: start, reason: "bad length")
            }
            length = octets[contents..<(contents + count)].reduce(0) { $0 << 8 | Int($1) }
            contents += count
        }
        guard length <= end - contents else { throw BERError(offset: start, reason: "contents cut off") }
        index = contents + length
        return contents..<index
    }
}

/// The tags that LDAP's values are made of.
package enum BERTag {
    package static let boolean: UInt8 = 0x01
    package static let integer: UInt8 = 0x02
    package static let octetString: UInt8 = 0x04
    package static let enumerated: UInt8 = 0x0A
    package static let sequence: UInt8 = 0x30
    package static let set: UInt8 = 0x31
    /// [APPLICATION 4]: SearchResultEntry.
    package static let searchResultEntry: UInt8 = 0x64

    package static func context(_ number: UInt8, constructed: Bool) -> UInt8 {
        0x80 | number | (constructed ? 0x20 : 0)
    }
}
