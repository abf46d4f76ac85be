/// Lays out what both sides hold in two columns.
struct SideBySide {
    /// Room for the longest of the usual names, `pwdAccountLockedTime`.
    private static let labelWidth = 21
    private let columnWidth: Int
    private(set) var lines: [String] = []

    /// - Parameter width: columns of the screen; 80 at least is made use of.
    init(width: Int) {
        columnWidth = (min(max(width, 80), 160) - Self.labelWidth - 4) / 2
    }

    /// - Parameter mark: one character that tells how the two compare; a space for nothing.
    mutating func row(_ labels: [String], _ left: [String], _ mark: Character, _ right: [String]) {
        let left = left.flatMap { Self.broken($0, columnWidth) }
        let right = right.flatMap { Self.broken($0, columnWidth) }
        let labels = labels.flatMap { Self.broken($0, Self.labelWidth - 1) }
        for index in 0..<max(left.count, right.count, labels.count, 1) {
            let label = index < labels.count ? labels[index] : ""
            let first = index < left.count ? left[index] : ""
            let second = index < right.count ? right[index] : ""
            let line =
                "\(label.padded(to: Self.labelWidth))\(first.padded(to: columnWidth)) \(index == 0 ? mark : " ")  \(second)"
            lines.append(Self.trimmed(line))
        }
    }

    /// A line over the whole width.
    mutating func line(_ text: String) { lines.append(text) }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }

    /// Breaks behind commas and spaces where there are any.
    private static func broken(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        var rest = Substring(text)
        while rest.count > width {
            let part = rest.prefix(width)
            let cut = part.lastIndex { $0 == "," || $0 == " " }.map { part.index(after: $0) } ?? part.endIndex
            lines.append(String(rest[..<cut]))
            rest = rest[cut...]
        }
        lines.append(String(rest))
        return lines
    }
}
