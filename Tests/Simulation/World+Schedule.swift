import Support
import SyncEngine
import SyncModel

/// What happens next: users, servers, feeds, time and mishaps take turns as the seed says.
extension World {
    private enum Turn {
        case user, tell, deliver, execute, answer, mishap, time, disconnect, scan, repeated, crash, settle, follow
        case hazard, decide
    }

    func runSchedule() throws {
        for turn in options.turns ?? Array(0..<options.steps) where failures.isEmpty {
            begin(turn)
            turnsTaken += 1
            try takeTurn()
        }
        begin(options.steps)
    }

    /// From here on the numbers of this turn are drawn.
    private func begin(_ turn: Int) {
        guard options.hasOwnStreams else { return }
        var seeds = SplitMix64(seed: options.seed ^ UInt64(turn + 1) << 40)
        random = SplitMix64(seed: seeds.next())
    }

    private func takeTurn() throws {
        let side: Side = random.chance(50) ? .ad : .miniorange
        var turns: [(Int, Turn)] = [
            (30, .user), (30, .tell), (30, .deliver), (25, .execute), (25, .answer), (4, .mishap), (8, .time),
            (1, .disconnect), (1, .scan), (2, .repeated), (1, .crash), (1, .settle),
        ]
        if options.followsLate { turns.append((20, .follow)) }
        if options.limitsDeletes { turns.append((4, .decide)) }
        if !options.hazards.isDisjoint(with: .init(Hazards.acting)) { turns.append((12, .hazard)) }
        let turn = random.pick(weighted: turns)
        switch turn {
        case .user: someoneActs()
        case .tell: try tell(side, limit: 1 + random.below(5))
        case .deliver: try deliver(from: side)
        case .execute:
            if let index = random.pick(requests.indices.filter { requests[$0].outcome == nil }) { execute(index) }
        case .answer:
            if let index = random.pick(requests.indices.filter { requests[$0].outcome != nil }) { try deliver(index) }
        case .mishap: try mishap()
        case .time: try pass(milliseconds: Int64(random.below(3_000)))
        case .disconnect: try disconnect(side)
        case .scan: if feeds[side].isConnected { feeds[side].beginScan(directories[side]) }
        case .repeated: try repeatFeed(side)
        case .crash:
            note("killed")
            try checkCursors()
            try checkReasons()
            try crash()
        case .settle: try settle()
        case .follow: follow()
        case .decide: try decide(all: false)
        case .hazard: try meetHazard(side)
        }
    }

    func tell(_ side: Side, limit: Int) throws {
        if !feeds[side].isConnected { try connect(side) }
        // Who was out of the scope within the second before his group is read for the first time is in it by a name that means nobody here.
        if side == .miniorange, feeds[side].isScanning {
            while directories[side].unfollowed.contains(where: isOutside) { follow() }
        }
        feeds[side].tell(directories[side], limit: limit)
    }

    private func isOutside(_ change: (old: DistinguishedName, new: DistinguishedName?)) -> Bool {
        !change.old.isDescendant(of: WorldMapping.base(.miniorange))
    }

    func deliver(from side: Side) throws {
        guard !feeds[side].undelivered.isEmpty else { return }
        let event = feeds[side].undelivered.removeFirst()
        note("\(side.name) tells \(describe(event))")
        // Reading everything takes longer than slapd takes to follow what happened to entries that were never known here.
        if case .complete = event, side == .miniorange, options.isFull { followAll() }
        try run([.feed(side, event)])
    }

    /// refint follows the next rename or deletion.
    private func follow() {
        guard let next = directories.miniorange.unfollowed.first else { return }
        directories.miniorange.followNext()
        note("miniorange follows \(next.old) -> \(next.new.map { "\($0)" } ?? "gone")")
    }

    func followAll() { while !directories.miniorange.unfollowed.isEmpty { follow() } }

    func pass(milliseconds: Int64) throws {
        // It is done within a second or so.
        if milliseconds > 500 { followAll() }
        now = now.advanced(byMilliseconds: milliseconds)
        if options.hasOwnStreams { measureClocks() }
        try run([.tick])
    }

    /// A lost answer, a refusal out of the blue, or a server too busy.
    private func mishap() throws {
        guard let index = random.pick(Array(requests.indices)) else { return }
        let kind = random.below(4)
        if requests[index].outcome == nil {
            switch kind {
            case 0: requests[index].outcome = .unavailable
            case 1 where !requests[index].write.operation.isRead:
                requests[index].outcome = .refused(Refusal(reason: .notAllowed, code: 50, message: "not now"))
            case 2: requests[index].outcome = .unknown
            default:
                execute(index)
                requests[index].outcome = .unknown
            }
        } else {
            requests[index].outcome = .unknown
        }
        note("mishap \(requests[index].write.id.rawValue) \(requests[index].outcome.map(describe) ?? "")")
        if random.chance(50) { try deliver(index) }
    }

    func disconnect(_ side: Side) throws {
        guard feeds[side].isConnected else { return }
        note("\(side.name) disconnects")
        feeds[side].disconnect()
        for index in requests.indices where requests[index].write.side == side {
            if requests[index].outcome == nil {
                if random.chance(50) { execute(index) }
                requests[index].outcome = requests[index].outcome == nil ? .unavailable : .unknown
            } else {
                requests[index].outcome = .unknown
            }
        }
        try deliver(from: side)
    }

    /// The feed starts again from the durable cursor, and tells once more what was already told.
    private func repeatFeed(_ side: Side) throws {
        guard feeds[side].isConnected else { return }
        try connect(side)
    }

