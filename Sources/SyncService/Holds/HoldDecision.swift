import SyncModel

/// What a person approves or rejects.
enum HoldDecision: Hashable, Codable, Sendable {
    /// What the hold with this number stops.
    case hold(UInt64)
    /// The deletion, which nothing proves, of entries that a side does not show any more.
    case vanished(Side)

    /// Where the daemon takes the decision.
    func path(_ verdict: HoldVerdict) -> String {
        let word = verdict == .approve ? "approve" : "reject"
        switch self {
        case .hold(let id): return "/holds/\(id)/\(word)"
        case .vanished(let side): return "/vanished/\(side.name)/\(word)"
        }
    }

    /// For a person.
    var label: String {
        switch self {
        case .hold(let id): "\(id)"
        case .vanished(let side): "vanished at \(side.name)"
        }
    }

    /// For machines.
    var json: [(String, JSONValue)] {
        switch self {
        case .hold(let id): [("id", .int(Int(clamping: id))), ("vanishedAt", .null)]
        case .vanished(let side): [("id", .null), ("vanishedAt", .string(side.name))]
        }
    }
}
