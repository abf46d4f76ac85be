import Testing

@testable import Gateway

/// What is bounded, with a clock that is handed in.
@Suite struct LimitTests {
    private let begin = ContinuousClock.now

    @Test func failuresAreForgottenOverTheWindow() {
        var limiter = FailureLimiter<String>(capacity: 4, window: .seconds(60))
        for _ in 0..<4 { #expect(limiter.take("a", at: begin) == true) }
        #expect(limiter.take("a", at: begin) == false)
        #expect(limiter.take("b", at: begin) == true)
        #expect(limiter.take("a", at: begin + .seconds(14)) == false)
        #expect(limiter.take("a", at: begin + .seconds(31)) == true)
        #expect(limiter.take("a", at: begin + .seconds(31)) == true)
        #expect(limiter.take("a", at: begin + .seconds(31)) == false)
    }

    @Test func whatIsGivenBackIsNotCounted() {
        var limiter = FailureLimiter<String>(capacity: 2, window: .seconds(60))
        for _ in 0..<100 {
            #expect(limiter.take("a", at: begin) == true)
            limiter.giveBack("a", at: begin)
        }
        #expect(limiter.count == 0)
    }

    @Test func theTableOfFailuresIsBoundedAndKeepsWhoFailsMost() {
        var limiter = FailureLimiter<Int>(capacity: 10, window: .seconds(60), mostKeys: 10)
        for _ in 0..<10 { _ = limiter.take(-1, at: begin) }
        for number in 0..<10_000 { #expect(limiter.take(number, at: begin) == true) }
        #expect(limiter.count == 10)
        #expect(limiter.take(-1, at: begin) == false)
    }

    @Test func thePaceFollowsTheSlowestRefusal() {
        var pace = RefusalPace()
        #expect(pace.current == .milliseconds(200))
        pace.note(.milliseconds(700))
        #expect(pace.current == .milliseconds(700))
        pace.note(.milliseconds(10))
        #expect(pace.current > .milliseconds(650) && pace.current < .milliseconds(700))
        for _ in 0..<1_000 { pace.note(.milliseconds(10)) }
        #expect(pace.current == .milliseconds(200))
        pace.note(.seconds(60))
        #expect(pace.current == .seconds(3))
    }
}
