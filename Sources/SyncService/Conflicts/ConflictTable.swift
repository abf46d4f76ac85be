import Cache
import SyncModel

/// Conflicts for people, one a line: within 80 columns, and with the values where there is more room.
struct ConflictTable {
    /// From so many columns on the values of both sides are shown.
    static let wideColumns = 120

    let width: Int
    let style: TerminalStyle

    private struct Column {
        var title: String
        var width: Int
        var text: (ShownConflict) -> String
    }

    init(width: Int, style: TerminalStyle = .plain) {
        self.width = max(80, width)
        self.style = style
    }

    func lines(_ conflicts: [ShownConflict]) -> [String] {
        guard !conflicts.isEmpty else { return [] }
        let columns = self.columns(conflicts)
        var head = ""
        for column in columns { head += column.title.cut(to: column.width).padded(to: column.width) + "  " }
        return [style(Self.trimmed(head), .strong)] + conflicts.map { line($0, columns) }
    }

    private func line(_ conflict: ShownConflict, _ columns: [Column]) -> String {
        var text = ""
        for column in columns { text += column.text(conflict).cut(to: column.width).padded(to: column.width) + "  " }
        let ink: TerminalStyle.Ink? =
            switch conflict.stored.state {
            case .held: .warning
            case .automatic, .agreed: nil
            case .person: .good
            }
        return style(Self.trimmed(text), ink)
    }

    private func columns(_ conflicts: [ShownConflict]) -> [Column] {
        let numbers = max(2, conflicts.map { "\($0.id)".count }.max() ?? 2)
        func longest(_ text: (ShownConflict) -> String, _ title: String) -> Int {
            max(title.count, conflicts.map { text($0).count }.max() ?? 0)
        }
        let fixed = numbers + 2 + 16 + 2 + 10 + 2 + 9 + 2 + 2
        var rest = width - fixed
        let hasValues = width >= Self.wideColumns
        let wanted = (attribute: longest(\.shortTitle, "ATTRIBUTE"), entry: longest(\.shortEntry, "ENTRY"))
        // What the one does not need the other may have.
        let attribute = min(wanted.attribute, hasValues ? 24 : max(rest * 45 / 100, rest - wanted.entry))
        rest -= attribute
        let entry = min(wanted.entry, hasValues ? 24 : rest)
        rest -= entry
        var columns = [
            Column(title: "ID", width: numbers) { "\($0.id)" },
            Column(title: "TIME (UTC)", width: 16) { $0.record.time.column },
            Column(title: "ENTRY", width: entry, text: \.shortEntry),
            Column(title: "ATTRIBUTE", width: attribute, text: \.shortTitle),
        ]
        if hasValues {
            let values = (rest - 4) / 2
            for side in Side.allCases {
                let most = min(values, longest({ $0.line(side) }, side.name))
                columns.append(Column(title: side.name.uppercased(), width: most) { $0.line(side) })
            }
        }
        columns.append(Column(title: "STANDS", width: 10, text: \.stored.outcome))
        columns.append(Column(title: "BY", width: 9, text: \.stored.step))
        return columns
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}

extension String {
    /// The first `count` characters, with a sign that there are more.
    func cut(to count: Int) -> String {
        self.count <= count ? self : String(prefix(max(0, count - 1))) + "…"
    }
}
