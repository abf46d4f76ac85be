/// Turns of a history as text: `0-12,17,20-21`.
package enum TurnList {
    package static func text(_ turns: [Int]) -> String {
        var parts: [String] = []
        var rest = turns.sorted()[...]
        while let first = rest.popFirst() {
            var last = first
            while rest.first == last + 1 {
                last += 1
                rest.removeFirst()
            }
            parts.append(first == last ? "\(first)" : "\(first)-\(last)")
        }
        return parts.joined(separator: ",")
    }

    /// Nil where the text is no list of turns.
    package static func parse(_ text: String) -> [Int]? {
        var turns: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: true) {
            let bounds = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard bounds.count < 3, let first = bounds.first ?? nil, let last = bounds.last ?? nil, first <= last else {
                return nil
            }
            turns += Array(first...last)
        }
        return turns
    }
}
