/// How to ask for what changed between two USNs.
enum DeltaQuery: Hashable, Sendable {
    case nothing
    /// `(uSNChanged>=first)`.
    case range(first: UInt64)
    /// `(&(uSNChanged>=first)(uSNChanged<=last))`: a part of a large gap that one answer can hold.
    case part(first: UInt64, last: UInt64)
    /// `(|(uSNChanged=first)…(uSNChanged=last))`: indexed where ranges are not.
    case each(first: UInt64, last: UInt64)
    /// The server's highestCommittedUSN is lower than what was delivered.
    case serverWentBack

    /// What one answer can hold, whichever entries changed.
    static let partLength: UInt64 = 500
    /// Larger gaps are read in pages: most USNs of theirs will be those of changes long overwritten.
    static let longestInParts: UInt64 = 10_000
    /// Longer lists cost more than the range.
    static let longestList: UInt64 = 100
    /// A range search that takes this long reads the whole directory.
    static let expensiveRange = Duration.milliseconds(2)

    static func isCheap(_ rangeCost: Duration) -> Bool { rangeCost <= expensiveRange }

    /// `rangeCost`: what a range search that finds nothing takes at this server.
    static func choose(after position: UInt64, upTo highest: UInt64, rangeCost: Duration) -> DeltaQuery {
        if highest < position { return .serverWentBack }
        let gap = highest - position
        if gap == 0 { return .nothing }
        if isCheap(rangeCost) {
            return gap > partLength && gap <= longestInParts
                ? .part(first: position + 1, last: position + partLength)
                : .range(first: position + 1)
        }
        return gap <= longestList ? .each(first: position + 1, last: highest) : .range(first: position + 1)
    }

    var isPart: Bool {
        if case .part = self { true } else { false }
    }

    /// Up to where it asks; nil: to the end.
    var last: UInt64? {
        switch self {
        case .nothing, .range, .serverWentBack: nil
        case .part(_, let last), .each(_, let last): last
        }
    }

    /// The same, without entries that have one of these USNs.
    func filter(besides known: [UInt64]) -> String? {
        guard let filter, !known.isEmpty else { return filter }
        return "(&\(filter)\(known.map { "(!(uSNChanged=\($0)))" }.joined()))"
    }

    /// RFC 4515; nil where nothing is to be asked.
    var filter: String? {
        switch self {
        case .nothing, .serverWentBack: nil
        case .range(let first): "(uSNChanged>=\(first))"
        case .part(let first, let last): "(&(uSNChanged>=\(first))(uSNChanged<=\(last)))"
        case .each(let first, let last) where first == last: "(uSNChanged=\(first))"
        case .each(let first, let last): "(|\((first...last).map { "(uSNChanged=\($0))" }.joined()))"
        }
    }
}
