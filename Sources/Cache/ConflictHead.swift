package import SyncModel

/// What filters and counts need of a conflict: all but its values and stamps.
package struct ConflictHead: Hashable, Sendable {
    package let id: ConflictID
    package let pair: PairID
    package let object: String?
    package let subject: ConflictRecord.Subject
    package let winner: Side
    package let decision: ConflictRecord.Decision
    package let rule: ConflictRule
    package let isJoin: Bool
    package let time: Timestamp
    package let resolution: ConflictResolution?

    package var state: ConflictState { ConflictState(decision, resolution) }
}

/// How far a conflict has come.
package enum ConflictState: Hashable, Sendable, CaseIterable, Codable {
    /// A rule decided it at once.
    case automatic
    /// It waits for a person.
    case held
    /// A person decided it, at once or after a rule had.
    case person
    /// It waited for a person, and then both sides came to agree by themselves.
    case agreed

    init(_ decision: ConflictRecord.Decision, _ resolution: ConflictResolution?) {
        switch (decision, resolution?.choice) {
        case (_, .agreement): self = .agreed
        case (_, .some), (.person, nil): self = .person
        case (.held, nil), (.oscillation, nil): self = .held
        default: self = .automatic
        }
    }

    package var name: String {
        switch self {
        case .automatic: "automatic"
        case .held: "held"
        case .person: "person"
        case .agreed: "agreed"
        }
    }
}
