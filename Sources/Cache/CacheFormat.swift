internal import LMDB
import SyncModel

/// The format of all tables together, and the way to it from earlier ones.
///
/// Format 1 is the first; 2 added memberships and the index of history, 3 stamps, held conflicts and the indexes of the conflict report, 4 which pairs of the queue go first,
/// 5 holds and deletions that wait, 6 how many entries and join differences there are, 7 attributes that may not be read. A change of any key or record
/// raises `current` and adds a step; each step leads from one format to the next, and all that are needed run in one transaction.
struct CacheFormat: Sendable {
    /// The first octet of every record whose fields have not changed since format 1.
    static let recordVersion: UInt8 = 1
    static let current = CacheFormat(
        number: 7,
        steps: [
            .indexHistory, .indexConflicts, .nothing(from: 3), .nothing(from: 4), .countRows, .nothing(from: 6),
        ]
    )

    /// What leads from format `from` to `from + 1`.
    struct Step: Sendable {
        let from: Int
        let apply: @Sendable (CacheTables, WriteTransaction) throws -> Void
    }

    let number: Int
    let steps: [Step]

    static let key = [UInt8]("format".utf8)
    /// Tells a cache from any other database that has a table with the same name.
    private static let magic = [UInt8]("syncline cache".utf8)

    /// The number that `meta` holds; nil where it holds none. Throws `Foreign` for a record that no Syncline wrote.
    static func stored(_ meta: Table, in transaction: Transaction) throws -> Int? {
        guard let octets = try meta.get(key, in: transaction) else { return nil }
        guard octets.count == magic.count + 4, octets.starts(with: magic) else { throw Foreign() }
        return octets[magic.count...].reduce(0) { $0 << 8 | Int($1) }
    }

    struct Foreign: Error {}

    /// Brings the tables to this format, from nothing or from an earlier one.
    ///
    /// - Parameter seal: what a cache is to be encrypted with that is made now.
    func establish(
        _ tables: CacheTables,
        seal: CacheSeal?,
        path: String,
        in transaction: WriteTransaction
    ) throws {
        // Neither of the two rows is ever sealed: they are read before there is a key.
        let meta = tables.meta.stored
        guard let found = try Self.stored(meta, in: transaction) else {
            try seal?.store(in: meta, transaction)
            return try store(in: meta, transaction)
        }
        try refuseNewer(found, path: path)
        guard found < number else { return }
        for format in found..<number {
            guard let step = steps.first(where: { $0.from == format }) else {
                throw CacheError(.olderFormat(found: found, supported: number), path: path)
            }
            try step.apply(tables, transaction)
        }
        try store(in: meta, transaction)
    }

    func refuseNewer(_ found: Int, path: String) throws {
        if found > number { throw CacheError(.newerFormat(found: found, supported: number), path: path) }
    }

    private func store(in meta: Table, _ transaction: WriteTransaction) throws {
        let octets = (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        try meta.put(Self.key, Self.magic + octets, in: transaction)
    }
}

extension CacheFormat.Step {
    /// Tables that are new are empty.
    static func nothing(from format: Int) -> CacheFormat.Step { CacheFormat.Step(from: format) { _, _ in } }

    /// Finds the lines of history by their pair. Records of format 1 are read as they are.
    static let indexHistory = CacheFormat.Step(from: 1) { tables, transaction in
        let ownKey = CacheKey()
        try tables.history.forEach(in: transaction) { key, _ in
            // The integrity check tells of a key that nothing writes.
            guard let place = HistoryPlace(key) else { return }
            let index = ownKey.history(of: place.pair, place.time, sequence: place.sequence)
            try tables.historyOf.put(index, .nothing, in: transaction)
        }
    }

    /// Finds conflicts by pair and by time. Those of earlier formats are read as they are, and none of them waits for a person.
    static let indexConflicts = CacheFormat.Step(from: 2) { tables, transaction in
        let ownKey = CacheKey()
        let names = NameTable()
        try tables.conflicts.forEach(in: transaction) { key, value in
            // The integrity check tells of a key or a record that nothing writes.
            var reader = RecordReader(value, names: names)
            guard key.count == 8, let id = key.number(at: 0).map(ConflictID.init),
                let record = try? ConflictCodec.decode(id, from: &reader).record
            else { return }
            try tables.conflictsOf.put(ownKey.conflict(id, of: record.pair, record.time), .nothing, in: transaction)
            try tables.conflictsAt.put(
                ownKey.conflict(id, at: record.time, pair: record.pair),
                .nothing,
                in: transaction
            )
        }
    }
}

extension CacheFormat.Step {
    /// Counts what was not counted.
    static let countRows = CacheFormat.Step(from: 5) { tables, transaction in
        let names = NameTable()
        let row = try tables.meta.get(Counters.key, in: transaction) ?? []
        // The integrity check tells of a record that nothing writes.
        let stored = row.withUnsafeBytes { octets in
            var reader = RecordReader(octets, names: names)
            return row.isEmpty ? Counters() : try? Counters.decode(from: &reader)
        }
        guard var counters = stored else { return }
        try tables.replicas.scanRows(prefix: [Side.ad.rawValue], in: transaction) { _ in
            counters.replicasOfAD += 1
            return .next
        }
        try tables.conflicts.forEach(in: transaction) { key, value in
            var reader = RecordReader(value, names: names)
            guard let id = key.number(at: 0).map(ConflictID.init),
                let head = try? ConflictCodec.decodeHead(id, from: &reader)
            else { return }
            if head.isJoin { counters.joinDifferences += 1 }
        }
        let writer = RecordWriter()
        counters.encode(into: writer)
        try Counters.key.withUnsafeBytes { _ = try tables.meta.put($0, writer.octets, in: transaction) }
    }
}

extension Cache {
    /// The format that this version writes.
    package static var format: Int { CacheFormat.current.number }
}
