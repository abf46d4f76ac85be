/// The version of an entry on a slapd: when, which of several in that instant, on which server, and which part of the
/// change. Ordered as the text is, so a later change is greater.
///
/// Held in 16 octets; the text of either form comes back exactly as it was read.
package struct ChangeSequenceNumber: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    package let microseconds: Int64

    /// From the highest bit: 24 bits count, 12 replica, 24 modification, 4 form. The order of the fields is the order
    /// in which two numbers of the same time compare.
    private let fields: UInt64

    /// Reads `YYYYMMDDHHMMSS.ffffffZ#cccccc#rrr#mmmmmm`, and the form before OpenLDAP 2.4 without a fraction and with two
    /// digits of replica. Nil for anything else.
    package init?(parsing text: String) {
        self.init(parsing: Octets(text))
    }

    package init?(parsing octets: Octets) {
        let bytes = octets.bytes
        let form: Form
        switch bytes.count {
        case 40: form = .microseconds
        case 32: form = .seconds
        default: return nil
        }
        let timeCount = form == .microseconds ? 22 : 15
        let replicaCount = form == .microseconds ? 3 : 2
        guard let time = GeneralizedTime(parsing: Octets(bytes[..<timeCount])),
            let count = Self.hex(bytes, at: timeCount, digits: 6),
            let replica = Self.hex(bytes, at: timeCount + 7, digits: replicaCount),
            let modification = Self.hex(bytes, at: timeCount + 8 + replicaCount, digits: 6)
        else { return nil }
        self.microseconds = time.seconds * 1_000_000 + Int64(time.nanoseconds) / 1000
        self.fields = count << 40 | replica << 28 | modification << 4 | form.rawValue
        // The parts allow more than a server writes: an offset, second 60, capitals. What doesn't come back as it was is none.
        guard text() == bytes else { return nil }
    }

    /// When the change was made.
    package var time: GeneralizedTime {
        let seconds = GeneralizedTime.floorDivide(microseconds, 1_000_000)
        return GeneralizedTime(seconds: seconds, nanoseconds: Int32(microseconds - seconds * 1_000_000) * 1000)
    }

    /// Which change of the same instant this was.
    package var count: Int { Int(fields >> 40) }

    /// The server's ID (`sid`) within its replication group; 0 for a server on its own.
    package var replica: Int { Int(fields >> 28 & 0xFFF) }

    /// Which part of one change; slapd writes 0.
    package var modification: Int { Int(fields >> 4 & 0xFF_FFFF) }

    package static func < (lhs: ChangeSequenceNumber, rhs: ChangeSequenceNumber) -> Bool {
        (lhs.microseconds, lhs.fields) < (rhs.microseconds, rhs.fields)
    }

    private enum Form: UInt64 {
        case seconds = 0
        case microseconds = 1
    }

    private var form: Form { fields & 0xF == Form.seconds.rawValue ? .seconds : .microseconds }

    /// The number after a `#` at `start`.
    private static func hex(_ bytes: [UInt8], at start: Int, digits: Int) -> UInt64? {
        guard bytes[start] == .hash else { return nil }
        var number: UInt64 = 0
        for byte in bytes[(start + 1)...start + digits] {
            guard let digit = byte.hexDigitValue else { return nil }
            number = number << 4 | UInt64(digit)
        }
        return number
    }

    private static func appendHex(_ number: Int, digits: Int, to text: inout [UInt8]) {
        text.append(.hash)
        for shift in (0..<digits).reversed() {
            let digit = UInt8(number >> (shift * 4) & 0xF)
            text.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
        }
    }

    private func text() -> [UInt8] {
        let time = self.time
        var text = time.digits()
        text.reserveCapacity(40)
        if form == .microseconds {
            text.append(0x2E)
            GeneralizedTime.append(Int64(time.nanoseconds) / 1000, width: 6, to: &text)
        }
        text.append(0x5A)
        Self.appendHex(count, digits: 6, to: &text)
        Self.appendHex(replica, digits: form == .microseconds ? 3 : 2, to: &text)
        Self.appendHex(modification, digits: 6, to: &text)
        return text
    }
}

extension ChangeSequenceNumber: CustomStringConvertible {
    /// The text that was read.
    package var description: String { String(decoding: text(), as: UTF8.self) }
}
