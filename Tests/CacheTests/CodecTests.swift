import SyncModel
import Testing

@testable import Cache

/// Every record, and how it is read by the key that it lies under.
enum Codec: CaseIterable, Sendable {
    case replica, pair, intent, dirty, quarantine, conflict, history, cursor, counters, link, refusedLink, servers
    case stamp, stampNames, heldConflict, settlement, hold, deletion

    /// Makes a noun, writes it, and says whether reading gives the same.
    func roundTrip(_ generator: inout NounGenerator, _ writer: RecordWriter) throws -> Bool {
        let names = NameTable()
        func reader() -> RecordReader { RecordReader(writer.octets, names: names) }
        var read = reader()
        switch self {
        case .replica:
            let noun = generator.replica()
            ReplicaCodec.encode(noun, into: writer)
            read = reader()
            return try ReplicaCodec.decode(noun.side, noun.anchor, from: &read) == noun
        case .pair:
            let noun = generator.pair()
            PairCodec.encode(noun, into: writer)
            read = reader()
            return try PairCodec.decode(noun.id, from: &read) == noun
        case .intent:
            let noun = generator.intent()
            IntentCodec.encode(noun, into: writer)
            read = reader()
            return try IntentCodec.decode(noun.write.id, from: &read) == noun
        case .dirty:
            let noun = generator.dirtyRecord()
            DirtyCodec.encode(noun, into: writer)
            read = reader()
            return try DirtyCodec.decode(from: &read) == noun
        case .quarantine:
            let noun = generator.quarantineRecord()
            QuarantineCodec.encode(noun, into: writer)
            read = reader()
            return try QuarantineCodec.decode(from: &read) == noun
        case .conflict:
            let noun = generator.conflict()
            let resolution = generator.optional { $0.resolution() }
            ConflictCodec.encode(noun, resolution, into: writer)
            read = reader()
            return try ConflictCodec.decode(ConflictID(7), from: &read)
                == StoredConflict(id: ConflictID(7), record: noun, resolution: resolution)
        case .history:
            let noun = generator.history()
            HistoryCodec.encode(noun, into: writer)
            read = reader()
            return try HistoryCodec.decode(noun.pair, noun.time, from: &read) == noun
        case .cursor:
            let noun = generator.cursor()
            CursorCodec.encode(noun, into: writer)
            read = reader()
            return try CursorCodec.decode(from: &read) == noun
        case .counters:
            let noun = Counters(
                nextPair: generator.next(),
                nextIntent: 1,
                nextConflict: .max,
                nextHistory: 128,
                nextHold: 9,
                replicasOfAD: generator.next(),
                joinDifferences: 3
            )
            noun.encode(into: writer)
            read = reader()
            return try Counters.decode(from: &read) == noun
        case .link:
            let noun = generator.link()
            LinkCodec.encode(noun, .sample, into: writer)
            read = reader()
            return try LinkCodec.decode(.sample, from: &read) == noun
        case .refusedLink:
            let noun = generator.refusedLink()
            RefusedLinkCodec.encode(noun, into: writer)
            read = reader()
            return try RefusedLinkCodec.decode(from: &read) == noun
        case .hold:
            let noun = generator.hold()
            HoldCodec.encode(noun, into: writer)
            read = reader()
            return try HoldCodec.decode(from: &read) == noun
        case .deletion:
            let noun = generator.deletion()
            DeletionCodec.encode(noun, into: writer)
            read = reader()
            return try DeletionCodec.decode(from: &read) == noun
        case .stamp:
            let noun = generator.stamp()
            let attribute = generator.name()
            StampCodec.encode(noun, attribute: attribute, .sample, into: writer)
            read = reader()
            return try StampCodec.decode(attribute: nil, .sample, from: &read)
                == AttributeStamp(attribute: attribute, stamp: noun)
        case .stampNames:
            var noun = StampNames()
            let stamps = generator.list(upTo: 9) { $0.stamp() }
            for stamp in stamps { _ = noun.take(stamp) }
            noun.encode(into: writer)
            read = reader()
            let found = try StampNames.decode(from: &read)
            return stamps.flatMap { [$0.server, $0.author].compactMap(\.self) }.allSatisfy { name in
                found.code(of: name).map { found.name(UInt64($0)) } == name
                    && found.code(of: name) == noun.code(of: name)
            }
        case .heldConflict:
            let noun = (name: generator.name(), id: ConflictID(generator.next()))
            HeldConflictCodec.encode(noun.id, name: noun.name, into: writer)
            read = reader()
            return try HeldConflictCodec.decode(name: nil, from: &read) == noun
        case .settlement:
            let noun = (name: generator.name(), settlement: generator.settlement())
            SettlementCodec.encode(noun.settlement, name: noun.name, into: writer)
            read = reader()
            return try SettlementCodec.decode(name: nil, from: &read) == noun
        case .servers:
            let noun = LinkVersions()
            let servers = generator.list(upTo: 9) { $0.anchor() }
            for server in servers { _ = noun.take(server) }
            noun.encode(into: writer)
            read = reader()
            let found = try LinkVersions.decode(from: &read)
            return servers.enumerated().allSatisfy { found.code(of: $1) == $0 && found.server(UInt64($0)) == $1 }
        }
    }

