/// How far a server's clock is from ours, narrowed by each reading: pure arithmetic on intervals.
///
/// A reading says: while our clock went from `sent` to `received`, the server's showed `shown`, rounded down by less than `granularity`. So the offset
/// lies in an interval; where readings overlap, in their intersection. One that does not overlap shows that a clock was set: it begins anew.
package struct ClockEstimate: Hashable, Sendable {
    /// The server's clock minus ours lies between these, in milliseconds.
    package private(set) var earliest: Int64
    package private(set) var latest: Int64
    /// When it was last narrowed or confirmed, by our clock.
    package private(set) var measured: Timestamp

    /// How fast two ordinary clocks part, in milliseconds a million milliseconds.
    static let drift: Int64 = 100

    package init(shown: Timestamp, granularity: Int64, sent: Timestamp, received: Timestamp) {
        // Our own clock may have been set between the two.
        earliest = shown.milliseconds - max(sent, received).milliseconds
        latest = shown.milliseconds + granularity - min(sent, received).milliseconds
        measured = received
    }

    package init(earliest: Int64, latest: Int64, measured: Timestamp) {
        self.earliest = min(earliest, latest)
        self.latest = max(earliest, latest)
        self.measured = measured
    }

    /// Milliseconds by which the bounds may be wrong at another time of our clock.
    package func drift(at time: Timestamp) -> Int64 {
        let age = time.milliseconds.subtractingReportingOverflow(measured.milliseconds)
        return age.overflow ? .max / 8 : Int64(age.partialValue.magnitude / UInt64(1_000_000 / Self.drift))
    }

    /// Milliseconds that the server's clock is ahead of ours, most likely.
    package var offset: Int64 { (earliest + latest) / 2 }
    /// Milliseconds that `offset` may be wrong by, either way.
    package var uncertainty: Int64 { (latest - earliest + 1) / 2 }

    /// Takes in another reading.
    package mutating func narrow(shown: Timestamp, granularity: Int64, sent: Timestamp, received: Timestamp) {
        let new = ClockEstimate(shown: shown, granularity: granularity, sent: sent, received: received)
        let age = max(0, received.milliseconds - measured.milliseconds)
        // Whole milliseconds only, and the rest is counted on: many readings in one second must not widen what each of them narrows.
        let slack = age * Self.drift / 1_000_000
        let low = max(earliest - slack, new.earliest)
        let high = min(latest + slack, new.latest)
        let since = slack > 0 ? received : measured
        self = low <= high ? ClockEstimate(earliest: low, latest: high, measured: since) : new
    }
}
