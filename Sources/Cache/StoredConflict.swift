package import SyncModel

/// A conflict of the report, with the number by which commands name it.
package struct StoredConflict: Hashable, Sendable {
    package let id: ConflictID
    package let record: ConflictRecord
    /// How it was settled after it was reported. Nil for one that is still open, and for most of those that a rule decided at once.
    package let resolution: ConflictResolution?

    package var state: ConflictState { ConflictState(record.decision, resolution) }

    /// Waits for a person.
    package var isOpen: Bool { state == .held }
}
