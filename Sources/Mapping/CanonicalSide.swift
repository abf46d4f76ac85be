package import SyncModel

/// What one side says, in canonical form.
package struct CanonicalSide: Hashable, Sendable {
    package var values: Attributes
    /// Sorted canonical names of which the side can't be said to hold anything now: references whose target has no pair, values that nobody
    /// can read. They take no part in merging.
    package var unknown: [String]
    /// The references for which the unknown ones wait.
    package var unresolved: [Reference]

    package init(values: Attributes, unknown: [String] = [], unresolved: [Reference] = []) {
        self.values = values
        self.unknown = unknown
        self.unresolved = unresolved
    }
}
