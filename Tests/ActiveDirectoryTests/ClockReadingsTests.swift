import SyncModel
import Testing

@testable import ActiveDirectory

@Suite("Readings of a server's clock")
struct ClockReadingsTests {
    /// A server whose clock is `offset` ahead, moves by ticks, and answers after `way` milliseconds.
    private struct Server {
        var offset: Int64
        var way: Int64 = 1
        var tick: Int64 = 16

        func tell(_ readings: inout ClockReadings, at now: Int64) {
            let there = now + offset
            let shown = (there - there % tick) / 1000 * 1000
            readings.read(
                Timestamp(milliseconds: shown),
                sent: Timestamp(milliseconds: now),
                received: Timestamp(milliseconds: now + way)
            )
        }
    }

    private static let start: Int64 = 1_700_000_000_123

    @Test(arguments: [0, 1, 499, -3000, 86_400_000] as [Int64], [20, 100, 251] as [Int64])
    func itNarrowsAndNeverExcludesTheTruth(offset: Int64, pulse: Int64) throws {
        let server = Server(offset: offset)
        var readings = ClockReadings()
        var told: [(estimate: ClockEstimate, at: Int64)] = []
        for now in stride(from: Self.start, to: Self.start + 120_000, by: Int(pulse)) {
            server.tell(&readings, at: now)
            let estimate = try #require(readings.estimate)
            #expect(estimate.earliest <= offset && offset <= estimate.latest)
            if let news = readings.news(at: Timestamp(milliseconds: now)) { told.append((news, now)) }
        }
        let estimate = try #require(readings.estimate)
        #expect(estimate.uncertainty <= 80)
        #expect(abs(estimate.offset - offset) <= estimate.uncertainty)
        // The first at once, then only what is clearer by a third: few.
        #expect(told.first?.at == Self.start)
        #expect(told.count <= 12)
        for (earlier, later) in zip(told, told.dropFirst()) {
            #expect(later.at - earlier.at >= 1000)
        }
        let last = try #require(told.last?.estimate)
        #expect(abs(last.offset - estimate.offset) <= 50)
    }

    @Test func aClockThatWasSetIsToldAnew() throws {
        var readings = ClockReadings()
        for step in 0..<100 { Server(offset: 0).tell(&readings, at: Self.start + Int64(step) * 100) }
        let now = Self.start + 10_000
        _ = readings.news(at: Timestamp(milliseconds: now))
        #expect(readings.news(at: Timestamp(milliseconds: now + 5000)) == nil)
        Server(offset: 60_000).tell(&readings, at: now + 100)
        #expect(readings.news(at: Timestamp(milliseconds: now + 100)) == nil, "never twice a second")
        let news = readings.news(at: Timestamp(milliseconds: now + 1000))
        let told = try #require(news)
        #expect(told.earliest <= 60_000 && 60_000 <= told.latest)
        #expect(readings.news(at: Timestamp(milliseconds: now + 9000)) == nil)
    }

    @Test func aReadingDuringWhichOurOwnClockWentBackSaysNothing() {
        var readings = ClockReadings()
        let time = Timestamp(milliseconds: Self.start)
        readings.read(time, sent: time, received: time.advanced(byMilliseconds: -1))
        #expect(readings.estimate == nil)
        #expect(readings.news(at: time) == nil)
    }
}