    func decode(_ octets: [UInt8], _ names: NameTable) throws(RecordDamage) {
        // `withUnsafeBytes` does not carry a typed error through.
        let result = octets.withUnsafeBytes { buffer in
            Result { () throws(RecordDamage) in try decode(buffer, names) }
        }
        try result.get()
    }

    private func decode(_ octets: UnsafeRawBufferPointer, _ names: NameTable) throws(RecordDamage) {
        var reader = RecordReader(octets, names: names)
        switch self {
        case .replica: _ = try ReplicaCodec.decode(.ad, Anchor(high: 0, low: 0), from: &reader)
        case .pair: _ = try PairCodec.decode(PairID(1), from: &reader)
        case .intent: _ = try IntentCodec.decode(IntentID(1), from: &reader)
        case .dirty: _ = try DirtyCodec.decode(from: &reader)
        case .quarantine: _ = try QuarantineCodec.decode(from: &reader)
        case .conflict: _ = try ConflictCodec.decode(ConflictID(1), from: &reader)
        case .history: _ = try HistoryCodec.decode(PairID(1), Timestamp(milliseconds: 0), from: &reader)
        case .cursor: _ = try CursorCodec.decode(from: &reader)
        case .counters: _ = try Counters.decode(from: &reader)
        case .link: _ = try LinkCodec.decode(.sample, from: &reader)
        case .refusedLink: _ = try RefusedLinkCodec.decode(from: &reader)
        case .stamp: _ = try StampCodec.decode(attribute: nil, .sample, from: &reader)
        case .stampNames: _ = try StampNames.decode(from: &reader)
        case .heldConflict: _ = try HeldConflictCodec.decode(name: nil, from: &reader)
        case .hold: _ = try HoldCodec.decode(from: &reader)
        case .deletion: _ = try DeletionCodec.decode(from: &reader)
        case .settlement: _ = try SettlementCodec.decode(name: nil, from: &reader)
        case .servers: _ = try LinkVersions.decode(from: &reader)
        }
    }
}

@Suite struct CodecTests {
    @Test(arguments: Codec.allCases)
    func whatIsWrittenIsRead(codec: Codec) throws {
        var generator = NounGenerator(seed: 1)
        let writer = RecordWriter(capacity: 1)
        for round in 0..<500 {
            #expect(try codec.roundTrip(&generator, writer), "round \(round)")
        }
    }

    @Test(arguments: Codec.allCases)
    func aRecordThatEndsEarlyIsRefused(codec: Codec) throws {
        var generator = NounGenerator(seed: 2)
        let writer = RecordWriter()
        let names = NameTable()
        for _ in 0..<20 {
            _ = try codec.roundTrip(&generator, writer)
            let record = [UInt8](writer.octets)
            for count in stride(from: 0, to: record.count, by: max(1, record.count / 200)) {
                #expect(throws: RecordDamage.self) { try codec.decode(Array(record[..<count]), names) }
            }
            #expect(throws: RecordDamage.self) { try codec.decode(record + [0], names) }
        }
    }

