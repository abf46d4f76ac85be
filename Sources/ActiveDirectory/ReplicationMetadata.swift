internal import SyncModel

/// replPropertyMetaData: when and where each attribute of an entry was last set ([MS-ADTS] 3.1.1.2.3, [MS-DRSR] 5.166).
///
/// A header of 16 octets (version, reserved, number of records, reserved; 32 bits each), then 48 octets a record: attid 32, version 32, time 64
/// (seconds since 1601), invocationId 16 octets, USN there 64, USN here 64. All little-endian.
struct ReplicationMetadata: Hashable, Sendable {
    struct Record: Hashable, Sendable {
        var number: AttributeNumber
        /// How often the attribute was set.
        var version: UInt32
        /// By the clock of the server where it was set; rounded down to a second.
        var time: Timestamp
        /// The server where it was set.
        var invocationID: Anchor
        /// There.
        var originatingUSN: UInt64
        /// At the server that was asked.
        var localUSN: UInt64
    }

    enum Malformation: Error, Hashable, Sendable {
        case tooShort(count: Int)
        case unknownVersion(UInt32)
        /// The number of records does not fit the number of octets.
        case wrongLength(count: Int, records: UInt32)
        /// A time that no clock shows.
        case impossibleTime(seconds: UInt64)
        case repeated(AttributeNumber)
    }

    private static let headerLength = 16
    private static let recordLength = 48

    private let records: [AttributeNumber: Record]

    init(decoding octets: Octets) throws(Malformation) {
        let bytes = octets.bytes
        guard bytes.count >= Self.headerLength else { throw .tooShort(count: bytes.count) }
        let version = UInt32(truncatingIfNeeded: bytes.littleEndian(at: 0, length: 4))
        guard version == 1 else { throw .unknownVersion(version) }
        let count = UInt32(truncatingIfNeeded: bytes.littleEndian(at: 8, length: 4))
        // Four milliards of records fit an Int many times over.
        guard Self.headerLength + Int(count) * Self.recordLength == bytes.count else {
            throw .wrongLength(count: bytes.count, records: count)
        }
        var records: [AttributeNumber: Record] = [:]
        records.reserveCapacity(Int(count))
        for start in stride(from: Self.headerLength, to: bytes.count, by: Self.recordLength) {
            let record = try Self.record(in: bytes, at: start)
            guard records.updateValue(record, forKey: record.number) == nil else { throw .repeated(record.number) }
        }
        self.records = records
    }

    var count: Int { records.count }

    /// Nil where the attribute was never set, or is one that does not count here: a link, or one that is not replicated.
    subscript(number: AttributeNumber) -> Record? { records[number] }

    private static func record(in bytes: [UInt8], at start: Int) throws(Malformation) -> Record {
        let seconds = bytes.littleEndian(at: start + 8, length: 8)
        guard let since1601 = Int64(exactly: seconds), since1601 <= lastSecond,
            let invocationID = Anchor(octets: bytes[(start + 16)..<(start + 32)])
        else { throw .impossibleTime(seconds: seconds) }
        return Record(
            number: AttributeNumber(rawValue: UInt32(truncatingIfNeeded: bytes.littleEndian(at: start, length: 4))),
            version: UInt32(truncatingIfNeeded: bytes.littleEndian(at: start + 4, length: 4)),
            time: Timestamp(milliseconds: (since1601 - secondsTo1970) * 1000),
            invocationID: invocationID,
            originatingUSN: bytes.littleEndian(at: start + 32, length: 8),
            localUSN: bytes.littleEndian(at: start + 40, length: 8)
        )
    }

    private static let secondsTo1970: Int64 = 11_644_473_600
    /// The last that a time of 100-ns intervals can show; beyond it a clock can't have been.
    private static let lastSecond = Int64.max / 10_000_000
}
