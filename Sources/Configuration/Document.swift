import Yams

/// A YAML text, composed to nodes, with keys that are given twice kept apart.
struct Document {
    /// Nil for a text without any content.
    let root: Node?
    private let lines: [[Unicode.Scalar]]
    /// Where a repeated key was told apart from its later twin, and the scalar that stood there.
    private let renamed: [Position: Unicode.Scalar]

    /// Each costs a pass over the whole text.
    private static let maximumRenames = 10

    /// Nil if the text is not YAML; the reason has been reported then.
    init?(text: String, problems: Problems) {
        var lines = Self.split(text)
        var renamed: [Position: Unicode.Scalar] = [:]
        var composed = text
        while true {
            do {
                self.root = try Parser(yaml: composed, encoding: .utf8).singleRoot()
                self.lines = Self.split(text)
                self.renamed = renamed
                return
            } catch YamlError.duplicatedKeysInMapping(let duplicates, let context) {
                // The library stops at the first repeated key. It gets another name at its first place, of the same
                // length, so that all else keeps its column and everything else that is wrong is found as well.
                let position = Position(line: context.mark.line, column: context.mark.column)
                guard renamed.count < Self.maximumRenames,
                    let (place, scalar) = Self.rename(keyAt: position, in: &lines, number: renamed.count)
                else {
                    let names = duplicates.map { "`\($0)`" }.joined(separator: ", ")
                    problems.report("\(names) given twice in one place", at: position, remedy: "keep one of them")
                    return nil
                }
                renamed[place] = scalar
                composed = lines.map { line in
                    var view = String.UnicodeScalarView()
                    view.append(contentsOf: line)
                    return String(view)
                }.joined(separator: "\n")
            } catch {
                Self.report(error, text: text, problems: problems)
                return nil
            }
        }
    }

    func position(of node: Node) -> Position {
        node.mark.map { Position(line: $0.line, column: $0.column) } ?? .start
    }

    /// The key as it stands in the file.
    func name(ofKey scalar: Node.Scalar) -> String {
        guard let mark = scalar.mark else { return scalar.string }
        for column in [mark.column, mark.column + 1] {
            guard let original = renamed[Position(line: mark.line, column: column)],
                let first = scalar.string.unicodeScalars.first, Self.privateUse.contains(first.value)
            else { continue }
            return String(original) + String(scalar.string.unicodeScalars.dropFirst())
        }
        return scalar.string
    }

    /// Where the character `offset` of a scalar stands; the scalar's start where its text is not literally in the file
    /// (escapes, folded lines).
    func position(of scalar: Node.Scalar, character offset: Int) -> Position {
        let start = scalar.mark.map { Position(line: $0.line, column: $0.column) } ?? .start
        let quotes = scalar.style == .singleQuoted || scalar.style == .doubleQuoted ? 1 : 0
        guard lines.indices.contains(start.line - 1) else { return start }
        let literal = lines[start.line - 1].dropFirst(start.column - 1 + quotes)
        guard literal.starts(with: scalar.string.unicodeScalars) else { return start }
        return Position(line: start.line, column: start.column + quotes + offset)
    }

    private static let privateUse: ClosedRange<UInt32> = 0xE000...0xF8FF

    private static func rename(
        keyAt position: Position,
        in lines: inout [[Unicode.Scalar]],
        number: Int
    ) -> (Position, Unicode.Scalar)? {
        guard lines.indices.contains(position.line - 1) else { return nil }
        var column = position.column
        let line = lines[position.line - 1]
        guard line.indices.contains(column) || line.indices.contains(column - 1) else { return nil }
        if line[column - 1] == "\"" || line[column - 1] == "'" { column += 1 }
        guard line.indices.contains(column - 1) else { return nil }
        let scalar = line[column - 1]
        // Other signs have a meaning to YAML in this place; without them the text might become another one.
        guard scalar.properties.isAlphabetic || scalar == "_" || scalar.properties.numericType != nil,
            let replacement = Unicode.Scalar(privateUse.lowerBound + UInt32(number))
        else { return nil }
        lines[position.line - 1][column - 1] = replacement
        return (Position(line: position.line, column: column), scalar)
    }

    /// The lines as libYAML counts them (YAML 1.1 §4.2).
    private static func split(_ text: String) -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = [[]]
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where previous == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lines.append([])
            default: lines[lines.count - 1].append(scalar)
            }
            previous = scalar
        }
        return lines
    }

    private static func report(_ error: any Error, text: String, problems: Problems) {
        let remedy = "correct it here or just above; indent with spaces, and quote text that holds `: `, ` #` or `{`"
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let begun = context.map { "\($0.text) (line \($0.mark.line)), " } ?? ""
            let position = Position(line: mark.line, column: mark.column)
            problems.report("not valid YAML: \(begun)\(problem)", at: position, remedy: remedy)
        case YamlError.reader(let problem, let offset, _, _):
            problems.report(
                "not valid YAML: \(problem)",
                at: position(ofCharacter: offset ?? 0, in: text),
                remedy: "remove the character; the file must be plain UTF-8 text"
            )
        default:
            problems.report("not valid YAML", at: .start, remedy: remedy)
        }
    }

    private static func position(ofCharacter offset: Int, in text: String) -> Position {
        let lines = split(String(text.prefix(offset)))
        return Position(line: lines.count, column: (lines.last?.count ?? 0) + 1)
    }
}
