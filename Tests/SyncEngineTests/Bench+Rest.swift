import SyncEngine
import Testing

extension Bench {
    /// Everything comes to rest, and stays so.
    func expectRest() throws {
        #expect(try settle().last != "does not come to rest")
        #expect(try settle().isEmpty)
        #expect(engine.isQuiet)
    }
}
