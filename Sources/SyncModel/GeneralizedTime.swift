/// A point in time, as directories write it (RFC 4517 §3.3.13): seconds since 1970-01-01 UTC and nanoseconds.
package struct GeneralizedTime: Hashable, Comparable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z, negative before.
    package var seconds: Int64

    /// 0 to 999,999,999, always forwards from `seconds`.
    package var nanoseconds: Int32

    package init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Reads `YYYYMMDDHH[MM[SS]]`, a fraction of the last unit given after `.` or `,`, and `Z` or an offset `±HH[MM]`.
    /// Year 0000 is valid: ppolicy writes it. Digits beyond nanoseconds are dropped; second 60 is the next minute's first.
    /// Nil for anything else.
    package init?(parsing text: String) {
        self.init(parsing: Octets(text))
    }

    package init?(parsing octets: Octets) {
        var scanner = GeneralizedTimeScanner(bytes: octets.bytes)
        guard let time = scanner.scan() else { return nil }
        self = time
    }

    package static func < (lhs: GeneralizedTime, rhs: GeneralizedTime) -> Bool {
        (lhs.seconds, lhs.nanoseconds) < (rhs.seconds, rhs.nanoseconds)
    }

    /// `YYYYMMDDHHMMSSZ`, the fraction dropped. A time outside the years 0000 to 9999 gives the first or the last second
    /// that the form can hold.
    package var textInSeconds: String {
        String(decoding: digits() + [0x5A], as: UTF8.self)
    }

    private static let firstSecond: Int64 = -62_167_219_200
    private static let lastSecond: Int64 = 253_402_300_799

    /// The fourteen digits of `YYYYMMDDHHMMSS`.
    func digits() -> [UInt8] {
        let clamped = min(max(seconds, Self.firstSecond), Self.lastSecond)
        let days = Self.floorDivide(clamped, 86_400)
        let secondOfDay = clamped - days * 86_400
        let date = Self.civil(fromDays: days)
        var result: [UInt8] = []
        result.reserveCapacity(28)
        Self.append(date.year, width: 4, to: &result)
        Self.append(date.month, width: 2, to: &result)
        Self.append(date.day, width: 2, to: &result)
        Self.append(secondOfDay / 3600, width: 2, to: &result)
        Self.append(secondOfDay / 60 % 60, width: 2, to: &result)
        Self.append(secondOfDay % 60, width: 2, to: &result)
        return result
    }

    static func append(_ number: Int64, width: Int, to text: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            text.append(0x30 + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    static func floorDivide(_ dividend: Int64, _ divisor: Int64) -> Int64 {
        let quotient = dividend / divisor
        return dividend % divisor < 0 ? quotient - 1 : quotient
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar. Years begin in March within, so that the leap day is
    /// a year's last; 146,097 days are one cycle of 400 years.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let cycle = floorDivide(shiftedYear, 400)
        let yearOfCycle = shiftedYear - cycle * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return cycle * 146_097 + yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let cycle = floorDivide(shifted, 146_097)
        let dayOfCycle = shifted - cycle * 146_097
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    static func daysInMonth(_ month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension GeneralizedTime: CustomStringConvertible {
    /// `YYYYMMDDHHMMSSZ`, with `.` and the fraction, without trailing zeros, before the `Z` if there is one.
    package var description: String {
        var text = digits()
        if nanoseconds > 0 {
            text.append(0x2E)
            Self.append(Int64(nanoseconds), width: 9, to: &text)
            while text.last == 0x30 { text.removeLast() }
        }
        text.append(0x5A)
        return String(decoding: text, as: UTF8.self)
    }
}

private struct GeneralizedTimeScanner {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func scan() -> GeneralizedTime? {
        guard let year = number(width: 4, in: 0...9999), let month = number(width: 2, in: 1...12),
            let day = number(width: 2, in: 1...31), day <= GeneralizedTime.daysInMonth(month, year: year),
            let hour = number(width: 2, in: 0...23)
        else { return nil }
        var seconds = GeneralizedTime.days(year: year, month: month, day: day) * 86_400 + hour * 3600
        var unit: Int64 = 3600
        if isAtDigit {
            guard let minute = number(width: 2, in: 0...59) else { return nil }
            seconds += minute * 60
            unit = 60
            if isAtDigit {
                guard let second = number(width: 2, in: 0...60) else { return nil }
                seconds += second
                unit = 1
            }
        }
        guard let nanoseconds = fraction(of: unit), let offset = offset(), position == bytes.count else { return nil }
        return GeneralizedTime(
            seconds: seconds + nanoseconds / 1_000_000_000 - offset,
            nanoseconds: Int32(nanoseconds % 1_000_000_000)
        )
    }

    private var isAtDigit: Bool { position < bytes.count && bytes[position] &- 0x30 < 10 }

    private mutating func number(width: Int, in range: ClosedRange<Int64>) -> Int64? {
        guard bytes.count - position >= width else { return nil }
        var number: Int64 = 0
        for _ in 0..<width {
            guard isAtDigit else { return nil }
            number = number * 10 + Int64(bytes[position] - 0x30)
            position += 1
        }
        return range.contains(number) ? number : nil
    }

    /// Nanoseconds of a fraction of `unit` seconds; 0 if there is none, nil if it has no digit.
    private mutating func fraction(of unit: Int64) -> Int64? {
        guard position < bytes.count, bytes[position] == 0x2E || bytes[position] == .comma else { return 0 }
        position += 1
        guard isAtDigit else { return nil }
        var billionths: Int64 = 0
        var scale: Int64 = 100_000_000
        while isAtDigit {
            billionths += Int64(bytes[position] - 0x30) * scale
            scale /= 10
            position += 1
        }
        return billionths * unit
    }

    /// Seconds east of UTC. The zone is not optional: a local time is no point in time.
    private mutating func offset() -> Int64? {
        guard position < bytes.count else { return nil }
        let sign = bytes[position]
        position += 1
        switch sign {
        case 0x5A: return 0
        case .plus, .hyphen:
            guard let hours = number(width: 2, in: 0...23) else { return nil }
            var offset = hours * 3600
            if isAtDigit {
                guard let minutes = number(width: 2, in: 0...59) else { return nil }
                offset += minutes * 60
            }
            return sign == .plus ? offset : -offset
        default: return nil
        }
    }
}
