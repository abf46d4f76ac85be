package import SyncModel

/// How a person settled a conflict.
package struct ConflictResolution: Hashable, Sendable {
    /// The side whose value was taken.
    package var taken: Side
    package var time: Timestamp

    package init(taken: Side, time: Timestamp) {
        self.taken = taken
        self.time = time
    }
}

/// A conflict of the report, with the number by which commands name it.
package struct StoredConflict: Hashable, Sendable {
    package let id: UInt64
    package let record: ConflictRecord
    /// Nil as long as nobody has settled it.
    package let resolution: ConflictResolution?
}
