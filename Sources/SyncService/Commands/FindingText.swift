import SyncModel

/// Findings for a person: grouped by side, 80 columns wide.
struct FindingText {
    static let width = 80
    private static let indent = String(repeating: " ", count: 11)

    let findings: [Finding]
    /// What each side's heading names besides the side.
    let titles: PerSide<String>

    var text: String {
        var lines: [String] = []
        for side in [nil, Side.ad, Side.miniorange] as [Side?] {
            let group = findings.filter { $0.side == side?.name }
            guard !group.isEmpty else { continue }
            if !lines.isEmpty { lines.append("") }
            lines.append(side.map { "\($0.name)  \(titles[$0])" } ?? "configuration")
            for finding in group { lines += Self.lines(finding) }
        }
        lines.append("")
        lines.append(summary)
        return lines.joined(separator: "\n")
    }

    var summary: String {
        func count(_ level: Finding.Level, _ word: String) -> String {
            let number = findings.count { $0.level == level }
            return "\(number == 0 ? "no" : "\(number)") \(word)\(number == 1 ? "" : "s")"
        }
        return
            "\(count(.error, "error")), \(count(.warning, "warning")) in \(findings.count) finding\(findings.count == 1 ? "" : "s")"
    }

    private static func lines(_ finding: Finding) -> [String] {
        let label = "  " + finding.level.rawValue.padded(to: 9)
        var lines = TextWrap.lines("\(finding.subject): \(finding.seen)", width: width - indent.count)
            .enumerated().map { ($0.offset == 0 ? label : indent) + $0.element }
        if let remedy = finding.remedy {
            lines += TextWrap.lines(remedy, width: width - indent.count - 3)
                .enumerated().map { indent + ($0.offset == 0 ? "=> " : "   ") + $0.element }
        }
        return lines
    }
}

/// Breaks text at spaces. A word that is longer than a line has one of its own: a name that is cut can't be copied.
enum TextWrap {
    static func lines(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: true) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                if !line.isEmpty, line.count + 1 + word.count > width {
                    lines.append(line)
                    line = ""
                }
                line += line.isEmpty ? "\(word)" : " \(word)"
            }
            lines.append(line)
        }
        return lines.isEmpty ? [""] : lines
    }

    /// Every line of a report broken where it is too long. What follows stands below what the line's label is of.
    ///
    /// - Parameter label: columns of the labels that unindented lines begin with.
    static func report(_ text: String, label: Int, width: Int) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
            let indent = line.prefix { $0 == " " }.count
            let rest = indent == 0 ? label : indent < label ? indent + 2 : indent
            let pieces = exactLines(String(line.dropFirst(indent)), width: width - max(indent, rest))
            return pieces.enumerated().map {
                String(repeating: " ", count: $0.offset == 0 ? indent : rest) + $0.element
            }
        }.joined(separator: "\n")
    }

    /// The same of what holds values: every space stays but the one at which a line is broken.
    static func exactLines(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = Substring()
        var rest = Substring(text)
        while !rest.isEmpty {
            let end = rest.firstIndex(of: " ").map { rest.index(after: $0) } ?? rest.endIndex
            let word = rest[..<end]
            if !line.isEmpty, line.count + word.count > width + (word.last == " " ? 1 : 0) {
                lines.append(String(line.last == " " ? line.dropLast() : line))
                line = Substring()
            }
            line += word
            rest = rest[end...]
        }
        lines.append(String(line))
        return lines
    }
}

extension String {
    /// With spaces behind it up to `count` characters; longer text stays whole.
    func padded(to count: Int) -> String {
        self.count >= count ? self : self + String(repeating: " ", count: count - self.count)
    }
}