    /// Nobody writes and nothing fails until there is nothing left to do. Then both sides must be in agreement.
    func settle() throws {
        guard failures.isEmpty else { return }
        isQuiet = true
        defer { isQuiet = false }
        note("settle")
        try checkReasons()
        directories.ad.unwelcome = []
        try endHazards()
        mendRefusedValues()
        mendContainers()
        try drain()
        try compareAfterRights()
        try decideAll()
        guard failures.isEmpty else { return }
        for (pair, record) in try store.read({ try $0.quarantined(after: nil, limit: .max) }) {
            let next =
                record.next.map { "tried again in \($0.milliseconds - clock.milliseconds) ms" } ?? "not tried again"
            note("set aside: pair \(pair.rawValue), \(record.reason), \(next)")
        }
        try checkCursors()
        try checkAgreement(withReferences: false)
        checkContainers()
        try checkMemberships()
        history.settled()
        uncarried[history.present] = uncarriedPeople()
        isRestoredLately = PerSide(both: false)
        for side in Side.allCases {
            settledEntries[side] = Set(directories[side].entries.keys)
            resting[side] = settledEntries[side].filter { !isInScope($0, side) }
        }
        note("settled")
    }

    /// Nothing waits for a person any more.
    private func decideAll() throws {
        try decideReturns()
        try takeAccounts()
        while failures.isEmpty, try !store.heldConflicts().isEmpty || !engine.openHolds.isEmpty {
            try decideConflicts()
            try decideHolds()
        }
    }

    /// Who came back by a server that was set back is taken in.
    private func decideReturns() throws {
        for (pair, record) in try store.read({ try $0.quarantined(after: nil, limit: .max) }) {
            guard case .returned = record.reason else { continue }
            note("a person takes in pair \(pair.rawValue)")
            try noteTakenIn(pair)
            try run([.resync(pair)])
        }
        try drain()
    }

    /// Whoever lists a group that comes back by being named is in it: a person wants it to be there.
    private func noteTakenIn(_ pair: PairID) throws {
        guard options.groups?.hasEntries == false,
            let anchor = try store.read({ try $0.pair(pair) })?.anchors.miniorange,
            directories.miniorange.entries[anchor] == nil,
            let name = try store.read({ try $0.replica(.miniorange, anchor) })?.rdn.value
        else { return }
        for entry in persons(.miniorange) where listedNames(entry).contains(where: { $0.caseFolded == name.caseFolded })
        {
            guard let person = id(of: entry.anchor, .miniorange) else { continue }
            memberships.listed(name, by: person)
            memberships.becameUnsteady(person)
        }
    }

    /// After this nothing waits for anything but time that is far away.
    func drain() throws {
        var rounds = 0
        var waits = 0
        while failures.isEmpty {
            rounds += 1
            guard rounds < 5_000 else { return fail("does not come to rest") }
            if try advance() { continue }
            let isIdle =
                try engine.isQuiet
                && store.read {
                    try $0.count(.quarantine) == 0 && $0.count(.refusedLinks) == 0
                }
            // What it asks for again within seconds it does not know yet.
            guard let deadline = engine.nextDeadline, waits < 40,
                !isIdle || deadline <= clock.advanced(byMilliseconds: 3_000)
            else { break }
            // Many short ones may stand in a row, as for a write of somebody else's whose answer was lost.
            if deadline >= clock.advanced(byMilliseconds: 500) { waits += 1 }
            now = max(now, deadline.advanced(byMilliseconds: -clockOffset))
            try run([.tick])
        }
        guard failures.isEmpty, !engine.isQuiet else { return }
        for intent in try store.read({ try $0.intents() }) {
            note("open: \(intent.write.id.rawValue) \(describe(intent.write.operation))")
        }
        for pair in try store.read({ try $0.dirty(after: nil, limit: 100) }) { note("dirty: pair \(pair.rawValue)") }
        fail("is not at rest although nothing is to come")
    }

    /// Does whatever can be done at once. False where there is nothing.
    private func advance() throws -> Bool {
        for side in Side.allCases {
            if !feeds[side].isConnected && feeds[side].undelivered.isEmpty {
                try connect(side)
                return true
            }
            if !feeds[side].undelivered.isEmpty {
                try deliver(from: side)
                return true
            }
            if feeds[side].isBehind(directories[side]) {
                try tell(side, limit: 100)
                return true
            }
        }
        if let index = requests.indices.first {
            if requests[index].outcome == nil { execute(index) }
            try deliver(index)
            return true
        }
        if !directories.miniorange.unfollowed.isEmpty {
            follow()
            return true
        }
        return false
    }

    private func readEverything() throws {
        for side in Side.allCases {
            try connect(side)
            feeds[side].beginScan(directories[side])
        }
        try drain()
    }

    /// The whole history: faults, then quiet, then proof that quiet stays quiet.
    private func playOut() throws {
        try runSchedule()
        bringExilesHome()
        try settle()
        guard failures.isEmpty else { return }
        isQuiet = true
        try readEverything()
        // What is understood only now may be a value of which nobody can tell whether it is from before its server was set back.
        try decideConflicts()
        // Before everything is looked at once more: who waits for another entry was woken by it.
        try checkAgreement(withReferences: true)
        try run([.resync(nil)])
        try drain()
        lateWrites = []
        try run([.resync(nil)])
        try drain()
        try readEverything()
        if let write = lateWrites.first { fail("writes in quiet: \(write)") }
        try checkAgreement(withReferences: true)
        checkContainers()
        try checkMemberships()
    }

    /// Plays the whole history; what goes wrong stands in `failures`.
    package func play() {
        do { try playOut() } catch { fail("an error came out: \(error)") }
    }
}