    @Test(arguments: Codec.allCases)
    func garbageIsReadOrRefusedButNeverTrusted(codec: Codec) throws {
        var generator = NounGenerator(seed: 3)
        let writer = RecordWriter()
        let names = NameTable()
        for _ in 0..<3000 {
            let garbage = (0..<generator.below(80)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            try? codec.decode(garbage, names)
            try? codec.decode([CacheFormat.recordVersion] + garbage, names)
            try? codec.decode([CacheFormat.recordVersion + 1] + garbage, names)
        }
        for _ in 0..<100 {
            _ = try codec.roundTrip(&generator, writer)
            for _ in 0..<30 {
                var record = [UInt8](writer.octets)
                for _ in 0...generator.below(3) {
                    record[generator.below(record.count)] = generator.pick([0, 1, 0x7F, 0x80, 0xFF])
                }
                try? codec.decode(record, names)
            }
        }
    }

    @Test(arguments: Codec.allCases)
    func anUnknownVersionOfARecordIsRefused(codec: Codec) throws {
        var generator = NounGenerator(seed: 4)
        let writer = RecordWriter()
        _ = try codec.roundTrip(&generator, writer)
        var record = [UInt8](writer.octets)
        record[0] = 9
        let octets = record
        #expect(throws: RecordDamage.unknownVersion(9)) { try codec.decode(octets, NameTable()) }
    }

    /// There may be millions of them.
    @Test func aMembershipTakesFewOctets() {
        let writer = RecordWriter()
        LinkCodec.encode(
            Link(sources: .group, isAgreed: true, version: .usn(5_000_000, invocationID: .number(1))),
            .sample,
            into: writer
        )
        #expect(writer.count == 7)
        let number = ChangeSequenceNumber(parsing: "20261123191501.123456Z#000001#002#000000")
        LinkCodec.encode(Link(sources: .member, version: number.map(Version.csn) ?? .unordered), .sample, into: writer)
        #expect(writer.count == 13)
    }

    /// Before there were members, and before there were the values that went.
    @Test(arguments: [[1, 1, 1, 0, 1, 1, 0x61], [2, 1, 1, 0, 1, 1, 0x61, 1, 7, 1]] as [[UInt8]])
    func aLineOfHistoryOfAnEarlierVersionIsRead(octets: [UInt8]) throws {
        let line = try octets.withUnsafeBytes { octets in
            var reader = RecordReader(octets, names: NameTable())
            return try HistoryCodec.decode(PairID(1), Timestamp(milliseconds: 0), from: &reader)
        }
        #expect(line.attributes == ["a"])
        #expect(line.members.map(\.member) == (octets[0] == 1 ? [] : [PairID(7)]))
        #expect(line.before == Attributes())
    }

    @Test(
        arguments: [
            "20261123191501.123456Z#00000a#0ff#000000", "00000101000000.000000Z#000000#000#000000",
            "99991231235959.999999Z#ffffff#fff#ffffff", "19691231235959.999999Z#000001#001#000002",
            "20261123191501.000000Z#000000#001#000000", "20261123191501Z#00000a#0f#000001",
            "19010101000000Z#ffffff#ff#ffffff",
        ]
    )
    func aNumberComesBackFromItsParts(text: String) throws {
        let number = try #require(ChangeSequenceNumber(parsing: text))
        let writer = RecordWriter()
        CompactNumber(number).encode(into: writer)
        var reader = RecordReader(writer.octets, names: NameTable())
        let read = try CompactNumber(from: &reader)
        #expect(read.number == number)
        try reader.end()
    }

    @Test(
        arguments: [
            (Int64.max, 0, 0, 0), (.min, 0, 0, 0), (0, 1 << 24, 0, 0), (0, 0, 1 << 13, 0), (0, 0, 0, .max),
            (500_000, 0, 1, 0),
        ] as [(Int64, UInt64, UInt64, UInt64)]
    )
    func partsThatNoNumberHasAreRefused(microseconds: Int64, count: UInt64, replica: UInt64, modification: UInt64)
        throws
    {
        let writer = RecordWriter()
        writer.appendSigned(microseconds)
        for part in [count, replica, modification] { writer.appendVarint(part) }
        var reader = RecordReader(writer.octets, names: NameTable())
        let read = try CompactNumber(from: &reader)
        #expect(read.number == nil)
    }

    @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 1 << 62, 1 << 63, .max] as [UInt64])
    func aNumberOfAnySizeIsRead(number: UInt64) throws {
        let writer = RecordWriter()
        writer.appendVarint(number)
        writer.appendSigned(Int64(bitPattern: number))
        var reader = RecordReader(writer.octets, names: NameTable())
        #expect(try reader.readVarint() == number)
        #expect(try reader.readSigned() == Int64(bitPattern: number))
        try reader.end()
    }

    @Test(
        arguments: [
            [0x80, 0x00],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        ] as [[UInt8]]
    )
    func aNumberThatNothingWritesIsRefused(octets: [UInt8]) {
        #expect(throws: RecordDamage.self) {
            try octets.withUnsafeBytes {
                var reader = RecordReader($0, names: NameTable())
                _ = try reader.readVarint()
            }
        }
    }

    /// The reference vector of SipHash-2-4-128 for the octets 0 … 14.
    @Test func theDigestIsSipHash() {
        let digest = Array(0..<15 as Range<UInt8>).withUnsafeBytes { KeyDigest($0) }
        let octets = digest.low.littleEndianOctets + digest.high.littleEndianOctets
        #expect(
            octets == [
                0x54, 0x93, 0xE9, 0x99, 0x33, 0xB0, 0xA8, 0x11, 0x7E, 0x08, 0xEC, 0x0F, 0x97, 0xCF, 0xC3, 0xD9,
            ]
        )
    }

    @Test func namesBeyondTheTablesRoomAreReadToo() {
        let table = NameTable()
        for round in 0..<2 {
            for number in 0..<5000 {
                let text = "an-attribute-with-a-long-name-\(number)"
                #expect(Array(text.utf8).withUnsafeBytes { table.name($0) } == text, "round \(round)")
            }
        }
        #expect([0xFF, 0xFE].withUnsafeBytes { table.name($0) } == nil)
        #expect([UInt8](repeating: 0xFF, count: 40).withUnsafeBytes { table.name($0) } == nil)
    }
}

extension LinkVersions {
    /// Knows some of the generator's servers, not all.
    fileprivate static var sample: LinkVersions {
        let versions = LinkVersions()
        for number in [0, 3, 1] as [UInt64] { _ = versions.take(.number(number)) }
        return versions
    }
}

extension StampNames {
    /// Knows some of the generator's names, not all.
    static var sample: StampNames {
        var names = StampNames()
        _ = names.take("001", .server)
        _ = names.take("", .author)
        _ = names.take("people", .author)
        return names
    }
}

extension UInt64 {
    fileprivate var littleEndianOctets: [UInt8] { bigEndianOctets.reversed() }
}
