package import Cryptography

/// A password that a client sent, in UTF-8. Its octets are wiped when the last reference goes; neither its description nor its mirror shows them.
package struct Password: Sendable {
    package let octets: KeyMaterial

    package init(_ octets: UnsafeRawBufferPointer) {
        self.octets = KeyMaterial(octets)
    }

    package init(octets: KeyMaterial) {
        self.octets = octets
    }

    /// A value of unicodePwd ([MS-ADTS] 3.1.1.3.1.5): in quotes, in UTF-16, little-endian. Nil for anything else.
    package init?(unicodePassword value: UnsafeRawBufferPointer) {
        let quote = UInt16(UInt8(ascii: "\""))
        let count = value.count / 2
        func unit(_ index: Int) -> UInt16 {
            UInt16(littleEndian: value.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
        }
        guard value.count % 2 == 0, count >= 2, unit(0) == quote, unit(count - 1) == quote else { return nil }
        var octets: [UInt8] = []
        // Each unit becomes at most three octets: nothing is moved, and left behind, while it grows.
        octets.reserveCapacity(3 * count)
        let isBroken = transcode(
            (1..<(count - 1)).lazy.map(unit).makeIterator(),
            from: UTF16.self,
            to: UTF8.self,
            stoppingOnError: true,
            into: { octets.append($0) }
        )
        let material = KeyMaterial(wiping: &octets)
        guard !isBroken else { return nil }
        self.octets = material
    }

    package var isEmpty: Bool { octets.count == 0 }

    /// Whether it is text: both directories take nothing else.
    package var isText: Bool {
        octets.withOctets { octets in
            transcodes(octets)
        }
    }

    private func transcodes(_ octets: UnsafeRawBufferPointer) -> Bool {
        !transcode(octets.makeIterator(), from: UTF8.self, to: UTF32.self, stoppingOnError: true, into: { _ in })
    }

    /// Whether it is what userPassword holds of a hashed password (RFC 2307 section 5.3): `{SCHEME}` and more. The other side could make nothing of it.
    package var isHash: Bool {
        octets.withOctets { octets in
            guard octets.first == UInt8(ascii: "{"), let end = octets.firstIndex(of: UInt8(ascii: "}")), end > 1 else {
                return false
            }
            return octets[1..<end].allSatisfy { octet in
                0x41...0x5A ~= octet & 0xDF || 0x30...0x39 ~= octet || octet == 0x2D || octet == 0x2F || octet == 0x2E
            }
        }
    }
}

extension Password: Equatable {
    /// Takes as long whatever the octets are; their number is no secret.
    package static func == (first: Password, second: Password) -> Bool {
        second.octets.withOctets { first.octets.equals($0) }
    }
}

extension Password: CustomStringConvertible, CustomReflectable {
    package var description: String { "<password>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
