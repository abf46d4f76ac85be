/// The next number of each kind. Numbers are never used again, not even those of what was removed.
struct Counters: Hashable {
    var nextPair: UInt64 = 1
    var nextIntent: UInt64 = 1
    var nextConflict: UInt64 = 1
    var nextHistory: UInt64 = 1
    /// Conflicts of the report that a person has settled.
    var settledConflicts: UInt64 = 0

    static let key = [UInt8]("counters".utf8)

    func encode(into writer: RecordWriter) {
        writer.begin()
        for number in [nextPair, nextIntent, nextConflict, nextHistory, settledConflicts] {
            writer.appendVarint(number)
        }
    }

    static func decode(from reader: inout RecordReader) throws(RecordDamage) -> Counters {
        try reader.begin()
        var counters = Counters()
        counters.nextPair = try reader.readVarint()
        counters.nextIntent = try reader.readVarint()
        counters.nextConflict = try reader.readVarint()
        counters.nextHistory = try reader.readVarint()
        counters.settledConflicts = try reader.readVarint()
        try reader.end()
        return counters
    }
}
