import Cache
import SyncModel

/// What the daemon last knew of a server's clock, as its engine keeps it: earliest, latest and when that was, eight octets each.
enum KeptClock {
    static func read(_ side: Side, _ transaction: CacheTransaction) throws -> ClockEstimate? {
        guard let octets = try transaction.fact("clock.\(side.name)")?.bytes, octets.count == 24 else { return nil }
        let parts = [0, 8, 16].compactMap { UInt64(bigEndianOctets: octets[$0..<$0 + 8]) }.map(Int64.init(bitPattern:))
        return ClockEstimate(earliest: parts[0], latest: parts[1], measured: Timestamp(milliseconds: parts[2]))
    }
}
