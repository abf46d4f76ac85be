/// A point in time, as AD's integer attributes hold it: 100-ns intervals since 1601-01-01 UTC ([MS-DTYP] 2.3.3).
package struct FileTime: Hashable, Comparable, Sendable {
    /// 100-ns intervals since 1601-01-01T00:00:00Z.
    package var intervals: Int64

    package init(intervals: Int64) {
        self.intervals = intervals
    }

    /// Nil if the time is outside of what 100-ns intervals in 64 bits can hold.
    package init?(seconds: Int64, nanoseconds: Int32 = 0) {
        let (sinceEpoch, overflow) = seconds.addingReportingOverflow(Self.secondsTo1970)
        guard !overflow else { return nil }
        let (whole, wholeOverflow) = sinceEpoch.multipliedReportingOverflow(by: 10_000_000)
        guard !wholeOverflow else { return nil }
        let (sum, sumOverflow) = whole.addingReportingOverflow(Int64(nanoseconds / 100))
        guard !sumOverflow else { return nil }
        self.intervals = sum
    }

    package init?(_ time: GeneralizedTime) {
        self.init(seconds: time.seconds, nanoseconds: time.nanoseconds)
    }

    /// Reads the decimal text of an attribute value; nil for anything else.
    package init?(parsing octets: Octets) {
        guard let text = octets.text, let intervals = Int64(text) else { return nil }
        self.intervals = intervals
    }

    package init?(parsing text: String) {
        guard let intervals = Int64(text) else { return nil }
        self.intervals = intervals
    }

    /// What AD itself writes into accountExpires of an account that never expires.
    package static let never = FileTime(intervals: .max)

    /// Whether this in accountExpires means that the account never expires: 0 and 2^63 - 1 both do. In other attributes 0 has
    /// other meanings (pwdLastSet: to be changed at the next logon; lockoutTime: not locked).
    package var isNever: Bool { intervals == 0 || intervals == .max }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    package var seconds: Int64 {
        GeneralizedTime.floorDivide(intervals, 10_000_000) - Self.secondsTo1970
    }

    /// What is beyond ``seconds``, in nanoseconds: 0 to 999,999,900.
    package var nanoseconds: Int32 {
        let remainder = intervals % 10_000_000
        return Int32((remainder < 0 ? remainder + 10_000_000 : remainder) * 100)
    }

    package var time: GeneralizedTime { GeneralizedTime(seconds: seconds, nanoseconds: nanoseconds) }

    package static func < (lhs: FileTime, rhs: FileTime) -> Bool {
        lhs.intervals < rhs.intervals
    }

    private static let secondsTo1970: Int64 = 11_644_473_600
}

extension FileTime: CustomStringConvertible {
    /// The decimal text that AD takes as a value.
    package var description: String { String(intervals) }
}
