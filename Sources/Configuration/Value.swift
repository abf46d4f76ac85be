import SyncModel
import Yams

/// What the readers of one file share.
final class Reading {
    let document: Document
    let problems: Problems
    let files: FileReader

    init(document: Document, problems: Problems, files: FileReader) {
        self.document = document
        self.problems = problems
        self.files = files
    }
}

/// A value of the file with its place. Each `as…` reports what is wrong with it, once, and answers nil.
struct Value {
    let node: Node
    /// The key that holds it, as in ``Grammar``.
    let path: String
    let reading: Reading

    var position: Position { reading.document.position(of: node) }

    /// `file:line`, by which commands name a rule.
    var origin: String { "\(reading.problems.file):\(position.line)" }

    var isSingle: Bool { node.scalar != nil }
    var isList: Bool { node.sequence != nil }

    /// A single value as it was written.
    var written: String? { node.scalar?.string }

    func report(_ message: String, remedy: String) {
        reading.problems.report(message, at: position, remedy: remedy)
    }

    /// Text as written, quoted or not; never empty.
    func asText() -> String? {
        guard let scalar = node.scalar else {
            report(
                "`\(path)` must be a single value, not \(node.kind)",
                remedy: "write `\(Grammar.example(of: path))`"
            )
            return nil
        }
        guard !scalar.string.isEmpty else {
            report("`\(path)` is empty", remedy: "write `\(Grammar.example(of: path))`")
            return nil
        }
        return scalar.string
    }

    func asFlag() -> Bool? {
        guard let text = asText() else { return nil }
        if node.scalar?.style == .plain, let flag = ["true": true, "false": false][text] { return flag }
        let meant = ["yes", "on", "true", "1"].contains(text.lowercased()) ? "true" : "false"
        let remedy = "write `true` or `false`, without quotes (`\(path.lastKey): \(meant)`)"
        report("`\(path)` must be true or false, not `\(text)`", remedy: remedy)
        return nil
    }

    func asInteger(in range: ClosedRange<Int>) -> Int? {
        guard let text = asText() else { return nil }
        guard let number = Int(text), range.contains(number) else {
            report(
                "`\(path)` must be a whole number from \(range.lowerBound) to \(range.upperBound), not `\(text)`",
                remedy: "write `\(Grammar.example(of: path))`"
            )
            return nil
        }
        return number
    }

    func asDuration(in range: ClosedRange<Duration>) -> Duration? {
        guard let text = asText() else { return nil }
        guard let duration = Duration(configured: text) else {
            report(
                "`\(path)` must be a duration, not `\(text)`",
                remedy: "write a whole number and a unit without a space: `250ms`, `2s`, `5m`, `1h` or `30d`"
            )
            return nil
        }
        guard range.contains(duration) else {
            report(
                "`\(path)` is out of range: `\(text)`",
                remedy: "write a duration from \(range.lowerBound.configured) to \(range.upperBound.configured)"
            )
            return nil
        }
        return duration
    }

    /// How long something is kept: days, in milliseconds; nil for `forever`, and where the text is wrong.
    func asRetention() -> Int64? {
        let day = Duration.seconds(86_400)
        return written == "forever" ? nil : asDuration(in: day...(day * 3650))?.milliseconds
    }

    /// One of the words of `choices`.
    func asChoice<Choice>(_ choices: KeyValuePairs<String, Choice>) -> Choice? {
        guard let text = asText() else { return nil }
        if let choice = choices.first(where: { $0.key == text }) { return choice.value }
        let words = choices.map(\.key)
        let allowed = words.map { "`\($0)`" }.joined(separator: ", ")
        let remedy =
            if words.count == 1 {
                "write \(allowed)"
            } else if let meant = Suggestion.nearest(to: text, among: words) {
                "did you mean `\(meant)`? Allowed: \(allowed)"
            } else {
                "write one of \(allowed)"
            }
        report("`\(path)` does not know `\(text)`", remedy: remedy)
        return nil
    }

    func asSection() -> Section? {
        Section(self)
    }

    /// The items, each under this value's own path.
    func asList() -> [Value]? {
        guard let sequence = node.sequence else {
            report("`\(path)` must be a list, not \(node.kind)", remedy: "write `\(Grammar.example(of: path))`")
            return nil
        }
        return sequence.map { Value(node: $0, path: path, reading: reading) }
    }

    /// The name of an entry below the root.
    func asDistinguishedName() -> DistinguishedName? {
        guard let text = asText() else { return nil }
        do throws(DistinguishedNameError) {
            let name = try DistinguishedName(parsing: text)
            guard name.isRoot else { return name }
            report("`\(path)` names no entry", remedy: "write `\(Grammar.example(of: path))`")
        } catch {
            report(
                "`\(path)` is not a distinguished name: \(error.reason) at character \(error.position + 1)",
                atCharacter: error.position,
                remedy:
                    "write it like `\(Grammar.example(of: path))`; a `,` or `+` inside of a name takes a `\\` before it"
            )
        }
        return nil
    }

    func asFilter() -> Filter? {
        guard let text = asText() else { return nil }
        do throws(FilterError) {
            return try Filter(parsing: text)
        } catch {
            report(
                "`\(path)` is not an LDAP filter: \(error.reason) at character \(error.position + 1)",
                atCharacter: error.position,
                remedy: "write it like `\(Grammar.example(of: path))` (RFC 4515)"
            )
            return nil
        }
    }

    /// An attribute's or a class's name: a short name with options, or an OID (RFC 4512 §2.5).
    func asAttributeName() -> String? {
        guard let text = asText() else { return nil }
        let parts = text.utf8.split(separator: 0x3B, omittingEmptySubsequences: false)
        let isName = parts.enumerated().allSatisfy { index, part in
            guard let first = part.first else { return false }
            let isOID = index == 0 && 0x30...0x39 ~= first
            let startsWell = index > 0 || isOID || 0x61...0x7A ~= first | 0x20
            return startsWell
                && part.allSatisfy { byte in
                    0x30...0x39 ~= byte || (isOID ? byte == 0x2E : 0x61...0x7A ~= byte | 0x20 || byte == 0x2D)
                }
        }
        guard isName else {
            report("`\(path)`: `\(text)` is not an attribute's name", remedy: "write `\(Grammar.example(of: path))`")
            return nil
        }
        return text
    }

    private func report(_ message: String, atCharacter offset: Int, remedy: String) {
        let place = node.scalar.map { reading.document.position(of: $0, character: offset) } ?? position
        reading.problems.report(message, at: place, remedy: remedy)
    }
}

extension Node {
    /// What a person calls it.
    var kind: String {
        switch self {
        case .mapping: "a section of keys"
        case .sequence: "a list"
        case .scalar, .alias: "a single value"
        }
    }

    /// A key with nothing behind it, or with YAML's null.
    var isNull: Bool {
        guard let scalar else { return false }
        return scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}

extension String {
    /// The last key of a path.
    var lastKey: String { split(separator: ".").last.map(String.init) ?? self }
}
