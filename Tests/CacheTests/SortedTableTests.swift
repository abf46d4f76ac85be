import Support
import Testing

/// What the store in memory stands on.
@Suite struct SortedTableTests {
    @Test(arguments: [1, 2] as [UInt64])
    func keysStayInOrderHoweverMany(seed: UInt64) {
        var generator = NounGenerator(seed: seed)
        var table = SortedTable<Int, Int>()
        var plain: [Int: Int] = [:]
        for round in 0..<8000 {
            let key = generator.below(4000)
            // Grows first, and then shrinks to nothing.
            let value = generator.below(8000) > round ? round : nil
            table[key] = value
            plain[key] = value
            guard round % 100 == 0 else { continue }
            let bound = generator.below(4000)
            #expect(table[key] == value)
            #expect(table.keys == plain.keys.sorted())
            #expect(table.count == plain.count)
            #expect(table.next(after: bound) == plain.keys.filter { $0 > bound }.min())
        }
        #expect(table.keys == plain.keys.sorted())
        for key in table.keys { table[key] = nil }
        #expect(table.count == 0 && table.next(after: nil) == nil && table.first { _ in false } == nil)
    }
}
