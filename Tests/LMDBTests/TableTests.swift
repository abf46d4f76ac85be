import LMDB
import Testing

@Suite struct TableTests {
    let directory: TemporaryDirectory
    let environment: Environment
    let table: Table

    init() throws {
        directory = try TemporaryDirectory()
        environment = try directory.environment()
        table = try environment.table("entries")
    }

    func fill(_ keys: [String]) throws {
        try environment.write { (transaction) throws in
            for key in keys { try table.put(octets(key), octets("value of \(key)"), in: transaction) }
        }
    }

    func scanned(_ prefix: String, from start: String?, _ direction: ScanDirection, limit: Int = .max) throws
        -> [String]
    {
        try environment.read { (transaction) throws in
            var keys: [String] = []
            try table.scan(prefix: octets(prefix), from: start.map(octets), direction, in: transaction) { key, value in
                keys.append(String(decoding: key, as: UTF8.self))
                #expect(String(decoding: value, as: UTF8.self) == "value of \(keys.last!)")
                return keys.count == limit ? .stop : .next
            }
            return keys
        }
    }

    @Test(arguments: [0, 1, 300, 5000, 100_000])
    func aValueComesBackAsItWasPut(count: Int) throws {
        let value = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try environment.write { try table.put([1, 0, 255], value, in: $0) }
        #expect(try environment.read { try table.get([1, 0, 255], in: $0) } == value)
        #expect(try environment.read { try table.get([1, 0, 255], in: $0) { $0.count } } == count)
    }

    @Test func aMissingKeyIsNil() throws {
        #expect(try environment.read { try table.get(octets("none"), in: $0) } == nil)
        #expect(try environment.read { try table.contains(octets("none"), in: $0) } == false)
        #expect(try environment.write { try table.delete(octets("none"), in: $0) } == false)
    }

    @Test func putModesDifferOnKeysThatAreThere() throws {
        try fill(["b"])
        try environment.write { (transaction) throws in
            #expect(try table.put(octets("b"), [9], mode: .keepExisting, in: transaction) == false)
            #expect(try table.get(octets("b"), in: transaction) == octets("value of b"))
            #expect(try table.put(octets("b"), [9], in: transaction))
            #expect(try table.get(octets("b"), in: transaction) == [9])
            #expect(kind { try table.put(octets("a"), [9], mode: .append, in: transaction) } == .keyExists)
            #expect(try table.put(octets("c"), [9], mode: .append, in: transaction))
        }
        #expect(try environment.read { try table.count(in: $0) } == 2)
    }

    @Test func aReservedValueIsWrittenInPlace() throws {
        try environment.write { (transaction) throws in
            try octets("key").withUnsafeBytes { key in
                try table.put(key, octets: 3, in: transaction) { $0.copyBytes(from: [7, 8, 9]) }
            }
        }
        #expect(try environment.read { try table.get(octets("key"), in: $0) } == [7, 8, 9])
    }

    @Test(arguments: [0, 512, 4000])
    func aKeyOfWrongSizeIsRefused(count: Int) throws {
        let key = [UInt8](repeating: 1, count: count)
        #expect(kind { try environment.write { _ = try table.put(key, [1], in: $0) } } == .badSize)
        let longest = [UInt8](repeating: 1, count: Environment.maximumKeyOctets)
        try environment.write { try table.put(longest, [1], in: $0) }
    }

    struct Scan: Sendable {
        let prefix: String
        let start: String?
        let direction: ScanDirection
        let keys: [String]
    }

    @Test(arguments: [
        Scan(prefix: "", start: nil, direction: .forward, keys: ["a", "b", "b/1", "b/2", "b/3", "b0", "c"]),
        Scan(prefix: "", start: nil, direction: .backward, keys: ["c", "b0", "b/3", "b/2", "b/1", "b", "a"]),
        Scan(prefix: "b/", start: nil, direction: .forward, keys: ["b/1", "b/2", "b/3"]),
        Scan(prefix: "b/", start: nil, direction: .backward, keys: ["b/3", "b/2", "b/1"]),
        Scan(prefix: "b/", start: "b/2", direction: .forward, keys: ["b/2", "b/3"]),
        Scan(prefix: "b/", start: "b/2", direction: .backward, keys: ["b/2", "b/1"]),
        Scan(prefix: "b/", start: "b/15", direction: .forward, keys: ["b/2", "b/3"]),
        Scan(prefix: "b/", start: "b/15", direction: .backward, keys: ["b/1"]),
        Scan(prefix: "b/", start: "a", direction: .forward, keys: ["b/1", "b/2", "b/3"]),
        Scan(prefix: "b/", start: "a", direction: .backward, keys: []),
        Scan(prefix: "b/", start: "c", direction: .forward, keys: []),
        Scan(prefix: "b/", start: "c", direction: .backward, keys: ["b/3", "b/2", "b/1"]),
        Scan(prefix: "b/", start: "b/9", direction: .backward, keys: ["b/3", "b/2", "b/1"]),
        Scan(prefix: "c", start: nil, direction: .backward, keys: ["c"]),
        Scan(prefix: "d", start: nil, direction: .forward, keys: []),
        Scan(prefix: "d", start: nil, direction: .backward, keys: []),
        Scan(prefix: "0", start: nil, direction: .backward, keys: []),
    ])
    func aScanStaysInItsPrefixAndOrder(scan: Scan) throws {
        try fill(["c", "b/2", "a", "b0", "b/1", "b", "b/3"])
        #expect(try scanned(scan.prefix, from: scan.start, scan.direction) == scan.keys)
        let first = try scanned(scan.prefix, from: scan.start, scan.direction, limit: 1)
        #expect(first == Array(scan.keys.prefix(1)))
    }

