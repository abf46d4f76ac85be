package import SyncModel

/// What holds for the conflicts of all objects alike. The rules themselves stand at the objects and at their attributes.
package struct ConflictSettings: Sendable, Hashable {
    /// Milliseconds by which a server's clock may be wrong that was never measured.
    package var clockTolerance: Int64 = 2_000
    /// In the order of the file: the first that fits counts.
    package var ranks: [ProvenanceRank] = []
    /// An attribute that changes its writer this often within `oscillationWindow` is held.
    package var oscillationLimit = 6
    /// Milliseconds.
    package var oscillationWindow: Int64 = 60_000
    /// Milliseconds that a settled conflict is kept after it was found; nil: for good. One that waits for a person always is.
    package var retention: Int64? = 90 * 86_400_000
}
