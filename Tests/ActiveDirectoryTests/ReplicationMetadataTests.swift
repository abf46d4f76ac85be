import SyncModel
import Testing

@testable import ActiveDirectory

@Suite("Replication metadata")
struct ReplicationMetadataTests {
    typealias Record = MetadataBytes.Record
    typealias Malformation = ReplicationMetadata.Malformation

    @Test func eachFieldIsReadFromItsPlace() throws {
        let server = Anchor(high: 1, low: 2)
        let bytes = MetadataBytes(records: [
            Record(
                number: 0x000C,
                version: 0x0102_0304,
                secondsSince1601: 11_644_473_600 + 1_795_487_188,
                invocationID: server,
                originatingUSN: 0x0102_0304_0506_0708,
                localUSN: .max
            ), Record(number: 0x8000_0001, secondsSince1601: 0),
        ])
        let metadata = try ReplicationMetadata(decoding: bytes.octets)
        #expect(metadata.count == 2)
        let title = try #require(metadata[AttributeNumber(rawValue: 12)])
        #expect(title.version == 0x0102_0304)
        #expect(title.time == Timestamp(milliseconds: 1_795_487_188_000))
        #expect(title.invocationID == server)
        #expect(title.originatingUSN == 0x0102_0304_0506_0708)
        #expect(title.localUSN == .max)
        let first = try #require(metadata[AttributeNumber(rawValue: 0x8000_0001)])
        #expect(first.time == Timestamp(milliseconds: -11_644_473_600_000))
        #expect(metadata[.name] == nil)
    }

    @Test func anEntryMayHaveNoRecord() throws {
        #expect(try ReplicationMetadata(decoding: MetadataBytes(records: []).octets).count == 0)
    }

    @Test(arguments: [
        (MetadataBytes(version: 0, records: []), Malformation.unknownVersion(0)),
        (MetadataBytes(version: 2, records: [Record(number: 1)]), .unknownVersion(2)),
        (MetadataBytes(count: 1, records: []), .wrongLength(count: 16, records: 1)),
        (MetadataBytes(count: 0, records: [Record(number: 1)]), .wrongLength(count: 64, records: 0)),
        (MetadataBytes(count: 2, records: [Record(number: 1)]), .wrongLength(count: 64, records: 2)),
        (MetadataBytes(count: .max, records: [Record(number: 1)]), .wrongLength(count: 64, records: .max)),
        (
            // As many records as, in 32 bits, would come to the length that there is.
            MetadataBytes(count: 0x1000_0001, records: [Record(number: 1)]),
            .wrongLength(count: 64, records: 0x1000_0001)
        ),
        (
            MetadataBytes(records: [Record(number: 1, secondsSince1601: .max)]),
            .impossibleTime(seconds: .max)
        ),
        (
            MetadataBytes(records: [Record(number: 1, secondsSince1601: 922_337_203_686)]),
            .impossibleTime(seconds: 922_337_203_686)
        ),
        (
            MetadataBytes(records: [Record(number: 1), Record(number: 1)]),
            .repeated(AttributeNumber(rawValue: 1))
        ),
    ])
    func whatCannotBeIsAnError(bytes: MetadataBytes, error: Malformation) {
        #expect(throws: error) { try ReplicationMetadata(decoding: bytes.octets) }
    }

    @Test func everyTruncationAndEveryExtensionIsAnError() throws {
        let whole = MetadataBytes(records: (1...4).map { Record(number: $0) }).octets.bytes
        for length in 0..<whole.count {
            #expect(throws: Malformation.self) { try ReplicationMetadata(decoding: Octets(whole.prefix(length))) }
        }
        for more in [1, 16, 48] {
            let longer = whole + Array(repeating: 0, count: more)
            #expect(throws: Malformation.self) { try ReplicationMetadata(decoding: Octets(longer)) }
        }
    }

    @Test func noOctetAnywhereMakesItCrash() {
        let whole = MetadataBytes(records: (1...3).map { Record(number: $0) }).octets.bytes
        var taken = 0
        for position in whole.indices {
            for octet: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var bytes = whole
                bytes[position] = octet
                if (try? ReplicationMetadata(decoding: Octets(bytes))) != nil { taken += 1 }
            }
        }
        #expect(taken > 0)
    }

    @Test(
        arguments: [
            ("2.5.4.12", nil, 0x0000_000C), ("2.5.4.0", nil, 0), ("1.2.840.113556.1.4.1", nil, 0x0009_0001),
            ("1.2.840.113556.1.2.2", nil, 0x0002_0002), ("1.2.840.113556.1.4.2297", nil, 0x0009_08F9),
            ("0.9.2342.19200300.100.1.3", nil, 0x0015_0003), ("2.16.840.1.113730.3.1.1", nil, 0x0016_0001),
            ("1.3.6.1.1.1.1.0", nil, 0x0025_0000), ("1.2.840.113549.1.9.8", nil, 0x001E_0008),
            ("1.2.840.113556.1.4.16383", nil, 0x0009_3FFF), ("1.2.840.113556.1.4.16384", nil, nil),
            ("1.3.6.1.4.1.99999.1.1", nil, nil), ("1.3.6.1.4.1.99999.1.1", "-2147483647", 0x8000_0001),
            ("1.3.6.1.4.1.99999.1.1", "-1073741825", 0xBFFF_FFFF), ("2.5.4.12", "x", nil), ("", nil, nil),
            ("2.5.4.", nil, nil),
            ("12", nil, nil), ("2.5.4.-1", nil, nil), ("2.5.4.99999999999", nil, nil),
        ] as [(String, String?, UInt32?)]
    )
    func anAttributesNumberComesFromItsIdentifier(identifier: String, own: String?, number: UInt32?) {
        let found = AttributeNumber(objectIdentifier: identifier, internalNumber: own)
        #expect(found?.rawValue == number)
    }
}
