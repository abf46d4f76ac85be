package import SyncModel

/// What is known of one side of a pair when it is reconciled.
package enum SideState: Hashable, Sendable {
    /// Never seen there.
    case missing
    /// Deleted, with proof.
    case deleted
    /// It exists outside of the configured scope.
    case outOfScope
    /// `unknown` names, sorted, the canonical attributes that can't be said now: references whose target has no pair yet.
    case present(Attributes, unknown: [String])

    /// What the side holds; nil where it has no entry.
    package var values: Attributes? {
        if case .present(let values, _) = self { return values }
        return nil
    }
}
