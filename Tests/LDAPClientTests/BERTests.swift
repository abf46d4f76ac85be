import LDAPClient
import SyncModel
import Testing

@Suite struct BERTests {
    @Test(
        arguments: [
            (0, [2, 1, 0]), (1, [2, 1, 1]), (127, [2, 1, 127]), (128, [2, 2, 0, 128]), (256, [2, 2, 1, 0]),
            (-1, [2, 1, 255]), (-128, [2, 1, 128]), (-129, [2, 2, 255, 127]),
            (-0x8000_0000, [2, 4, 128, 0, 0, 0]), (0x7FFF_FFFF, [2, 4, 127, 255, 255, 255]),
            (Int64.max, [2, 8, 127, 255, 255, 255, 255, 255, 255, 255]), (Int64.min, [2, 8, 128, 0, 0, 0, 0, 0, 0, 0]),
        ] as [(Int64, [UInt8])]
    )
    func anIntegerIsWrittenShortAndReadBack(value: Int64, bytes: [UInt8]) throws {
        var writer = BERWriter()
        writer.integer(value)
        #expect(writer.bytes == bytes)
        var reader = BERReader(writer.octets)
        #expect(try reader.integer() == value)
        try reader.finish()
    }

    @Test(arguments: [0, 1, 127, 128, 255, 256, 65_535, 65_536, 1 << 20])
    func anOctetStringOfAnyLengthIsReadBack(count: Int) throws {
        let value = Octets([UInt8](repeating: 7, count: count))
        var writer = BERWriter()
        writer.octetString(value)
        var reader = BERReader(writer.octets)
        #expect(try reader.octetString() == value)
        #expect(reader.isAtEnd)
    }

    @Test func lengthsMayBeLongerThanNeeded() throws {
        var reader = BERReader(Octets([0x30, 0x84, 0, 0, 0, 3, 0x02, 1, 5] as [UInt8]))
        var contents = try reader.constructed()
        try reader.finish()
        #expect(try contents.integer() == 5)
    }

    @Test(
        arguments: [
            [], [4], [4, 0x80, 0, 0], [4, 0x85, 0, 0, 0, 0, 0], [4, 0x82, 1], [4, 2, 0], [2, 0],
            [4, 0x84, 255, 255, 255, 255],
            [2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1], [3, 1, 0],
        ] as [[UInt8]]
    )
    func malformedOctetsAreAnError(bytes: [UInt8]) {
        #expect(throws: BERError.self) {
            var reader = BERReader(Octets(bytes))
            if bytes.first == 2 { _ = try reader.integer() } else { _ = try reader.octetString() }
        }
    }

    @Test func textMustBeUTF8() {
        var reader = BERReader(Octets([4, 2, 0xC3, 0x28] as [UInt8]))
        #expect(throws: BERError.self) { try reader.string() }
    }

    /// Each reader of controls gets random octets and damaged good ones; it may only answer or throw.
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func garbageIsReadOrRefusedAndNothingElse(seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<4000 {
            var bytes = Self.goodValues[Int(random.next() % UInt64(Self.goodValues.count))]
            if random.next() % 4 == 0 {
                bytes = (0..<(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            } else {
                for _ in 0...(random.next() % 3) where !bytes.isEmpty {
                    bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
                }
                if random.next() % 3 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            }
            readEverything(Octets(bytes))
        }
    }

    private func readEverything(_ value: Octets) {
        let controls = [PagedResults.oid, SyncState.oid, SyncDone.oid, DirSync.oid]
            .map { LDAPControl($0, isCritical: false, value: value) }
        let reads = [LDAPControl(ReadEntryControl.postRead.oid, isCritical: false, value: value)]
        _ = try? PagedResults(in: controls)
        _ = try? SyncState(in: controls)
        _ = try? SyncDone(in: controls)
        _ = try? DirSync(in: controls)
        _ = try? SyncInfo(oid: SyncInfo.oid, value: value)
        _ = try? ReadEntryControl.postRead.entry(in: reads)
    }

    private static let goodValues: [[UInt8]] = [
        PagedResults.request(size: 1000, cookie: "cookie").value?.bytes ?? [],
        [0x30, 0x17, 0x0A, 1, 1, 4, 16] + [UInt8](0..<16) + [4, 0],
        [0x30, 0x03, 1, 1, 0xFF],
        [0xA3, 0x1C, 4, 3, 97, 98, 99, 1, 1, 0xFF, 0x31, 18, 4, 16] + [UInt8](0..<16),
        [0x64, 0x10, 4, 1, 97, 0x30, 11, 0x30, 9, 4, 1, 98, 0x31, 4, 4, 2, 1, 2],
    ]
}

/// A small generator with a seed, so that a failure can be had again.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
