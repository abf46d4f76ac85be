import Yams

/// A mapping of the file with the keys that ``Grammar`` gives it. Reading it reports unknown and repeated keys, keys
/// without a value, and what this version does not do.
struct Section {
    /// As in ``Grammar``; empty for the whole file.
    let path: String
    /// Where the section begins.
    let position: Position
    let reading: Reading
    private var values: [String: Value] = [:]
    private var keyPositions: [String: Position] = [:]

    /// Nil, and reported, if the value is no mapping.
    init?(_ value: Value) {
        guard let mapping = value.node.mapping else {
            let remedy = value.path.isEmpty ? "begin with `version: 1`" : "write `\(Grammar.example(of: value.path))`"
            let subject = value.path.isEmpty ? "the file" : "`\(value.path)`"
            value.report("\(subject) must be a section of keys, not \(value.node.kind)", remedy: remedy)
            return nil
        }
        path = value.path
        position = value.position
        reading = value.reading
        for (keyNode, node) in mapping { read(keyNode, node) }
    }

    private mutating func read(_ keyNode: Node, _ node: Node) {
        let place = reading.document.position(of: keyNode)
        guard let scalar = keyNode.scalar else {
            let remedy = "write a plain word and a colon"
            return reading.problems.report(
                "a key must be a single word, not \(keyNode.kind)",
                at: place,
                remedy: remedy
            )
        }
        let key = reading.document.name(ofKey: scalar)
        if let first = keyPositions[key] {
            let message = "`\(path(of: key))` is given twice; the first stands on line \(first.line)"
            return reading.problems.report(message, at: place, remedy: "keep one of the two")
        }
        keyPositions[key] = place
        let keyPath = path(of: key)
        guard Grammar.keys(of: path).contains(where: { $0.name == key }) else { return reportUnknown(key, at: place) }
        guard !node.isNull else {
            let remedy = "write `\(Grammar.example(of: keyPath))`, or remove the key where it may be left out"
            return reading.problems.report("`\(keyPath)` has no value", at: place, remedy: remedy)
        }
        values[key] = Value(node: node, path: keyPath, reading: reading)
    }

    private func reportUnknown(_ key: String, at place: Position) {
        let names = Grammar.keys(of: path).map(\.name)
        let section = path.isEmpty ? "the file" : "`\(path)`"
        let remedy =
            if ["password", "bindPassword", "secret"].contains(key) {
                "a password never stands here: put it in a file with mode 600 and write `passwordFile: /etc/syncline/…`"
            } else if key.contains("=") {
                "a DN inside of braces must be quoted as a whole, or its commas end it: `\"\(key),…\"`"
            } else if key == "<<" {
                "merge keys are not supported; write the keys themselves"
            } else if let meant = Suggestion.nearest(to: key, among: names) {
                "did you mean `\(meant)`?"
            } else {
                "remove it; \(section) knows \(names.map { "`\($0)`" }.joined(separator: ", "))"
            }
        reading.problems.report("unknown key `\(key)` in \(section)", at: place, remedy: remedy)
    }

    private func path(of key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }

    /// The value of a key; nil if it is not given, or was given wrongly and reported.
    subscript(key: String) -> Value? {
        assert(Grammar.keys(of: path).contains { $0.name == key }, "the grammar lacks \(path(of: key))")
        return values[key]
    }

    /// `file:line`, by which commands name what stands in no line of its own.
    var origin: String { "\(reading.problems.file):\(position.line)" }

    /// Where the key stands; the section's start if it is not given.
    func position(of key: String) -> Position { keyPositions[key] ?? position }

    /// Whether the key was written, rightly or wrongly.
    func mentions(_ key: String) -> Bool { keyPositions[key] != nil }

    /// Reports a key that has no meaning here.
    func refuse(_ key: String, _ message: String, remedy: String = "remove it") {
        guard mentions(key) else { return }
        reading.problems.report("`\(path(of: key))` \(message)", at: position(of: key), remedy: remedy)
    }

    /// The value of a key that must be there; reported if it is not.
    func require(_ key: String) -> Value? {
        if !mentions(key) {
            let remedy = "add `\(Grammar.example(of: path(of: key)))`"
            reading.problems.report("`\(path(of: key))` is missing", at: position, remedy: remedy)
        }
        return self[key]
    }
}
