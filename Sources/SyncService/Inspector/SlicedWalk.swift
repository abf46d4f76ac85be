import Cache
import SyncModel

/// Walks through all of one kind in many short views instead of one long one: pages that a view may see can't be used again, and the file of a daemon at work
/// would grow for as long as somebody looks at our output. What changes meanwhile may be seen before or after its change; a backup stands still.
enum SlicedWalk {
    private static let rows = 4_096
    private static let longest = Duration.milliseconds(100)

    /// One view's share: `mayGoOn` is asked after each row.
    struct Slice {
        private let output: InspectorOutput
        private let end = ContinuousClock.now + SlicedWalk.longest
        private var seen = 0

        fileprivate init(_ output: InspectorOutput) { self.output = output }

        mutating func mayGoOn() -> Bool {
            seen += 1
            if output.isFull { return false }
            return seen % SlicedWalk.rows != 0 || ContinuousClock.now < end
        }
    }

    /// - Parameter body: goes on after `last` until the slice ends, and returns the last row that it saw; nil at the end of the table.
    static func run<Place>(
        _ inspected: InspectedCache,
        _ output: InspectorOutput,
        _ body: (_ view: InspectedView, _ last: Place?, _ slice: inout Slice) throws -> Place?
    ) throws {
        var last: Place?
        repeat {
            var slice = Slice(output)
            last = try inspected.read { try body($0, last, &slice) }
            if output.isFull { try output.flush() }
            try output.refuseInterruption()
        } while last != nil
    }
}
