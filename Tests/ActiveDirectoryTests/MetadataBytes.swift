import SyncModel

@testable import ActiveDirectory

/// Makes replPropertyMetaData.
struct MetadataBytes {
    struct Record {
        var number: UInt32
        var version: UInt32 = 1
        var secondsSince1601: UInt64 = 13_440_000_000
        var invocationID = Anchor(high: 0x1122_3344_5566_7788, low: 0x99AA_BBCC_DDEE_FF00)
        var originatingUSN: UInt64 = 5
        var localUSN: UInt64 = 6
    }

    var version: UInt32 = 1
    /// Nil: as many as there are.
    var count: UInt32?
    var records: [Record]

    var octets: Octets {
        var bytes = Self.bytes(version) + Self.bytes(UInt32(0)) + Self.bytes(count ?? UInt32(records.count))
        bytes += Self.bytes(UInt32(0))
        for record in records {
            bytes += Self.bytes(record.number) + Self.bytes(record.version) + Self.bytes(record.secondsSince1601)
            bytes += record.invocationID.octets + Self.bytes(record.originatingUSN) + Self.bytes(record.localUSN)
        }
        return Octets(bytes)
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
