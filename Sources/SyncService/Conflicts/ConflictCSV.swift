import Cache
import SyncModel

/// Conflicts as comma-separated values (RFC 4180) for a spreadsheet, which must not take what anybody could write into a directory for a formula.
struct ConflictCSV {
    private static let columns: [(name: String, text: @Sendable (ShownConflict) -> String)] = [
        ("id", { "\($0.id)" }),
        ("time", { $0.record.time.text(toMilliseconds: true) }),
        ("state", { $0.stored.state.name }),
        ("join", { $0.record.isJoin ? "yes" : "no" }),
        ("entry", { $0.entry }),
        ("kind", { $0.kind?.name ?? "" }),
        ("object", { $0.record.object ?? "" }),
        ("attribute", { $0.stored.attribute }),
        ("member", { $0.member ?? "" }),
        ("ad", { $0.line(.ad) }),
        ("ad set", { time($0.record.stamps.ad) }),
        ("ad set by", { author($0.record.stamps.ad) }),
        ("ad set known by", { $0.record.stamps.ad?.source.code ?? "" }),
        ("miniorange", { $0.line(.miniorange) }),
        ("miniorange set", { time($0.record.stamps.miniorange) }),
        ("miniorange set by", { author($0.record.stamps.miniorange) }),
        ("miniorange set known by", { $0.record.stamps.miniorange?.source.code ?? "" }),
        ("base", { $0.baseLine }),
        ("rule", { $0.record.rule.name }),
        ("decision", { $0.record.decision.code }),
        ("winner", { $0.record.winner.name }),
        ("written", { $0.written }),
        ("settled", { $0.stored.resolution?.choice.code ?? "" }),
        ("settled at", { $0.stored.resolution?.time.text ?? "" }),
    ]

    static var columnNames: [String] { columns.map(\.name) }

    static var head: String { row(columnNames) }

    static func row(_ conflict: ShownConflict) -> String { row(columns.map { $0.text(conflict) }) }

    private static func row(_ cells: [String]) -> String { cells.map(cell).joined(separator: ",") + "\r\n" }

    /// Always in quotation marks. What a spreadsheet would take for a formula gets an apostrophe in front, by which it is text.
    static func cell(_ text: String) -> String {
        let start = text.unicodeScalars.first { $0 != " " }
        let isFormula = start.map { "=+-@\t\r\n＝＋－＠".unicodeScalars.contains($0) } ?? false
        return "\"\(isFormula ? "'" : "")\(text.replacing("\"", with: "\"\""))\""
    }

    private static func time(_ stamp: Stamp?) -> String { stamp.map { $0.time.text(toMilliseconds: true) } ?? "" }
    private static func author(_ stamp: Stamp?) -> String { stamp.map { StampText($0).author } ?? "" }
}
