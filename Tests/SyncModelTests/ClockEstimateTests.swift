import SyncModel
import Testing

struct ClockEstimateTests {
    static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    /// What a server shows whose clock is `offset` ahead: rounded down, also below zero.
    static func shown(_ time: Int64, _ offset: Int64, _ granularity: Int64) -> Timestamp {
        let exact = time + offset
        let rest = ((exact % granularity) + granularity) % granularity
        return at(exact - rest)
    }

    static func holds(_ estimate: ClockEstimate, _ offset: Int64) -> Bool {
        (estimate.earliest...estimate.latest).contains(offset)
            && abs(offset - estimate.offset) <= estimate.uncertainty
    }

    @Test(arguments: [1, 3, 10] as [Int64])
    func `a reading holds the true offset, wherever in the round trip the server looked`(_ granularity: Int64) {
        for offset in Int64(-12)...12 {
            for there in Int64(0)...3 {
                for back in Int64(0)...3 {
                    for sent in Int64(20)...30 {
                        let estimate = ClockEstimate(
                            shown: Self.shown(sent + there, offset, granularity),
                            granularity: granularity,
                            sent: Self.at(sent),
                            received: Self.at(sent + there + back)
                        )
                        #expect(Self.holds(estimate, offset))
                        #expect(estimate.latest - estimate.earliest == there + back + granularity)
                        #expect(estimate.measured == Self.at(sent + there + back))
                    }
                }
            }
        }
    }

    @Test(arguments: [-4321, 0, 5, 999] as [Int64])
    func `readings that agree narrow it below the granularity`(_ offset: Int64) {
        var estimate = ClockEstimate(
            shown: Self.shown(0, offset, 1000),
            granularity: 1000,
            sent: Self.at(0),
            received: Self.at(10)
        )
        // Readings at different parts of the server's second.
        for step in 1...20 {
            let sent = Int64(step) * 137
            let before = estimate.latest - estimate.earliest
            estimate.narrow(
                shown: Self.shown(sent + 4, offset, 1000),
                granularity: 1000,
                sent: Self.at(sent),
                received: Self.at(sent + 10)
            )
            #expect(Self.holds(estimate, offset))
            #expect(estimate.latest - estimate.earliest <= before + 2 * 2)
        }
        #expect(estimate.uncertainty < 120)
        #expect(abs(estimate.offset - offset) < 120)
    }

    /// Of readings that come in together none is older than the others.
    @Test func `the order of readings of one moment does not count`() {
        let readings: [(shown: Int64, granularity: Int64, sent: Int64)] = [
            (1000, 1000, 1400), (1490, 10, 1450), (1500, 1, 1440),
        ]
        func take(_ order: [Int]) -> ClockEstimate {
            let first = readings[order[0]]
            var estimate = ClockEstimate(
                shown: Self.at(first.shown),
                granularity: first.granularity,
                sent: Self.at(first.sent),
                received: Self.at(1500)
            )
            for index in order.dropFirst() {
                let reading = readings[index]
                estimate.narrow(
                    shown: Self.at(reading.shown),
                    granularity: reading.granularity,
                    sent: Self.at(reading.sent),
                    received: Self.at(1500)
                )
            }
            return estimate
        }
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        #expect(Set(orders.map(take)).count == 1)
        #expect(take([0, 1, 2]) == ClockEstimate(earliest: 0, latest: 50, measured: Self.at(1500)))
    }

    @Test(arguments: [-100, -50, 0, 50, 100] as [Int64])
    func `a clock that goes a little too fast or too slow stays within`(_ millionths: Int64) {
        func offset(_ time: Int64) -> Int64 { 700 + time * millionths / 1_000_000 }
        var estimate = ClockEstimate(shown: Self.at(700), granularity: 1, sent: Self.at(0), received: Self.at(2))
        for step in 1...2000 {
            let sent = Int64(step) * 30_000
            estimate.narrow(
                shown: Self.shown(sent + 1, offset(sent + 1), 1),
                granularity: 1,
                sent: Self.at(sent),
                received: Self.at(sent + 2)
            )
            #expect(Self.holds(estimate, offset(sent + 1)))
            #expect(estimate.uncertainty < 20)
        }
    }

    @Test func `a clock that was set is measured anew`() {
        var estimate = ClockEstimate(shown: Self.at(5000), granularity: 1, sent: Self.at(0), received: Self.at(4))
        estimate.narrow(shown: Self.at(1000), granularity: 1, sent: Self.at(1000), received: Self.at(1004))
        #expect(estimate == ClockEstimate(earliest: -4, latest: 1, measured: Self.at(1004)))
    }

    @Test func `intervals that only touch agree on one point`() {
        var estimate = ClockEstimate(earliest: 0, latest: 10, measured: Self.at(100))
        estimate.narrow(shown: Self.at(110), granularity: 5, sent: Self.at(100), received: Self.at(100))
        #expect(estimate == ClockEstimate(earliest: 10, latest: 10, measured: Self.at(100)))
        #expect(estimate.offset == 10 && estimate.uncertainty == 0)
    }
}
