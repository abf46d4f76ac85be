/// A DN value as AD gives it with LDAP_SERVER_EXTENDED_DN_OID: `<GUID=…>;<SID=…>;CN=…` ([MS-ADTS] 3.1.1.3.4.1.5). Where the form is not extended there is
/// the name only.
package struct ExtendedName: Hashable, Sendable {
    package var anchor: Anchor?
    package var name: Octets

    package init(anchor: Anchor?, name: Octets) {
        self.anchor = anchor
        self.name = name
    }

    /// Takes the GUID in hexadecimal octets or as text with hyphens.
    package init(parsing value: Octets) {
        var rest = value.bytes[...]
        var anchor: Anchor?
        while rest.first == 0x3C, let end = rest.firstIndex(of: 0x3E) {
            let part = rest[rest.index(after: rest.startIndex)..<end]
            let prefix = Array("GUID=".utf8)
            if part.count > prefix.count, part.prefix(prefix.count).map({ $0 & 0xDF }) == prefix.map({ $0 & 0xDF }) {
                anchor = Self.anchor(part.dropFirst(prefix.count))
            }
            rest = rest[(end + 1)...]
            if rest.first == 0x3B { rest = rest.dropFirst() }
        }
        self.init(anchor: anchor, name: Octets(rest))
    }

    /// Names an AD entry for good in a value that is written: a rename of the entry on the way does no harm.
    package static func value(_ anchor: Anchor) -> Octets {
        Octets("<GUID=\(anchor.text(on: .ad))>")
    }

    private static func anchor(_ text: some Collection<UInt8>) -> Anchor? {
        if text.count == 32 {
            var octets: [UInt8] = []
            var high: UInt8?
            for byte in text {
                guard let digit = byte.hexDigitValue.map({ UInt8($0) }) else { return nil }
                if let first = high {
                    octets.append(first << 4 | digit)
                    high = nil
                } else {
                    high = digit
                }
            }
            return Anchor(octets: octets)
        }
        return UUIDText.parseGUID(String(decoding: text, as: UTF8.self)).flatMap { Anchor(octets: $0) }
    }
}
