import Mapping
import Reconcile
import Support
import SyncEngine
import SyncModel

/// Two simulated directories, their users, and the real engine between them. One seed decides everything.
package final class World {
    /// A write that left the engine.
    struct Request {
        var write: Write
        /// Nil while the server has not carried it out.
        var outcome: WriteOutcome?
    }

    package let options: Options
    var random: SplitMix64
    let directories: PerSide<SimulatedDirectory>
    var feeds: PerSide<SimulatedFeed>
    let store: SimulatedStore
    /// Containers are an object of their own, which the engine makes and renames; else users see to it that both sides have the same.
    let hasUnits: Bool
    let layout: WorldMapping.Layout
    /// What is configured at this moment.
    var setting: Setting
    var configuration: EngineConfiguration
    var engine: Engine
    var requests: [Request] = []
    /// Whose references or places could not be carried when everything was at rest, by the order that users had come to then.
    var uncarried: [Int: Set<Octets>] = [:]
    /// How many conflicts had been reported when everything was last at rest.
    var conflictsAtRest = 0
    /// True time.
    var now = Timestamp(milliseconds: 1_800_000_000_000) {
        didSet {
            for side in Side.allCases { directories[side].now = now.milliseconds }
            history.now = now
        }
    }
    /// Milliseconds that our own clock is ahead of true time.
    var clockOffset: Int64 = 0
    /// That offset as the engine saw it last, and by how much it grew each time that it did.
    private var seenOffset: Int64 = 0
    private(set) var skippedTime: Int64 = 0
    /// What the engine is told of the time.
    var clock: Timestamp { now.advanced(byMilliseconds: clockOffset) }
    /// When a clock was set last, in true time.
    var lastClockJump: Timestamp?
    /// Nothing can be committed.
    var isDiskFull = false
    /// What came in and could not be committed: in order.
    private var held: [EngineEvent] = []
    /// Sides whose server refuses every write, by its administrator's will or for want of space.
    var isClosed = PerSide(both: false)
    /// Whether something could not be read since both directories were compared.
    var hasLostRights = false
    /// Sides whose server can't go on from any cursor.
    var purged = PerSide(both: false)
    /// Sides that were ever restored from a backup: what set a value there last may be of before.
    var wasRestored = PerSide(both: false)
    /// When they were: until when everything was known by the server's clock, and what that showed.
    var restores = PerSide<[ClosedRange<Timestamp>]>(both: [])
    /// And since everything was at rest.
    var isRestoredLately = PerSide(both: false)
    /// Backups of the servers.
    var backups = PerSide<SimulatedDirectory.Backup?>(both: nil)
    /// By what users had done when they were made.
    var backupMoments = PerSide(both: 0)
    /// Sides whose server does not go on from where it was followed to, and why, until the engine was told.
    var stepBacks = PerSide<StepBack.Cause?>(both: nil)
    var history: UserHistory
    var memberships = MembershipHistory()
    let includesPrimaryGroup: Bool
    /// Entries out of scope that never come in.
    var strangers = PerSide<Set<Anchor>>(both: [])
    /// Entries that were out of scope when everything was last at rest, and were not moved since.
    var resting = PerSide<Set<Anchor>>(both: [])
    package private(set) var trace: [String] = []
    /// Rows of memberships as the trace last told them.
    var knownRows: [String: String] = [:]
    package private(set) var failures: [String] = []
    package internal(set) var turnsTaken = 0
    /// Transactions of the engine so far.
    package private(set) var commits = 0
    /// Operations that the engine had carried out and that change something.
    private(set) var mutations = 0
    /// Entries that were there when everything was last at rest.
    var settledEntries = PerSide<Set<Anchor>>(both: [])
    /// No user writes and no faults any more.
    var isQuiet = false
    private var isClockDue = true
    var deletes = DeleteWatch()

    package init(_ options: Options) throws {
        self.options = options
        var random = SplitMix64(seed: options.seed)
        store = try SimulatedStore(onDisk: options.seed % 40 >= 35)
        hasUnits = random.chance(50)
        directories = PerSide(ad: SimulatedDirectory(.ad), miniorange: SimulatedDirectory(.miniorange))
        let way: SimulatedFeed.Way =
            if options.isFull {
                random.pick(weighted: [(1, .accessLog), (1, .contentSynchronisation), (1, .plainSynchronisation)])
            } else {
                random.chance(50) ? .accessLog : .contentSynchronisation
            }
        directories.miniorange.tellsAttributeStamps = way != .plainSynchronisation
        let adWay: SimulatedFeed.Way = options.groups != nil && random.chance(50) ? .incrementalValues : .usnRange
        let isWindows = options.hazards.contains(.windows)
        feeds = PerSide(
            ad: SimulatedFeed(
                way: isWindows ? .incrementalValues : adWay,
                isPaged: isWindows,
                shuffles: options.hazards.contains(.shuffles)
            ),
            miniorange: SimulatedFeed(way: way)
        )
        includesPrimaryGroup = options.groups != nil && random.chance(40)
        let window = random.pick(weighted: [(1, 1), (1, 2), (3, 32)])
        layout = WorldMapping.Layout(
            form: options.groups,
            hasUnits: hasUnits,
            includesPrimaryGroup: includesPrimaryGroup,
            createsMissing: options.groups?.hasEntries == false && random.chance(50),
            deletionLimit: options.limitsDeletes ? World.deletionLimit : nil
        )
        setting = Setting()
        configuration = EngineConfiguration(
            objects: try WorldMapping.objects(layout, setting),
            writesInFlight: PerSide(both: window),
            pairsPerStep: random.pick(weighted: [(1, 1), (1, 7), (3, 256)]),
            // As far as an unmeasured clock may be off here.
            judge: StampJudge(tolerance: 300_000),
            // Users at random look like two writers that overwrite each other.
            oscillationLimit: .max
        )
        var clocks = SplitMix64(seed: options.seed &+ 0xC10C)
        for side in Side.allCases { directories[side].clockOffset = Int64(clocks.below(600_000)) - 300_000 }
        for side in Side.allCases { directories[side].now = now.milliseconds }
        directories.miniorange.followsLate = options.followsLate
        self.random = random
        engine = Engine(configuration: configuration)
        history = UserHistory()
        history.now = now
        try makeContainers()
        try restart()
    }

    func note(_ line: @autoclosure () -> String) { if options.keepsTrace { trace.append(line()) } }

    func fail(_ reason: String) {
        trace.append("FAILED: \(reason)")
        failures.append(reason)
    }

    /// Whether the engine has yet to be told something that has happened at a server.
    var isBehind: Bool {
        !held.isEmpty || Side.allCases.contains { !feeds[$0].isConnected || feeds[$0].isBehind(directories[$0]) }
    }

    // MARK: The shell

    /// As the product's own loop: one transaction a step, and writes start once it is committed.
    func run(_ events: [EngineEvent]) throws {
        for events in options.mutant?.transactions(of: events) ?? [events] {
            guard try step(events) else { return }
        }
        var rounds = 0
        while engine.hasWork {
            rounds += 1
            guard rounds < 2_000 else { return fail("the engine has work without end") }
            guard try step([.tick]) else { return }
        }
    }

    /// False where the process was killed.
    private func step(_ events: [EngineEvent]) throws -> Bool {
        let fate = fate()
        noteClockSeen()
        var next = engine
        var writes: [Write] = []
        let events = held + (isClockDue ? clockEvents() : []) + events
        isClockDue = false
        held = []
        do {
            try store.write { transaction in
                let seen = seen(transaction)
                writes = try next.step(events, seen, now: clock)
                if isDiskFull { throw DiskFull() }
                if fate == .killedBefore { throw Interruption() }
            }
        } catch is Interruption {
            note("killed before the commit")
            try crash()
            return false
        } catch is DiskFull {
            note("the disk is full")
            held = events
            return false
        }
        engine = next
        noteTold(events)
        if options.tracesRows { try noteRows() }
        if fate == .killedAfter {
            note("killed after the commit")
            try crash()
            return false
        }
        try checkDisablesFirst(writes)
        for write in writes { checkIsNamed(write) }
        for write in writes {
            note("start \(write.id.rawValue) \(write.side.name) \(describe(write.operation))")
            requests.append(Request(write: write))
            noteStart(write)
        }
        return true
    }

    /// That a server was set back is told once; from then on the cache knows what is to be read.
    private func noteTold(_ events: [EngineEvent]) {
        for case .feed(let side, .connected(_, _, .some)) in events { stepBacks[side] = nil }
    }

    /// The store as the engine sees it.
    private func seen(_ transaction: any StoreTransaction) -> any StoreTransaction {
        options.mutant.map { MutatedTransaction(transaction, $0) } ?? transaction
    }

    private struct Interruption: Error {}
    private struct DiskFull: Error {}

    private enum Fate { case committed, killedBefore, killedAfter }

    /// What becomes of the next transaction.
    private func fate() -> Fate {
        defer { commits += 1 }
        if let kill = options.kill, kill.commit == commits { return kill.isBefore ? .killedBefore : .killedAfter }
        guard !isQuiet else { return .committed }
        switch random.below(100) {
        case 0, 1: return .killedBefore
        case 2: return .killedAfter
        default: return .committed
        }
    }

    /// The process is gone. What it had sent may still be carried out; its answers reach no one.
    func crash() throws {
        for index in requests.indices where requests[index].outcome == nil && random.chance(50) { execute(index) }
        try restartProcess()
    }

    /// What was on its way is nobody's any more.
    func restartProcess() throws {
        requests = []
        held = []
        try store.reopen()
        try restart()
    }

    /// A new process sees the time before it is told anything.
    private func noteClockSeen() {
        skippedTime += max(0, clockOffset - seenOffset)
        seenOffset = clockOffset
    }

    private func restart() throws {
        engine = Engine(configuration: configuration)
        noteClockSeen()
        try store.write { transaction in
            try engine.recover(
                seen(transaction),
                mapping: options.mutant == .ignoresReconfiguration ? "simulated" : setting.mapping,
                conflicts: setting.conflicts,
                now: clock
            )
        }
        isClockDue = true
        for side in Side.allCases { try connect(side) }
    }

    /// The clocks are to be measured anew.
    func measureClocks() { isClockDue = true }

    /// As the feeds measure them: within a second.
    private func clockEvents() -> [EngineEvent] {
        // Older worlds know of the other one by their own writes only.
        let measured: [Side] = options.hasOwnStreams ? Side.allCases : [.ad]
        return measured.map { side in
            let offset = directories[side].clockOffset - clockOffset
            return .feed(side, .clock(ClockEstimate(earliest: offset - 400, latest: offset + 600, measured: clock)))
        }
    }

    func connect(_ side: Side) throws {
        let (cursor, demand) = try store.read { (try $0.cursor(side), try Engine.readingDemand(side, $0)) }
        // Of who was never followed nothing was known.
        if cursor == nil { stepBacks[side] = nil }
        feeds[side].connect(
            directories[side],
            roots: [WorldMapping.base(side)],
            cursor: purged[side] ? nil : cursor,
            demand,
            stepBack: stepBacks[side]
        )
        purged[side] = false
        note("\(side.name) connects")
    }

    // MARK: The servers

    /// The server carries out a request.
    func execute(_ index: Int) {
        var write = requests[index].write
        let directory = directories[write.side]
        if let mutant = options.mutant { write = mutant.tamper(write, entry: entry(of: write)) }
        checkBefore(write)
        let before = directory.sequence
        let isRefused = isClosed[write.side] && !write.operation.isRead
        let outcome =
            isRefused ? .refused(SimulatedRefusal.closed.refusal) : directory.perform(write.operation)
        requests[index].outcome = outcome
        watchDelete(write, outcome)
        if directory.sequence != before { mutations += 1 }
        if isQuiet, !write.operation.isRead, !isTakenOutside(write, outcome) {
            lateWrites.append("\(write.side.name) \(describe(write.operation))")
        }
        note("\(write.side.name) answers \(write.id.rawValue): \(describe(outcome))")
    }

    /// Whether an add was refused for an account that somebody out of the scope has: it is tried again whenever everything is looked at, and changes nothing.
    private func isTakenOutside(_ write: Write, _ outcome: WriteOutcome) -> Bool {
        guard case .refused(let refusal) = outcome, refusal.reason == .valueTaken,
            case .add(_, _, let attributes) = write.operation
        else { return false }
        let name = WorldMapping.attribute("samaccountname", write.side)
        return directories[write.side].sorted.contains { entry in
            !isInScope(entry.anchor, write.side) && entry.attributes[name].contains(where: attributes[name].contains)
        }
    }

    /// Writes carried out since the last call for them in the quiet phase.
    var lateWrites: [String] = []

    func deliver(_ index: Int) throws {
        let request = requests.remove(at: index)
        guard let outcome = request.outcome else { return }
        let told = options.mutant?.tamper(outcome, to: request.write, entry: entry(of: request.write)) ?? outcome
        try run([.settled(request.write.id, told)])
    }

    private func entry(of write: Write) -> EntrySnapshot? {
        write.operation.anchor.flatMap { directories[write.side].snapshot($0) }
    }

    /// The engine's own deletes need a user's delete on the other side.
    private func checkBefore(_ write: Write) {
        checkEdit(write)
        checkEmptying(write)
        guard case .delete(let anchor, _, _) = write.operation,
            let entry = directories[write.side].entries[anchor]
        else { return }
        if let person = entry.attributes[WorldMapping.person].first {
            if !history.wasEverDeleted(person) { fail("deletes \(person.lossyText), whom nobody deleted") }
        } else if entry.attributes["objectclass"].contains("organizationalUnit") {
            if memberships.containerDeletes[write.side.opposite] == 0 {
                fail("deletes container \(anchor.low), and nobody deleted any")
            }
        } else if let id = id(of: anchor, write.side), !memberships.deletedGroups.contains(id) {
            fail("deletes \(id.lossyText), which nobody deleted")
        }
    }

    /// Nothing is emptied for what the account may not read on the other side.
    private func checkEmptying(_ write: Write) {
        let other = write.side.opposite
        guard !directories[other].unreadable.isEmpty, setting.deafTo != other,
            case .modify(_, _, _, let changes) = write.operation,
            let person = entry(of: write)?.attributes[WorldMapping.person].first
        else { return }
        for change in changes where change.new.isEmpty && directories[other].unreadable.contains(change.name) {
            let isThere = persons(other).contains {
                $0.attributes[WorldMapping.person] == [person]
                    && change.old.allSatisfy($0.attributes[change.name].contains)
            }
            if isThere {
                fail("empties \(change.name) of \(person.lossyText), which \(other.name) has and does not show")
            }
        }
    }
}