    @Test func aPrefixOfHighestOctetsHasAnEnd() throws {
        let keys: [[UInt8]] = [[0xFE], [0xFE, 0xFF], [0xFF], [0xFF, 0xFF], [0xFF, 0xFF, 1]]
        try environment.write { transaction in for key in keys { try table.put(key, [], in: transaction) } }
        func backward(_ prefix: [UInt8]) throws -> [[UInt8]] {
            try environment.read { (transaction) throws in
                var found: [[UInt8]] = []
                try table.scan(prefix: prefix, .backward, in: transaction) { key, _ in
                    found.append([UInt8](key))
                    return .next
                }
                return found
            }
        }
        #expect(try backward([0xFF]) == [[0xFF, 0xFF, 1], [0xFF, 0xFF], [0xFF]])
        #expect(try backward([0xFE]) == [[0xFE, 0xFF], [0xFE]])
        #expect(try backward([0xFE, 0xFF]) == [[0xFE, 0xFF]])
    }

    @Test func anEmptyTableScansToNothing() throws {
        #expect(try scanned("", from: nil, .forward) == [])
        #expect(try scanned("a", from: "a", .backward) == [])
    }

    @Test(arguments: [ScanDirection.forward, .backward])
    func aScanDeletesWhatItIsToldTo(direction: ScanDirection) throws {
        try environment.write { (transaction) throws in
            for number in 0..<5000 { try table.put(key(number), [UInt8](repeating: 1, count: 50), in: transaction) }
        }
        try environment.write { (transaction) throws in
            var visited = 0
            try table.scan(direction, in: transaction) { key, _ in
                visited += 1
                return key.last! % 3 == 0 ? .next : .delete
            }
            #expect(visited == 5000)
        }
        let left = try environment.read { (transaction) throws in
            var keys: [[UInt8]] = []
            try table.forEach(in: transaction) { key, _ in keys.append([UInt8](key)) }
            return keys
        }
        #expect(left == (0..<5000).map(key).filter { $0.last! % 3 == 0 })
    }

    @Test func aScanAllowsDeletesByKey() throws {
        try fill((100..<400).map(String.init))
        try environment.write { (transaction) throws in
            var visited = 0
            try table.scan(in: transaction) { key, _ in
                visited += 1
                try table.delete([UInt8](key), in: transaction)
                return .next
            }
            #expect(visited == 300)
            #expect(try table.count(in: transaction) == 0)
        }
    }

    @Test func deletesByPrefixLeaveTheRest() throws {
        try fill(["a", "b/1", "b/2", "c"])
        #expect(try environment.write { try table.deleteAll(prefix: octets("b/"), in: $0) } == 2)
        #expect(try scanned("", from: nil, .forward) == ["a", "c"])
        try environment.write { try table.removeAll(in: $0) }
        #expect(try scanned("", from: nil, .forward) == [])
    }

    @Test func aCursorSeeksBothWays() throws {
        try fill(["a", "c", "e"])
        try environment.read { (transaction) throws in
            try table.withCursor(in: transaction) { (cursor: inout Cursor) throws in
                #expect(try cursor.seek(atLeast: octets("b")))
                #expect([UInt8](cursor.key) == octets("c"))
                #expect(try cursor.previous())
                #expect([UInt8](cursor.key) == octets("a"))
                #expect(try !cursor.previous())
                #expect(cursor.key.isEmpty)
                #expect(try cursor.seek(below: octets("e")))
                #expect([UInt8](cursor.value) == octets("value of c"))
                #expect(try !cursor.seek(below: octets("a")))
                #expect(try cursor.last())
                #expect([UInt8](cursor.key) == octets("e"))
                #expect(kind { try cursor.delete() } == .readOnly)
            }
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func randomWritesMatchADictionary(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        var model: [[UInt8]: [UInt8]] = [:]
        for _ in 0..<40 {
            try environment.write { (transaction) throws in
                for _ in 0..<100 {
                    let key = key(Int.random(in: 0..<500, using: &generator))
                    if Int.random(in: 0..<3, using: &generator) == 0 {
                        #expect(try table.delete(key, in: transaction) == (model.removeValue(forKey: key) != nil))
                    } else {
                        let size = Int.random(in: 0..<6000, using: &generator)
                        let value = [UInt8](repeating: UInt8(size & 0xFF), count: size)
                        try table.put(key, value, in: transaction)
                        model[key] = value
                    }
                }
            }
        }
        var stored: [[UInt8]: [UInt8]] = [:]
        var order: [[UInt8]] = []
        try environment.read { (transaction) throws in
            try table.forEach(in: transaction) { key, value in
                stored[[UInt8](key)] = [UInt8](value)
                order.append([UInt8](key))
            }
            #expect(try table.count(in: transaction) == model.count)
        }
        #expect(stored == model)
        #expect(order == model.keys.sorted { $0.lexicographicallyPrecedes($1) })
    }
}
