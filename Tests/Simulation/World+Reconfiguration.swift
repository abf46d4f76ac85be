import Mapping
import Support
import SyncEngine
import SyncModel

/// Administrators change the configuration, and the daemon loads it anew.
extension World {
    func reconfigure() throws {
        var next = setting
        switch random.below(4) {
        case 0: next.leftOut = next.leftOut == nil ? random.pick(["title", "displayName", "seeAlso"]) : nil
        case 1: next.isNarrow.toggle()
        // Of a swap that is under way only one half may come to count then.
        case 2 where history.swapping.isEmpty:
            let directions: [Direction] = [.toAD, .toMiniOrange]
            next.direction = next.direction == .both ? random.pick(directions) ?? .both : .both
        case 2: return
        default: next.conflict = random.pick([.newest, .newest, .ad, .miniorange, .hold]) ?? .newest
        }
        try load(next)
    }

    /// Back to what keeps everything in agreement; the rule for conflicts stays.
    func mendSetting() throws {
        var next = Setting()
        next.conflict = setting.conflict
        if next != setting { try load(next) }
    }

    private func load(_ next: Setting) throws {
        note("the configuration is now: \(next.text)")
        try endSession()
        if next.isNarrow != setting.isNarrow {
            for (person, _) in history.sorted where history.hadAccount(person, endingIn: Setting.narrowEnding) {
                history.wrote(person, .ad, "@elsewhere", nil)
                memberships.becameUnsteady(person)
            }
        }
        if next.leftOut != setting.leftOut { history.leaves(out: next.leftOut) }
        if let side = next.deafTo { history.stopsCounting(on: side) }
        setting = next
        configuration.objects = try WorldMapping.objects(layout, setting)
        try restartProcess()
    }

    /// As the daemon ends a session: nothing new is begun, and the answers that come are taken in.
    private func endSession() throws {
        engine.isPaused = true
        while !isDiskFull, let request = requests.indices.first, random.chance(80) {
            if requests[request].outcome == nil { execute(request) }
            try deliver(request)
        }
        for index in requests.indices where requests[index].outcome == nil && random.chance(50) { execute(index) }
    }

    // MARK: Persons decide

    /// A person settles a conflict that waits for one.
    func decideOne() throws {
        guard let id = random.pick(try store.heldConflicts()) else { return }
        try decide(id)
    }

    /// Until no conflict waits.
    func decideConflicts() throws {
        var rounds = 0
        while failures.isEmpty, let id = try store.heldConflicts().first {
            rounds += 1
            guard rounds < 200 else { return fail("conflicts wait for a person without end") }
            try decide(id)
            try drain()
        }
    }

    private func decide(_ id: ConflictID) throws {
        let choices: [ConflictChoice] = [.side(.ad), .side(.miniorange), .side(random.chance(50) ? .ad : .miniorange)]
        var choice = random.pick(choices) ?? .side(.ad)
        // Among several who swapped names all are settled alike, by the server that gives an account once: else two would have one name.
        if let record = try store.read({ try $0.conflict(id) })?.record, options.isFull,
            case .attribute(let attribute) = record.subject
        {
            switch attribute {
            case "samaccountname":
                choice = .side(try isTaken(record.values.miniorange, besides: record.pair) ? .ad : .miniorange)
            // By which everybody here knows which group it is.
            case WorldMapping.group: choice = .side(record.values.ad.isEmpty ? .miniorange : .ad)
            default: break
            }
        }
        note("a person settles conflict \(id.rawValue): \(choice)")
        try run([.resolve(id, choice)])
    }

    /// Whether somebody else has this account at AD.
    private func isTaken(_ account: [Octets], besides pair: PairID) throws -> Bool {
        try persons(.ad).contains { entry in
            try entry.attributes["samaccountname"] == account && store.read { try $0.pairID(.ad, entry.anchor) } != pair
        }
    }
}
