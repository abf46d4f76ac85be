import Cache
import Mapping
import SyncModel

/// Lays out an explanation for people, within the width of the screen.
struct ExplanationText {
    private static let labelWidth = 13

    private let width: Int
    private let style: TerminalStyle
    private(set) var lines: [String] = []

    init(width: Int, style: TerminalStyle) {
        self.width = min(max(80, width), 160)
        self.style = style
    }

    mutating func line(_ text: String) { lines.append(text) }

    mutating func row(_ label: String, _ text: String, _ end: String = "", ink: TerminalStyle.Ink? = nil) {
        for (index, line) in TextWrap.exactLines(text + end, width: width - Self.labelWidth).enumerated() {
            lines.append((index == 0 ? label : "").padded(to: Self.labelWidth) + style(line, ink))
        }
    }

    mutating func section(_ title: String, _ rows: [String]) {
        guard !rows.isEmpty else { return }
        lines += ["", style(title, .strong)]
        for row in rows {
            for (index, line) in TextWrap.exactLines(row, width: width - 4).enumerated() {
                lines.append((index == 0 ? "  " : "    ") + line)
            }
        }
    }

    mutating func stamp(_ stamp: Stamp?) {
        guard let stamp = stamp.map(StampText.init) else { return }
        row("", "set \(stamp.line)")
        row("", stamp.trust, ink: .faint)
    }

    mutating func attribute(_ attribute: AttributeExplanation, _ isOnBothSides: Bool) {
        lines.append("")
        let isCalm = attribute.state.reason == nil && attribute.held == nil && attribute.settlement == nil
        line(style(attribute.heading, .strong))
        row("  why", attribute.why(isOnBothSides: isOnBothSides), ink: isCalm ? .good : .warning)
        for side in Side.allCases {
            let part = attribute.sides[side]
            row("  \(side.name)", Self.line(part.values))
            stamp(part.stamp)
        }
        if attribute.state.reason != nil, let base = attribute.base { row("  agreed", Self.line(base)) }
        if attribute.settlement != nil { row("  to stand", Self.line(attribute.settled)) }
        row("  rule", attribute.ruleWords)
        let way = attribute.specification.map { rule in
            "\(rule.ad) \(rule.direction == .both ? "<->" : rule.direction == .toAD ? "<-" : "->") \(rule.miniorange)"
        }
        let origin = attribute.origin.map { $0 == "preset" ? " (the preset)" : " (\($0))" } ?? ""
        row("  mapping", way ?? "the containers of the object", origin)
    }

    private static func line(_ values: [ShownValue]) -> String {
        values.isEmpty ? "no value" : values.map(\.line).joined(separator: " | ")
    }

    static func line(_ conflict: ShownConflict) -> String {
        let stored = conflict.stored
        return "\(conflict.id)  \(conflict.record.time.text)  \(conflict.shortTitle): \(stored.outcome)"
            + (stored.state == .held ? " for a person" : " stands; \(stored.reason)")
    }

    static func line(_ line: HistoryRecord) -> String {
        "\(line.time.text)  \(line.side.name)  \(line.words)"
    }

    static func json(_ line: HistoryRecord) -> JSONValue {
        .object([
            ("time", .string(line.time.text)), ("event", .string(line.event.code)), ("side", .string(line.side.name)),
            ("cause", .string(line.cause.code)), ("attributes", .array(line.attributes.map(JSONValue.string))),
        ])
    }
}
