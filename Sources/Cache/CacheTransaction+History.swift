internal import LMDB
package import SyncModel

// The history, in order of time, and found by each pair that a line names.
extension CacheTransaction {
    package func append(_ history: HistoryRecord) throws {
        let sequence = try take(\.nextHistory)
        HistoryCodec.encode(history, into: writer)
        try storeRecord(tables.history, key.history(history.time, sequence: sequence, pair: history.pair))
        let transaction = try writable()
        for pair in history.pairs {
            try tables.historyOf.put(key.history(of: pair, history.time, sequence: sequence), .nothing, in: transaction)
        }
    }

    /// The last lines, the newest first.
    ///
    /// - Parameters:
    ///   - pair: only lines of this pair, and those of groups that it came to or went from; no others are looked at.
    ///   - since: no lines before this time.
    package func history(
        of pair: PairID? = nil,
        since: Timestamp? = nil,
        limit: Int = .max
    ) throws -> [HistoryRecord] {
        guard limit > 0 else { return [] }
        var found: [HistoryRecord] = []
        func add(_ record: HistoryRecord) -> ScanStep {
            found.append(record)
            return found.count < limit ? .next : .stop
        }
        if let pair {
            let prefix = pair.rawValue.bigEndianOctets
            try tables.historyOf.scan(prefix: prefix, .backward, in: transaction) { key, _ in
                guard let place = HistoryPlace(index: key) else { throw damaged(.historyOf, key, "invalid key") }
                if let since, place.time < since { return .stop }
                guard let line = try historyLine(at: place.time, sequence: place.sequence) else { return .next }
                return add(line)
            }
        } else {
            try tables.history.scan(.backward, in: transaction) { key, value in
                let place = try historyPlace(key)
                if let since, place.time < since { return .stop }
                return add(try decodeHistory(place, key, value))
            }
        }
        return found
    }

    /// Forgets lines from before `time`, at most `limit` in this transaction, and says how many.
    package func removeHistory(before time: Timestamp, limit: Int) throws -> Int {
        let writing = try writable()
        var count = 0
        try tables.history.scan(in: transaction) { key, value in
            let place = try historyPlace(key)
            guard count < limit, place.time < time else { return .stop }
            // A line that can't be read must not stay for ever: then its owner alone is known.
            let pairs = (try? decodeHistory(place, key, value).pairs) ?? [place.pair]
            for pair in pairs {
                let index = self.key.history(of: pair, place.time, sequence: place.sequence)
                try tables.historyOf.delete(index, in: writing)
            }
            count += 1
            return .delete
        }
        if count > 0 { try setFact(Self.historyBegins, time.octets) }
        return count
    }

    private static let historyBegins = "history.begins"

    /// From when on every line is there; nil if none was ever forgotten.
    package func historyBegins() throws -> Timestamp? {
        try fact(Self.historyBegins).flatMap(Timestamp.init(octets:))
    }

    /// The line with this number.
    func historyLine(at time: Timestamp, sequence: UInt64) throws -> HistoryRecord? {
        let prefix = CacheKey.ordered(time).bigEndianOctets + sequence.bigEndianOctets
        var line: HistoryRecord?
        try tables.history.scan(prefix: prefix, in: transaction) { key, value in
            line = try decodeHistory(try historyPlace(key), key, value)
            return .stop
        }
        return line
    }

    func decodeHistory(
        _ place: HistoryPlace,
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws -> HistoryRecord {
        try decode(.history, key, value) { reader throws(RecordDamage) in
            try HistoryCodec.decode(place.pair, place.time, from: &reader)
        }
    }

    private func historyPlace(_ key: UnsafeRawBufferPointer) throws -> HistoryPlace {
        guard let place = HistoryPlace(key) else { throw damaged(.history, key, "invalid key") }
        return place
    }
}

/// What the keys of history and historyOf say.
struct HistoryPlace {
    let time: Timestamp
    let sequence: UInt64
    /// The owner of the line, or the pair that the index is asked for.
    let pair: PairID

    /// Of a key of history.
    init?(_ key: UnsafeRawBufferPointer) {
        self.init(key, time: 0, sequence: 8, pair: 16)
    }

    /// Of a key of historyOf.
    init?(index key: UnsafeRawBufferPointer) {
        self.init(key, time: 8, sequence: 16, pair: 0)
    }

    private init?(_ key: UnsafeRawBufferPointer, time: Int, sequence: Int, pair: Int) {
        guard key.count == 24, let time = key.number(at: time), let sequence = key.number(at: sequence),
            let pair = key.number(at: pair)
        else { return nil }
        self.time = CacheKey.time(ordered: time)
        self.sequence = sequence
        self.pair = PairID(pair)
    }
}

extension HistoryRecord {
    /// Whose history the line belongs to.
    var pairs: [PairID] { [pair] + members.map(\.member) }
}
