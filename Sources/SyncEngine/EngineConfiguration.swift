package import Mapping
package import Reconcile
package import SyncModel

/// What the engine must know besides the store.
package struct EngineConfiguration: Sendable {
    package var objects: [ObjectMapping]
    /// The most writes on their way to each side at once.
    package var writesInFlight: PerSide<Int>
    /// Writes of what is urgent that may be on their way to a side besides.
    package static let urgentWrites = 4
    /// The most pairs looked at in one transaction.
    package var pairsPerStep: Int
    /// The DN of each side's entries that must never be touched: both bind accounts.
    package var excluded: PerSide<Set<Octets>>
    /// Lower-cased sAMAccountNames that must never be touched, where the bind name is no DN.
    package var excludedAccounts: Set<String>
    /// Who stands in a conflict; the clocks are measured as the engine goes.
    package var judge: StampJudge
    /// An attribute of which the same values come back from alternating sides this often within `oscillationWindow` is held.
    package var oscillationLimit: Int
    /// Milliseconds.
    package var oscillationWindow: Int64

    package init(
        objects: [ObjectMapping],
        writesInFlight: PerSide<Int> = PerSide(ad: 32, miniorange: 64),
        pairsPerStep: Int = 256,
        excluded: PerSide<Set<Octets>> = PerSide(both: []),
        excludedAccounts: Set<String> = [],
        judge: StampJudge = StampJudge(),
        oscillationLimit: Int = 6,
        oscillationWindow: Int64 = 60_000
    ) {
        self.judge = judge
        self.oscillationLimit = oscillationLimit
        self.oscillationWindow = oscillationWindow
        self.objects = objects
        self.writesInFlight = writesInFlight
        self.pairsPerStep = pairsPerStep
        self.excluded = excluded
        self.excludedAccounts = excludedAccounts
    }
}

/// What happened outside.
package enum EngineEvent: Sendable {
    case feed(Side, FeedEvent)
    case settled(IntentID, WriteOutcome)
    /// A person asks for everything, or one pair, to be looked at again.
    case resync(PairID?)
    /// A person settles a conflict. What becomes of it stands in `Engine.answers` after the step.
    case resolve(ConflictID, ConflictChoice)
    /// A person decides on some of the pairs whose writes a hold stops. Answered as well.
    case decide(HoldID, HoldVerdict, [PairID])
    /// A person decides about entries that a side does not show any more. Answered as well.
    case judge(HoldVerdict, vanishedAt: Side, [PairID])
    /// A person wants an entry in quarantine not to be tried again. Answered as well.
    case drop(PairID)
    /// A person wants an entry in quarantine to be tried now. Answered as well.
    case retry(PairID)
    /// A person wants to know when, where and by whom a pair's values were set.
    case fetchStamps(PairID)
    /// A full compare of both directories with the cache.
    case comparison(ComparisonEvent)
    /// No new event; time has passed.
    case tick
}

/// What became of what a person asked for.
package enum EngineAnswer: Hashable, Sendable {
    case resolution(ResolutionAnswer)
    case hold(HoldAnswer)
    /// Whether the entry was in quarantine at all.
    case isQuarantined(Bool)
}

/// What became of a person's decision about a hold.
package enum HoldAnswer: Hashable, Sendable {
    /// Done, but for those that were no longer held (decided, back again, gone), and those whose object goes one way, so that nothing can be made again there.
    case decided(moved: [PairID], oneWay: [PairID])
    case noSuchHold
}

/// What became of a person's settling of a conflict.
package enum ResolutionAnswer: Hashable, Sendable {
    /// It is written now, as a new change.
    case accepted
    case noSuchConflict
    /// The entry is not there on both sides any more.
    case entryGone
    /// This side has moved since: nothing was done.
    case moved(Side)
    /// Nothing to do: both sides show this already.
    case alreadySo
    /// Such a conflict can't be settled so; the reason, for a person.
    case notPossible(String)
}

/// What can't go on without a person.
package enum EngineError: Error, Hashable, CustomStringConvertible {
    /// The configured base is another entry than the one that the cache was built from.
    case foreignBase(Side, DistinguishedName)

    package var description: String {
        switch self {
        case .foreignBase(let side, let name):
            """
            \(side.name): \(name) is another entry than when this cache was built: another directory answers, or the base was made anew. \
            Nothing is written. Point the configuration at the right server, or move the cache folder away to join both sides afresh.
            """
        }
    }
}

/// What the engine has done since it started; for status and metrics.
package struct EngineCounters: Hashable, Sendable {
    package var changes = PerSide<Int>(both: 0)
    package var echoes = PerSide<Int>(both: 0)
    package var writes = PerSide<Int>(both: 0)
    package var stale = PerSide<Int>(both: 0)
    package var refused = PerSide<Int>(both: 0)
    package var joins = 0
    package var conflicts = 0
    package var reconciled = 0

    package init() {}
}
