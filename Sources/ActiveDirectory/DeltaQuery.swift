/// How to ask for what changed between two USNs.
enum DeltaQuery: Hashable, Sendable {
    case nothing
    /// `(uSNChanged>=first)`.
    case range(first: UInt64)
    /// `(|(uSNChanged=first)…(uSNChanged=last))`: indexed where ranges are not.
    case each(first: UInt64, last: UInt64)
    /// The server's highestCommittedUSN is lower than what was delivered.
    case serverWentBack

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
        return gap <= longestList && !isCheap(rangeCost)
            ? .each(first: position + 1, last: highest)
            : .range(first: position + 1)
    }

    /// RFC 4515; nil where nothing is to be asked.
    var filter: String? {
        switch self {
        case .nothing, .serverWentBack: nil
        case .range(let first): "(uSNChanged>=\(first))"
        case .each(let first, let last) where first == last: "(uSNChanged=\(first))"
        case .each(let first, let last): "(|\((first...last).map { "(uSNChanged=\($0))" }.joined()))"
        }
    }
}
