import Testing

/// A single mistake in an otherwise sound file, and what an admin is told of it.
struct Mistake: CustomTestStringConvertible, Sendable {
    /// Occurs once in the sound file.
    var piece: String
    var replacement: String
    /// line:column of the error.
    var place: String
    /// A part of the message.
    var message: String
    /// A part of the remedy.
    var remedy: String

    var testDescription: String { "\(place) \(message)" }
}

extension Mistake {
    /// Reads a table: five lines a mistake in the order of the properties, then an empty one; `⏎` stands for a line's
    /// end and `⌀` for no text at all.
    static func table(_ text: String) -> [Mistake] {
        text.split(separator: "\n\n").map { block in
            let lines = block.split(separator: "\n", omittingEmptySubsequences: false).map {
                $0.split(separator: "⏎", omittingEmptySubsequences: false).joined(separator: "\n")
            }.map { $0 == "⌀" ? "" : $0 }
            precondition(lines.count == 5, "five lines a mistake: \(block)")
            return Mistake(
                piece: lines[0],
                replacement: lines[1],
                place: lines[2],
                message: lines[3],
                remedy: lines[4]
            )
        }
    }
}
