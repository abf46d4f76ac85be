package import SyncModel

/// What a merge may know besides the values.
package struct Evidence: Hashable, Sendable {
    /// When, where and by whom the sides' values were set, by canonical name. A name that is not here was not asked for yet; a side that is nil could not tell.
    package var stamps: [String: PerSide<Stamp?>]
    /// Canonical names that show what a side does not hold, and nobody ever set there as far as its server knows.
    package var unset = PerSide<Set<String>>(both: [])
    /// Persons' decisions that are still to be carried out, by canonical name.
    package var settlements: [String: Settlement]
    /// Canonical names that two writers overwrite without end.
    package var frozen: Set<String>
    /// A person has rejected the deletion of which one side told: the entry is made again there.
    package var isDeletionRejected: Bool
    /// Canonical names that wait for a person whatever their rule says: nobody could tell what had been set when.
    package var held: Set<String>
    package var judge: StampJudge
    /// A side whose server holds, or may hold, an older state than what is known of it: until this time by its own clock everything there was known. What
    /// was set there before and is not as agreed has come back, and is nobody's change.
    /// That time is known no better than to lie in this range.
    package var knownUntil: PerSide<ClosedRange<Timestamp>?>
    /// Of such a side the canonical names that may show an older state; nil: all. The others are as they were known, and had yet to be carried.
    package var doubtful = PerSide<Set<String>?>(both: nil)
    /// Those of which everything was known until a later time: the side was set back once more since, and showed them otherwise then.
    package var knownLater = PerSide<[String: ClosedRange<Timestamp>]>(both: [:])
    /// What the clock of such a side's server shows now, at the latest.
    package var present = PerSide<Timestamp?>(both: nil)

    /// The entry was deleted on the other side, and it was decided that it is made again.
    package var isWanted = false

    /// Stands for an entry's existence among the names of `stamps`: when it was made.
    package static let existence = "@existence"

    package init(
        stamps: [String: PerSide<Stamp?>] = [:],
        settlements: [String: Settlement] = [:],
        frozen: Set<String> = [],
        isDeletionRejected: Bool = false,
        held: Set<String> = [],
        judge: StampJudge = StampJudge(),
        knownUntil: PerSide<ClosedRange<Timestamp>?> = PerSide(both: nil)
    ) {
        self.knownUntil = knownUntil
        self.held = held
        self.stamps = stamps
        self.settlements = settlements
        self.frozen = frozen
        self.isDeletionRejected = isDeletionRejected
        self.judge = judge
    }

    /// Whether what a side shows may be an older state of it.
    func isDoubtful(_ name: String, on side: Side) -> Bool { known(name, on: side) != nil }

    /// Until when it was known what a side shows that may be an older state.
    func known(_ name: String, on side: Side) -> ClosedRange<Timestamp>? {
        if let later = knownLater[side][name] { return later }
        return doubtful[side]?.contains(name) ?? true ? knownUntil[side] : nil
    }
}
