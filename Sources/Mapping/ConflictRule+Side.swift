package import SyncModel

extension ConflictRule {
    /// The side that the rule names; nil where it names none.
    package var side: Side? {
        switch self {
        case .ad: .ad
        case .miniorange: .miniorange
        case .newest, .hold: nil
        }
    }
}
