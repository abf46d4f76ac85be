import SyncModel

/// What a person may have meant by a word that is none of the allowed ones.
enum Suggestion {
    /// The nearest of `candidates`; nil if none is near. A difference of case alone is the nearest.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let lowered = CaseFolding.lowercaseName(word)
        let limit = max(1, word.unicodeScalars.count / 3)
        return
            candidates
            .map { ($0, distance(lowered, CaseFolding.lowercaseName($0))) }
            .filter { $0.1 <= limit }
            .min { $0.1 < $1.1 }?.0
    }

    /// How many letters must be inserted, dropped, replaced or swapped with their neighbour to make one of the other.
    static func distance(_ first: String, _ second: String) -> Int {
        let a = Array(first.unicodeScalars)
        let b = Array(second.unicodeScalars)
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        // A longer word than this is no misspelling, and the table grows with its square.
        guard a.count <= 64, b.count <= 64 else { return max(a.count, b.count) }
        var rows = [Array(0...b.count)]
        for i in 1...a.count {
            var row = [i]
            for j in 1...b.count {
                let replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                var best = min(replaced, rows[i - 1][j] + 1, row[j - 1] + 1)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, rows[i - 2][j - 2] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
