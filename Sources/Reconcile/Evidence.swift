package import SyncModel

/// What a merge may know besides the values.
package struct Evidence: Hashable, Sendable {
    /// When, where and by whom the sides' values were set, by canonical name. A name that is not here was not asked for yet; a side that is nil could not tell.
    package var stamps: [String: PerSide<Stamp?>]
    /// Persons' decisions that are still to be carried out, by canonical name.
    package var settlements: [String: Settlement]
    /// Canonical names that two writers overwrite without end.
    package var frozen: Set<String>
    /// A person has rejected the deletion of which one side told: the entry is made again there.
    package var isDeletionRejected: Bool
    package var judge: StampJudge

    package init(
        stamps: [String: PerSide<Stamp?>] = [:],
        settlements: [String: Settlement] = [:],
        frozen: Set<String> = [],
        isDeletionRejected: Bool = false,
        judge: StampJudge = StampJudge()
    ) {
        self.stamps = stamps
        self.settlements = settlements
        self.frozen = frozen
        self.isDeletionRejected = isDeletionRejected
        self.judge = judge
    }
}
