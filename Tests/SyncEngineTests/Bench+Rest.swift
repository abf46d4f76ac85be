import Support
import SyncEngine
import SyncModel
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

    /// All of a server that was restored is read, by versions that mean nothing.
    func readBack(_ side: Side) throws {
        let entries = directories[side].sorted.compactMap { entry in
            var snapshot = directories[side].snapshotWithMembers(entry.anchor)
            snapshot?.version = .unordered
            return snapshot
        }
        try step(.feed(side, .changes(entries.map { .present($0) }, cursor: nil)))
        try complete(side)
    }
}
