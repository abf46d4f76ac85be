import ActiveDirectory
import Cache
import Foundation
import MiniOrange
import SyncModel

/// What `syncline cache stats` tells.
struct CacheReport {
    let path: String
    let statistics: CacheStatistics
    /// Octets of keys and values, where they were measured.
    let contents: [CacheTable: Int]
    let entries: PerSide<Int>
    let isLoaded: PerSide<Bool>
    let cursors: PerSide<SyncModel.Cursor?>
    let openConflicts: Int
    /// Of the oldest pair that waits, in seconds.
    let lagSeconds: Double
    let oldestHistory: Timestamp?
    let newestHistory: Timestamp?
    let lastWritten: Timestamp?
    let now: Timestamp

    init(_ cache: Cache, measuresFill: Bool, now: Timestamp) throws {
        self.now = now
        path = cache.path
        statistics = try cache.statistics()
        (entries, isLoaded, cursors) = try cache.read { transaction in
            (
                PerSide(
                    ad: try transaction.countReplicas(.ad),
                    miniorange: try transaction.countReplicas(.miniorange)
                ),
                PerSide(ad: try transaction.isLoaded(.ad), miniorange: try transaction.isLoaded(.miniorange)),
                PerSide(ad: try transaction.cursor(.ad), miniorange: try transaction.cursor(.miniorange))
            )
        }
        (openConflicts, lagSeconds, oldestHistory, newestHistory) = try cache.read { transaction in
            (
                try transaction.countOpenConflicts(), try StatusReport.lag(transaction, now: now),
                try transaction.oldestHistory(), try transaction.history(limit: 1).first?.time
            )
        }
        contents = measuresFill ? try Self.contents(cache) : [:]
        let attributes = try? FileManager.default.attributesOfItem(atPath: cache.path + "/data.mdb")
        lastWritten = (attributes?[.modificationDate] as? Date).map {
            Timestamp(milliseconds: Int64($0.timeIntervalSince1970 * 1_000))
        }
    }

    /// One view for each table: to read all of them takes long.
    private static func contents(_ cache: Cache) throws -> [CacheTable: Int] {
        var contents: [CacheTable: Int] = [:]
        for table in CacheTable.allCases { contents[table] = try cache.read { try $0.contentOctets(table) } }
        return contents
    }

    private var tableOctets: Int { statistics.tables.reduce(0) { $0 + $1.octets } }
    /// Pages that are free to be used again; a few are the database's own.
    private var freeOctets: Int { max(0, statistics.usedOctets - tableOctets) }
    private var pairs: Int { statistics.tables.first { $0.table == .pairs }?.entries ?? 0 }

    private func fill(_ table: CacheTableStatistics) -> Int? {
        guard let octets = contents[table.table], table.octets > 0 else { return nil }
        return octets * 100 / table.octets
    }

    // MARK: For people

    var lines: [String] {
        var lines = ["cache       \(path)"]
        let free = statistics.usedOctets > 0 ? freeOctets * 100 / statistics.usedOctets : 0
        lines.append(
            "size        \(StatusReport.octets(statistics.usedOctets)), of them \(free) % free for new records; may grow"
        )
        if let lastWritten { lines.append("written     \(age(lastWritten)) ago, \(lastWritten.text)") }
        lines.append("entries     \(entries.ad) ad, \(entries.miniorange) miniorange")
        lines.append("pairs       \(pairs)")
        if lagSeconds > 0 { lines.append("oldest      of what waits: \(StatusReport.duration(lagSeconds))") }
        lines.append("conflicts   \(openConflicts) that nobody has settled")
        if let oldestHistory, let newestHistory {
            lines.append("history     from \(oldestHistory.text) to \(newestHistory.text)")
        }
        for side in Side.allCases {
            let state = isLoaded[side] ? "read completely once" : "not yet read completely"
            lines.append("\(side.name.padded(to: 12))\(state)")
            lines.append("            cursor: \(cursorText(side))")
        }
        lines.append("")
        let title = "table".padded(to: 16) + "records".leftPadded(to: 12) + "size".leftPadded(to: 12)
        lines.append(title + "a record".leftPadded(to: 12) + (contents.isEmpty ? "" : "fill".leftPadded(to: 8)))
        for table in statistics.tables {
            var line = table.table.rawValue.padded(to: 16) + "\(table.entries)".leftPadded(to: 12)
            line += StatusReport.octets(table.octets).leftPadded(to: 12)
            line += (table.entries > 0 ? "\(table.octets / table.entries) B" : "-").leftPadded(to: 12)
            if !contents.isEmpty { line += (fill(table).map { "\($0) %" } ?? "-").leftPadded(to: 8) }
            lines.append(line)
        }
        return lines
    }

    private func age(_ time: Timestamp) -> String {
        StatusReport.duration(max(0, Double(now.milliseconds - time.milliseconds) / 1_000))
    }

    /// The parts of a cursor that mean something to an admin.
    private func cursorText(_ side: Side) -> String {
        guard let cursor = cursors[side] else { return "none; everything is read" }
        switch side {
        case .ad:
            guard let position = FeedCursor(cursor) else { return "not readable; everything is read" }
            let server = position.invocationID.text(on: .ad)
            let loading: String =
                switch position.state {
                case .live: ""
                case .dirSync: ", by DirSync"
                case .loading(_, let end): ", reading up to \(end)"
                }
            return "usn \(position.position) at \(server)\(loading)"
        case .miniorange:
            guard let position = FeedPosition(cursor) else { return "not readable; everything is read" }
            switch position.progress {
            case .loading: return "\(position.way.name), reading everything"
            case .cookie(let cookie):
                let numbers = cookie?.numbers.map(\.description).joined(separator: ", ") ?? "nothing yet"
                return "\(position.way.name), csn \(numbers)"
            case .time(let time): return "\(position.way.name), \(time.textInSeconds)"
            }
        }
    }

    // MARK: For machines

    var json: JSONValue {
        func side(_ side: Side) -> JSONValue {
            .object([
                ("entries", .int(entries[side])), ("loaded", .bool(isLoaded[side])),
                ("cursor", .string(orNull: cursors[side] == nil ? nil : cursorText(side))),
            ])
        }
        return .object([
            ("path", .string(path)),
            ("usedOctets", .int(statistics.usedOctets)),
            ("freeOctets", .int(freeOctets)),
            ("mapOctets", .int(statistics.mapOctets)),
            ("transactions", .int(statistics.transactions)),
            ("readers", .int(statistics.readers)),
            ("written", .string(orNull: lastWritten?.text)),
            ("ageSeconds", lastWritten.map { .int(Int(max(0, now.milliseconds - $0.milliseconds) / 1_000)) } ?? .null),
            ("pairs", .int(pairs)),
            ("openConflicts", .int(openConflicts)),
            ("lagSeconds", .number(lagSeconds)),
            ("oldestHistory", .string(orNull: oldestHistory?.text)),
            ("newestHistory", .string(orNull: newestHistory?.text)),
            ("ad", side(.ad)),
            ("miniorange", side(.miniorange)),
            (
                "tables",
                .array(
                    statistics.tables.map { table in
                        .object([
                            ("name", .string(table.table.rawValue)), ("records", .int(table.entries)),
                            ("octets", .int(table.octets)), ("contentOctets", .int(orNull: contents[table.table])),
                            ("fillPercent", .int(orNull: fill(table))),
                        ])
                    }
                )
            ),
        ])
    }
}
