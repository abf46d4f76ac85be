import Cache
import SyncModel

/// All that is known of one conflict, for people.
struct ConflictCard {
    private static let labelWidth = 13

    let conflict: ShownConflict
    let width: Int
    let style: TerminalStyle

    init(_ conflict: ShownConflict, width: Int, style: TerminalStyle = .plain) {
        self.conflict = conflict
        self.width = min(max(80, width), 160)
        self.style = style
    }

    var lines: [String] {
        let stored = conflict.stored
        let record = conflict.record
        let kind = [conflict.kind?.name, record.object].compactMap(\.self).joined(separator: ", ")
        let origin = record.isJoin ? ", a difference when both entries were joined" : ""
        let ink: TerminalStyle.Ink = stored.state == .held ? .warning : .good
        var lines = row("conflict", "\(conflict.id), found \(record.time.text)\(origin)")
        lines += row("state", stored.state.words, ink)
        lines += row("entry", conflict.entry)
        lines += row("", "\(kind.isEmpty ? "not in the cache any more" : kind), pair \(record.pair.rawValue)", .faint)
        lines += row("about", stored.title)
        if let member = conflict.member { lines += row("", member) }
        lines.append("")
        for side in Side.allCases { lines += part(side) }
        lines += row("agreed", conflict.base.isEmpty ? "no value" : conflict.baseLine)
        lines.append("")
        lines += row("rule", record.rule.name)
        lines += row("decided", stored.reason)
        lines += row("written", conflict.written)
        if let resolution = stored.resolution { lines += row("settled", resolution.time.text) }
        let commands = stored.commands
        for (index, command) in commands.enumerated() {
            let label = index > 0 ? "" : stored.state == .held ? "to settle" : "to reverse"
            lines += row(label, command, .strong)
        }
        if let remedy = stored.remedy { lines += row("to reverse", remedy) }
        return lines
    }

    private func part(_ side: Side) -> [String] {
        let mark = conflict.stored.standingSide == side ? "  (stands)" : ""
        var lines = row(
            side.name,
            (conflict.values[side].isEmpty ? "no value" : conflict.line(side)) + mark,
            mark.isEmpty ? nil : .strong
        )
        guard let stamp = conflict.record.stamps[side].map(StampText.init) else {
            return lines + row("", "when and by whom was not asked for, or is not known", .faint)
        }
        lines += row("", "set \(stamp.line)")
        lines += row("", stamp.trust, .faint)
        return lines
    }

    private func row(_ label: String, _ text: String, _ ink: TerminalStyle.Ink? = nil) -> [String] {
        TextWrap.exactLines(text, width: width - Self.labelWidth).enumerated().map { index, line in
            (index == 0 ? label : "").padded(to: Self.labelWidth) + style(line, ink)
        }
    }
}
