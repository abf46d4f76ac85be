/// Small charts as inline SVG, which needs nothing from elsewhere and prints as it is shown.
enum ConflictChart {
    /// One horizontal bar for each count.
    static func bars(_ title: String, _ counts: [ConflictCensus.Count]) -> String {
        let row = 22
        let label = 132
        let room = 150
        let most = max(1, counts.map(\.count).max() ?? 1)
        var body = ""
        for (index, count) in counts.enumerated() {
            let top = index * row
            let length = max(2, count.count * room / most)
            body += "<g><title>\(HTMLText.escaped(count.name)): \(count.count)</title>"
            body += text(count.name.cut(to: 19), x: label - 8, y: top + 15, "end")
            body += "<path class=\"mark\" d=\"\(bar(x: label, y: top + 4, length: length, thickness: 14))\"/>"
            body += text("\(count.count)", x: label + length + 6, y: top + 15, "start", "number") + "</g>"
        }
        let height = max(row, counts.count * row)
        return figure(
            title,
            width: label + room + 54,
            height: height,
            "<path class=\"axis\" d=\"M\(label) 0V\(height)\"/>" + body
        )
    }

    /// One column for each day.
    static func days(_ title: String, _ counts: [ConflictCensus.Count]) -> String {
        let width = 336
        let height = 120
        let base = height - 20
        let most = max(1, counts.map(\.count).max() ?? 1)
        let step = min(24, max(1, (width - 8) / max(1, counts.count)))
        var body = ""
        for (index, count) in counts.enumerated() where count.count > 0 {
            let tall = max(2, count.count * (base - 16) / most)
            let left = 4 + index * step
            body += "<rect class=\"mark\" x=\"\(left)\" y=\"\(base - tall)\" width=\"\(max(1, step - 2))\" "
            body += "height=\"\(tall)\" rx=\"\(step > 8 ? 2 : 0)\"><title>\(count.name): \(count.count)</title></rect>"
        }
        body += "<path class=\"axis\" d=\"M0 \(base)H\(width)\"/>"
        if let first = counts.first { body += text(first.name, x: 4, y: height - 4, "start") }
        if counts.count > 1, let last = counts.last {
            body += text(last.name, x: max(150, 4 + counts.count * step), y: height - 4, "end")
        }
        if let peak = counts.map(\.count).max() {
            body += text("most in a day: \(peak)", x: width, y: 10, "end", "number")
        }
        return figure(title, width: width, height: height, body)
    }

    /// Square where it begins, round where it ends.
    private static func bar(x: Int, y: Int, length: Int, thickness: Int) -> String {
        let radius = min(3, length)
        return "M\(x) \(y)h\(length - radius)q\(radius) 0 \(radius) \(radius)v\(thickness - 2 * radius)"
            + "q0 \(radius) -\(radius) \(radius)h-\(length - radius)z"
    }

    private static func text(_ text: String, x: Int, y: Int, _ anchor: String, _ name: String = "label") -> String {
        "<text class=\"\(name)\" x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\">\(HTMLText.escaped(text))</text>"
    }

    private static func figure(_ title: String, width: Int, height: Int, _ body: String) -> String {
        """
        <figure><figcaption>\(HTMLText.escaped(title))</figcaption>\
        <svg viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" role="img" \
        aria-label="\(HTMLText.escaped(title))">\(body)</svg></figure>

        """
    }
}

/// Text for HTML, whoever wrote it.
enum HTMLText {
    /// Escaped, with places to break a long name at.
    static func breakable(_ text: String) -> String { escaped(text).replacing(",", with: ",<wbr>") }

    /// For content and for attributes in double quotation marks.
    static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
            case "\u{00}"..<"\u{20}", "\u{7F}"..<"\u{A0}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
