import Mapping
import Reconcile
package import SyncModel

/// Decides what to do next: events in, writes out. It holds no connection, clock or thread; the store is handed to it as one transaction, and what it
/// keeps in memory besides is a value: a caller that could not commit goes on with the copy from before.
package struct Engine: Sendable {
    /// A class, as it never changes and is handed on for every entry.
    final class Object: Sendable {
        let mapping: ObjectMapping
        let reconciler: Reconciler
        /// Those that say whether a password must be changed.
        let demands: [String]
        /// Each side's attributes that name entries, with the canonical ones that they show.
        let references: PerSide<[(attribute: String, names: [String])]>
        /// The canonical ones, with the names by which a base holds what a side has lost of them.
        let lostNames: PerSide<[(canonical: String, lost: String)]>
        var name: String { mapping.specification.name }

        init(mapping: ObjectMapping, reconciler: Reconciler) {
            self.mapping = mapping
            self.reconciler = reconciler
            demands = mapping.specification.attributes.filter { $0.type == .mustChangePassword }
                .map { $0.ad.lowercased() }
            references = PerSide(
                ad: Engine.references(of: mapping, .ad),
                miniorange: Engine.references(of: mapping, .miniorange)
            )
            lostNames = PerSide(
                ad: references.ad.flatMap(\.names).map { ($0, lostReferences($0, .ad)) },
                miniorange: references.miniorange.flatMap(\.names).map { ($0, lostReferences($0, .miniorange)) }
            )
        }
    }

    /// What was told of an entry that is no longer there for us.
    struct Departure: Sendable {
        /// The last intent that was open then: its answer, or an earlier one's, may not know of it.
        var newest: IntentID
        /// The version with which it left the scope; nil where it was deleted.
        var version: Version?
    }

    struct PostponedRead: Sendable {
        var time: Timestamp
        var write: Write
        /// Whether it is worth nothing before the names are known that its side is asked for, and goes as soon as they are.
        var awaitsNames = false
    }

    let configuration: EngineConfiguration
    let objects: [String: Object]
    /// Configured order: the first object that takes an entry has it.
    let objectOrder: [Object]
    /// Objects whose members are kept in agreement.
    let membershipObjects: [Object]
    /// Attributes of members whose values memberships at the LDAP side hold, lower-cased.
    let namingAttributes: [String]
    /// Whether any object shows nested members as direct ones.
    let flattens: Bool
    let hasVirtualGroups: Bool
    let linkFormsByObject: [String: PerSide<[LinkForm]>]
    /// Every attribute that holds memberships, lower-cased.
    let linkAttributes: PerSide<Set<String>>
    /// Whether a group decides who is in scope anywhere.
    let hasSelectingGroups: Bool

    var queue = WorkQueue()
    /// Pairs with open intents, and how many.
    var inFlight: [PairID: Int] = [:]
    /// Intents of each side whose answer is still to come.
    var openIntents = PerSide<Set<IntentID>>(both: [])
    /// What was found to be readable since the side was connected.
    var readable = PerSide<Set<Readable>>(both: [])
    /// Entries that were deleted, or left the scope, while answers were on their way: these may be older.
    var goneMeanwhile = PerSide<[Anchor: Departure]>(both: [:])
    /// Entries whose deletion was learned by an answer, with their last versions: what their feed tells of them until it tells that, too, is from before it.
    var goneAhead = PerSide<[Anchor: Version]>(both: [:])
    /// Writes on their way to each side.
    var outstanding = PerSide<Int>(both: 0)
    /// Sides whose feed is connected; nothing is written to others.
    var isConnected = PerSide<Bool>(both: false)
    /// Entries that have another name, which is being asked for, by what was told of it.
    var namesAwaited = PerSide<[Anchor: DistinguishedName]>(both: [:])
    /// Names of containers out of the scope in which entries were seen that are not known.
    var containersOutside = PerSide<Set<Octets>>(both: [])
    /// Entries that came to their names while answers were on their way, with the newest of these.
    var namedMeanwhile = PerSide<[Anchor: IntentID]>(both: [:])
    /// The newest intents that were open when everything of a side was last read: their answers, or earlier ones', may be older than that.
    var openAtRead = PerSide<IntentID?>(both: nil)
    /// By which versions entries came to their names, and what the store knows of that.
    var namings = PerSide(both: Namings())
    var namingsKept = PerSide<Version?>(both: nil)
    /// Names that are being added, as the requests hold them.
    var namesBeingAdded = PerSide<[Octets: [BeingAdded]]>(both: [:])
    /// What the LDAP side's entries were called before.
    var formerNames = FormerNames()
    var writtenOfGone = WrittenOfGone()
    /// Versions of renames that a log has told, of entries which are being read for them.
    var renamesTold: [Anchor: Version] = [:]
    /// As of when memberships were last told of entries of the LDAP side whose members are being asked for: what is answered may be older.
    var membersTold: [Anchor: Version] = [:]
    /// And by which values they were first shown in the state in which they are being understood.
    var membersShown: [Anchor: (version: Version, values: [Octets])] = [:]
    /// Entries that were told without any of their memberships, of which it is not known, or not so, that these may be read.
    var membersLacked = PerSide<Set<Anchor>>(both: [])
    var rereads = Rereads()
    var waitingLinks = WaitingLinks()
    /// Pairs whose memberships are gathered for a while, and until when.
    var gathering: [PairID: Timestamp] = [:]
    /// Entries that are being read, pairs whose memberships are being edited, and entries of the LDAP side that are being given what memberships name them by, with how
    /// many times.
    var readsUnderWay = PerSide<[Anchor: Int]>(both: [:])
    /// Entries whose groups are being asked for, with how many times.
    var groupsUnderWay = PerSide<[Anchor: Int]>(both: [:])
    /// How many containers are being read that are new here, or back: what stands in them is yet to be known.
    var readsBelow = PerSide<Int>(both: 0)
    /// As of when entries were shown by answers while others were still to come.
    var shownMeanwhile = PerSide<[Anchor: Version]>(both: [:])
    var editsUnderWay: [PairID: Int] = [:]
    var renamesUnderWay: [Anchor: Int] = [:]
    /// Pairs that moved, or were to be looked at for another reason, while a write of theirs was on its way.
    var passedOver: Set<PairID> = []
    /// Values that are being written, or may have been, by the entry that is to hold them.
    var valuesUnderWay: [Anchor: [IntentID: [LinkID: Octets]]] = [:]
    /// Pairs whose entry at the LDAP side gets another name once memberships that are on their way are there.
    var awaitingMemberships: Set<PairID> = []
    /// What entries of the LDAP side are being given that memberships name them by, with how many times.
    var namesBeingGiven: [Octets: Int] = [:]
    /// Anchors of the configured bases.
    var roots = PerSide<[Root]>(both: [])
    /// Pairs whose entry was not found where it was being added, and whose container is being asked for its name before that is believed.
    var notFound: Set<PairID> = []
    /// Those containers, with the names by which they were shown out of the scope.
    var placesOutside = PerSide<[Anchor: DistinguishedName?]>(both: [:])
    /// Containers that are wanted on the side where they were deleted, by entries that are to stand in them.
    var wantedContainers: Set<PairID> = []
    /// Parents that were resolved; emptied when a container moves.
    var places = PlaceCache()
    /// Pairs made dirty in this transaction that are not yet in the durable table.
    var unsaved: [PairID: DirtyRecord] = [:]
    /// How often the server made something else of what was written, by pair.
    var mismatches: [PairID: Int] = [:]
    var repeatedEdits = RepeatedEdits()
    var nextRetry: Timestamp?
    /// The servers' clocks, as far as they are known.
    package internal(set) var clocks = PerSide<ClockEstimate?>(both: nil)
    var keptClocks = PerSide<ClockEstimate?>(both: nil)
    /// Of which attributes the stamps were asked for, and as of which version of the entry.
    struct StampQuestion {
        var version: Version
        var attributes: Set<String>
    }
    var stampsAsked = PerSide<[Anchor: StampQuestion]>(both: [:])
    /// Entries that lost their counterparts and were asked for before they are joined with who came back, and those that are there.
    var leftoversAsked: [Anchor: Leftover] = [:]
    var leftoversSeen: Set<Leftover> = []
    /// Pairs that are to be made again where they were deleted, as was found when they were looked at last, and wait until it can be said who is there.
    var toBeMadeAgain: Set<PairID> = []
    var oscillations = Oscillations()
    /// The full compare under way.
    var comparison: ComparisonRun?
    /// Writes that are stopped until a person decides.
    package internal(set) var openHolds: [HoldID: Hold] = [:]
    var deletions = DeletionLedger()
    /// When those are looked at who wait for names or pairs, and who was last where others come after him.
    var waitsDue: Timestamp?
    var waitsSeen: PairID?
    /// Entries without a version that are being read before they are written to.
    var readForVersion: Set<Anchor> = []
    /// How many entries an object has, as far as it was counted.
    var objectSizes: [DeletionLedger.Kind: DeletionLedger.Size] = [:]
    /// Until when, by a side's own clock, everything that happened there is in the cache; what that was when its feed was connected last; and what a server that was
    /// set back has told since.
    var certain = PerSide<Timestamp?>(both: nil)
    var certainBefore = PerSide<Timestamp?>(both: nil)
    var certainSince = PerSide<Timestamp?>(both: nil)
    /// Sides whose servers hold, or may hold, an older state.
    var setBacks = PerSide<SetBack?>(both: nil)
    /// Those that are done with but for memberships.
    var linkSetBacks = PerSide<SetBack?>(both: nil)
    /// Pairs that were not in agreement then, and whose entry is as it was known: what was still to be carried is no older state.
    var openAtSetBack = PerSide<Set<PairID>>(both: [])
    /// How many pairs came to no agreement meanwhile.
    var doubts = PerSide<Int>(both: 0)
    /// How many entries of the LDAP side hold names of memberships that nobody has claimed.
    var unclaimedHolders = 0
    /// The machine that a side was fed by before the present one.
    var formerServers = PerSide<Octets?>(both: nil)
    /// Why the pair is looked at that is being looked at.
    var currentCause = DirtyCause.retry
    var stepTime = Timestamp(milliseconds: 0)
    /// What became of what persons asked for in the last step, in the order of the events.
    package private(set) var answers: [EngineAnswer] = []
    /// What became in the last step of writes that mean something to an account, in the order of their answers.
    package internal(set) var accountChanges: [AccountChange] = []
    /// Sides that are being read anew because the mapping changed.
    var isReloading = PerSide<Bool>(both: false)
    /// Reads of open intents that wait for their time, or for their side.
    var postponedReads: [PostponedRead] = []
    var writes: [Write] = []
    /// Writes to groups that are no entries, to be done in the store.
    var virtualWrites: [Write] = []

    package private(set) var counters = EngineCounters()
    /// A person has stopped all writes.
    package var isPaused = false

    package init(configuration: EngineConfiguration) {
        self.configuration = configuration
        objectOrder = configuration.objects.map { mapping in
            let specification = mapping.specification
            var rules = mapping.mergeRules.map { Engine.narrowed($0, by: specification.direction) }
            rules.append(
                MergeRule(
                    name: parentAttribute,
                    shape: .register,
                    direction: specification.direction,
                    conflict: specification.conflict,
                    prefer: specification.prefer
                )
            )
            return Object(
                mapping: mapping,
                reconciler: Reconciler(
                    rules: rules,
                    existence: ExistenceRule(
                        direction: specification.direction,
                        changeWins: specification.deleteAgainstChange == .changeWins,
                        unheeded: Engine.writtenByDeletions(specification)
                    )
                )
            )
        }
        objects = Dictionary(uniqueKeysWithValues: objectOrder.map { ($0.name, $0) })
        let specifications = objectOrder.map(\.mapping.specification)
        membershipObjects = objectOrder.filter { $0.mapping.specification.membership != nil }
        let order = objectOrder
        let forms = order.map { object in
            PerSide(
                ad: Engine.linkForms(of: object, .ad, among: order),
                miniorange: Engine.linkForms(of: object, .miniorange, among: order)
            )
        }
        linkFormsByObject = Dictionary(uniqueKeysWithValues: zip(order.map(\.name), forms))
        linkAttributes = PerSide(
            ad: Set(forms.flatMap { $0.ad.map(\.form.attribute) }),
            miniorange: Set(forms.flatMap { $0.miniorange.map(\.form.attribute) })
        )
        namingAttributes = membershipObjects.compactMap {
            guard case .memberAttribute(let attribute) = $0.mapping.specification.membership?.form.value else {
                return nil
            }
            return attribute
        }
        flattens = specifications.contains { $0.membership?.nesting == .flatten }
        hasVirtualGroups = specifications.contains(where: \.isVirtualAtMiniOrange)
        hasSelectingGroups = specifications.contains {
            $0.onlyMembersOf.ad != nil || $0.onlyMembersOf.miniorange != nil
        }
    }

    /// The canonical attributes that the policy for deletes writes.
    private static func writtenByDeletions(_ specification: ObjectSpecification) -> Set<String> {
        var names: Set<String> = specification.deletions.policy == .move ? [parentAttribute] : []
        if specification.deletions.disablesAccount, let disabled = specification.disabledAccount {
            names.insert(disabled.name)
        }
        return names
    }

    /// A rule can't go where its object does not.
    private static func narrowed(_ rule: MergeRule, by direction: Direction) -> MergeRule {
        var rule = rule
        if rule.direction == .both { rule.direction = direction }
        return rule
    }

    /// One transaction's work: takes in the events, then looks at dirty pairs until both windows are full or nothing is left.
    ///
    /// The writes that it returns may be started once the transaction is committed, not before.
    package mutating func step(
        _ events: [EngineEvent],
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> [Write] {
        writes = []
        unsaved = [:]
        answers = []
        accountChanges = []
        if now < stepTime { try setBackDeadlines(to: now, store) }
        stepTime = now
        for event in events {
            switch event {
            case .feed(let side, let event): try ingest(event, from: side, store, now: now)
            case .settled(let id, let outcome): try settle(id, outcome, store, now: now)
            case .resync(let pair): try resync(pair, store, now: now)
            case .resolve(let conflict, let choice):
                answers.append(.resolution(try resolve(conflict, choice, store, now: now)))
            case .decide(let hold, let verdict, let pairs):
                answers.append(.hold(try decide(hold, verdict, pairs, store, now: now)))
            case .judge(let verdict, let side, let pairs):
                answers.append(.hold(try judge(verdict, vanishedAt: side, pairs, store, now: now)))
            case .drop(let pair): answers.append(.isQuarantined(try drop(pair, store)))
            case .retry(let pair):
                answers.append(.isQuarantined(try store.quarantine(pair) != nil))
                try resync(pair, store, now: now)
            case .fetchStamps(let pair): try fetchStamps(of: pair, store, now: now)
            case .comparison(let event): try compare(event, store, now: now)
            case .tick: break
            }
        }
        forgetMeanwhile()
        queue.releaseDelayed(now: now)
        startPostponedReads(now: now)
        for anchor in rereads.takeDue(now: now) where try store.outline(.miniorange, anchor) != nil {
            try requestRead(.readMembers(anchor), .miniorange, store, now: now)
        }
        for anchor in rereads.takeDueGroups(now: now) where try store.outline(.miniorange, anchor) != nil {
            try requestRead(.readGroups(anchor), .miniorange, store, now: now)
        }
        try releaseRetries(store, now: now)
        try releaseDeletions(store, now: now)
        if !isPaused { try workOff(store, now: now) }
        while !virtualWrites.isEmpty {
            try settleVirtual(store, now: now)
            if !isPaused { try workOff(store, now: now) }
        }
        try endSetBacks(store)
        try lookAtWaits(store, now: now)
        try keepNamings(store)
        // What is yet to be asked for again must not go with the process: the cursor is past it.
        if let due = rereads.takeChanged() { try store.setFact(Engine.rereadsFact, due.isEmpty ? nil : due) }
        if let keys = formerNames.takeChangedKeys() { try store.setFact(Engine.lostKeysFact, keys) }
        if let rows = writtenOfGone.takeChanged() { try store.setFact(Engine.writtenOfGoneFact, rows) }
        endGathering()
        for (pair, record) in unsaved.sorted(by: { $0.key < $1.key }) { try store.markDirty(pair, record) }
        unsaved = [:]
        return takeWrites()
    }

    /// Whether everything known is done: nothing dirty that could be worked on, nothing on its way.
    package var isQuiet: Bool { queue.isIdle && inFlight.isEmpty && !rereads.isAsking }

    /// Whether there is work that another step could do right away.
    package var hasWork: Bool {
        guard !isPaused else { return false }
        if queue.hasHot { return true }
        return mayWalkBacklog
            || Side.allCases.contains {
                hasRoom($0) && queue.blockedCount(on: $0) > 0
                    || hasRoom($0, isUrgent: true) && queue.urgentBlockedCount(on: $0) > 0
            }
    }

    /// The table is walked only as far as there is room for what is found: else every step would be one for nothing.
    var mayWalkBacklog: Bool {
        queue.hasBacklog && (hasRoom(.ad) || hasRoom(.miniorange))
            && Side.allCases.allSatisfy { queue.blockedCount(on: $0) < Engine.mostBlocked }
    }
    private static let mostBlocked = 1_000

    /// When the next tick has something to do, at the latest.
    package var nextDeadline: Timestamp? {
        [queue.nextDelayed, nextRetry, postponedReads.map(\.time).min(), rereads.next, deletions.nextDue].compactMap {
            $0
        }
        .min()
    }

    /// Whether an answer is awaited about the pair.
    package func isInFlight(_ pair: PairID) -> Bool { inFlight[pair] != nil }

    package var outstandingWrites: PerSide<Int> { outstanding }

    static let rereadsFact = "rereads"
    /// What values named entries by that have lost it lately.
    static let lostKeysFact = "lost.keys"
    static let writtenOfGoneFact = "written.gone"

    private mutating func takeWrites() -> [Write] {
        defer { writes = [] }
        return writes
    }

    /// What is urgent has some room beyond the window, so that it never waits for what fills that.
    func hasRoom(_ side: Side, isUrgent: Bool = false) -> Bool {
        let window = configuration.writesInFlight[side] + (isUrgent ? EngineConfiguration.urgentWrites : 0)
        return isConnected[side] && outstanding[side] < window
    }

    func hasRoom(_ side: Side, for pair: PairID) -> Bool { hasRoom(side, isUrgent: queue.isUrgent(pair)) }

    mutating func count(_ change: (inout EngineCounters) -> Void) { change(&counters) }
}
