/// The next number of each kind, and how many there are of what no table counts by itself. Numbers are never used again, not even those of what was
/// removed.
struct Counters: Hashable {
    var nextPair: UInt64 = 1
    var nextIntent: UInt64 = 1
    var nextConflict: UInt64 = 1
    var nextHistory: UInt64 = 1
    var nextHold: UInt64 = 1
    /// Of all replicas; the others are those of the other side.
    var replicasOfAD: UInt64 = 0
    /// Of the conflicts in the report.
    var joinDifferences: UInt64 = 0

    /// 2 left out how many conflicts were settled, 3 added holds, 4 how many there are.
    static let version: UInt8 = 4

    static let key = [UInt8]("counters".utf8)

    func encode(into writer: RecordWriter) {
        writer.begin(version: Self.version)
        for number in [nextPair, nextIntent, nextConflict, nextHistory, nextHold, replicasOfAD, joinDifferences] {
            writer.appendVarint(number)
        }
    }

    static func decode(from reader: inout RecordReader) throws(RecordDamage) -> Counters {
        let recordVersion = try reader.begin(upTo: version)
        var counters = Counters()
        counters.nextPair = try reader.readVarint()
        counters.nextIntent = try reader.readVarint()
        counters.nextConflict = try reader.readVarint()
        counters.nextHistory = try reader.readVarint()
        if recordVersion < 2 { _ = try reader.readVarint() }
        if recordVersion >= 3 { counters.nextHold = try reader.readVarint() }
        if recordVersion >= 4 {
            counters.replicasOfAD = try reader.readVarint()
            counters.joinDifferences = try reader.readVarint()
        }
        try reader.end()
        return counters
    }
}
