import SyncEngine
import Testing

extension Bench {
    /// Everything comes to rest, and stays so.
    func expectRest() throws {
        #expect(try settle().last != "does not come to rest")
        #expect(try settle().isEmpty)
        let isQuiet = engine.isQuiet
        #expect(isQuiet)
    }

    /// Everything is told and answered, again and again as time passes.
    func settle(rounds: Int, milliseconds: Int64) throws {
        for _ in 0..<rounds { _ = try settle() + pass(milliseconds: milliseconds) }
    }

    /// Answers what is sent, for 25 seconds and without a word of the feeds.
    func answerAll() throws {
        for _ in 0..<50 {
            while !sent.isEmpty { try answer() }
            _ = try pass(milliseconds: 500)
        }
    }
}
