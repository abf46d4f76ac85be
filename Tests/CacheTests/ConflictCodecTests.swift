import SyncModel
import Testing

@testable import Cache

/// The records of stamps and conflicts, octet by octet.
@Suite struct ConflictCodecTests {
    /// There may be one for each attribute of each entry.
    @Test(
        arguments: [
            (
                Stamp(
                    time: Timestamp(milliseconds: 1_790_000_000_000),
                    granularity: 1000,
                    source: .attribute,
                    version: 3
                ), 11
            ),
            (
                Stamp(
                    time: Timestamp(milliseconds: 1_790_000_000_000),
                    granularity: 1,
                    source: .log,
                    server: "001",
                    author: "people"
                ), 12
            ),
            (
                Stamp(
                    time: Timestamp(milliseconds: 1_790_000_000_000),
                    granularity: 1,
                    source: .log,
                    server: "002",
                    author: "Berta"
                ), 20
            ),
        ]
    )
    func aStampTakesFewOctets(stamp: Stamp, octets: Int) throws {
        let writer = RecordWriter()
        StampCodec.encode(stamp, .sample, into: writer)
        #expect(writer.count == octets)
        var reader = RecordReader(writer.octets, names: NameTable())
        let read = try StampCodec.decode(attribute: "mail", .sample, from: &reader)
        #expect(read == AttributeStamp(attribute: "mail", stamp: stamp))
    }

    @Test(
        arguments: [
            (Array([1, 5, 0, 0, 0]), "source of a stamp"), ([1, 0x10, 0, 0, 0, 3], "name of a stamp"),
            ([1, 0xC0, 0, 0, 0], "name of a stamp"), ([1, 0x30, 0, 0, 0], "name of a stamp"),
            ([1, 0, 0, 0, 0x81, 0x80, 0x80, 0x80, 0x10], "version of a stamp"),
        ] as [([UInt8], String)]
    )
    func aStampThatNothingWritesIsRefused(octets: [UInt8], field: String) {
        #expect(throws: RecordDamage.invalid(field)) {
            try octets.withUnsafeBytes {
                var reader = RecordReader($0, names: NameTable())
                _ = try StampCodec.decode(attribute: "mail", .sample, from: &reader)
            }
        }
    }

    /// Everybody may edit his own entry: then authors have names of their own, and servers still find room.
    @Test func serversFindRoomBesideAllAuthors() {
        var names = StampNames()
        func stamp(_ number: Int) -> Stamp {
            let time = Timestamp(milliseconds: 0)
            return Stamp(time: time, granularity: 1, source: .log, server: "s\(number)", author: "a\(number)")
        }
        for number in 0..<500 { _ = names.take(stamp(number)) }
        #expect((0..<500).count { names.code(of: "a\($0)") != nil } <= StampNames.authorLimit)
        #expect((0..<500).count { names.code(of: "s\($0)") != nil } >= StampNames.limit - StampNames.authorLimit)
        var others = StampNames()
        let isTaken = others.take(String(repeating: "x", count: 513), .server)
        #expect(!isTaken)
    }

    /// Written before there were rules and stamps.
    @Test(
        arguments: [
            (0, 0, 0, ConflictRule.ad, nil), (0, 1, 0, .miniorange, nil), (2, 0, 0, .newest, nil),
            (0, 0, 1, .ad, ConflictChoice.side(.ad)), (4, 1, 2, .newest, .side(.miniorange)),
        ] as [(UInt8, UInt8, UInt8, ConflictRule, ConflictChoice?)]
    )
    func aConflictOfTheFirstVersionIsRead(
        decision: UInt8,
        winner: UInt8,
        taken: UInt8,
        rule: ConflictRule,
        choice: ConflictChoice?
    ) throws {
        let resolution: [UInt8] = taken == 0 ? [0] : [1, taken - 1, 14]
        let octets: [UInt8] = [1] + resolution + [9, 10, winner, decision, 1, 0, 2, 8, 1, 1, 0x61, 0, 1, 1, 0x62]
        let read = try octets.withUnsafeBytes { octets in
            var reader = RecordReader(octets, names: NameTable())
            return try ConflictCodec.decode(ConflictID(4), from: &reader)
        }
        #expect(read.record.rule == rule)
        #expect(read.record.stamps == PerSide(both: nil))
        #expect(read.record.subject == .member(PairID(8)))
        #expect(read.record.values == PerSide(ad: [], miniorange: ["b"]))
        #expect(read.resolution?.choice == choice)
        #expect(!read.isOpen)
    }
}
