import Support
import SyncEngine
import SyncModel

/// Deletes that wait for a person, who decides at random; and the promise that no more than the limit go without him.
extension World {
    static let deletionLimit = DeletionLimit(count: 1, percent: 100, window: 60_000)

    /// What the oracle knows of deletes, from the writes that left the engine and from what the person decided.
    struct DeleteWatch {
        struct Moment: Sendable {
            /// In truth.
            var time: Timestamp
            /// Milliseconds that our clock was set forward until then, and seen to be: for the engine they have passed.
            var skipped: Int64
            var number: Int
            var pair: PairID

            /// Whether it was before the last one, and by neither of the two the limit's window lies between.
            func isNear(_ last: Moment) -> Bool {
                let window = World.deletionLimit.window
                let apart = last.time.milliseconds - time.milliseconds
                return number <= last.number && apart < window && apart + last.skipped - skipped < window
            }
        }
        /// When the delete of an entry first left the engine, without the person's approval.
        var started = PerSide<[Anchor: Moment]>(both: [:])
        /// Those of them that were carried out.
        var carried = PerSide<[Moment]>(both: [])
        var approved: Set<PairID> = []
        /// How many have started.
        var count = 0
    }

    /// Each delete of a person that the engine sends; the same one again is the same, and one that is approved by now counts no more. Who is made again on the other side was not
    /// deleted: the next time is another one.
    func noteStart(_ write: Write) {
        guard options.limitsDeletes, write.object == "people" else { return }
        if case .add = write.operation {
            deletes.started[write.side.opposite] = deletes.started[write.side.opposite].filter {
                $0.value.pair != write.pair
            }
        }
        guard case .delete(let anchor, _, _) = write.operation else { return }
        guard !deletes.approved.contains(write.pair) else {
            deletes.started[write.side][anchor] = nil
            return
        }
        guard deletes.started[write.side][anchor] == nil else { return }
        deletes.count += 1
        deletes.started[write.side][anchor] = DeleteWatch.Moment(
            time: now,
            skipped: skippedTime,
            number: deletes.count,
            pair: write.pair
        )
    }

    /// Judged when it is carried out: one that a server refuses, because somebody changed the entry, is no delete.
    func watchDelete(_ write: Write, _ outcome: WriteOutcome) {
        guard case .deleted = outcome, case .delete(let anchor, _, _) = write.operation,
            let start = deletes.started[write.side][anchor]
        else { return }
        deletes.carried[write.side].append(start)
        for last in deletes.carried[write.side] {
            let count = deletes.carried[write.side].filter { $0.isNear(last) }.count
            guard count > World.deletionLimit.count else { continue }
            return fail("\(count) deletes at \(write.side.name), more than are allowed")
        }
    }

    /// The person decides about some of what is held, or all of it.
    func decide(all: Bool) throws {
        // The daemon says so, and what is asked of it then waits, too.
        guard !isDiskFull else { return }
        var held: [HoldID: [PairID]] = [:]
        try store.read { transaction in
            try transaction.forEachDeletion(after: nil) { pair, deletion in
                if case .held(let id) = deletion.state { held[id, default: []].append(pair) }
                return true
            }
        }
        for (id, pairs) in held.sorted(by: { $0.key < $1.key }) {
            let chosen = pairs.filter { _ in all || random.chance(50) }
            let verdict: HoldVerdict = random.chance(50) ? .approve : .reject
            note("person: \(verdict) \(chosen.map(\.rawValue)) of hold \(id.rawValue)")
            let before = try store.read { store in try chosen.map { try person(of: $0, store) } }
            // The engine may write at once.
            if verdict == .approve { deletes.approved.formUnion(chosen) }
            try run([.decide(id, verdict, chosen)])
            // A killed process has decided nothing, and a person would see that.
            for (pair, person) in zip(chosen, before) {
                let state = try store.read { try $0.deletion(of: pair)?.state }
                if case .held = state {
                    deletes.approved.remove(pair)
                    continue
                }
                if verdict == .reject, let person { history.created(person.name, person.side) }
            }
        }
    }

    /// Who is held, and where he would be made again.
    private func person(of pair: PairID, _ store: any StoreTransaction) throws -> (name: Octets, side: Side)? {
        guard let side = try store.deletion(of: pair)?.side, let anchor = try store.pair(pair)?.anchors[side],
            let name = directories[side].entries[anchor]?.attributes[WorldMapping.person].first
        else { return nil }
        return (name, side.opposite)
    }

    /// Nothing stays held: then both sides can agree.
    func decideHolds() throws {
        var rounds = 0
        while failures.isEmpty, !engine.openHolds.isEmpty {
            rounds += 1
            guard rounds < 50 else { return fail("holds without end") }
            try decide(all: true)
            try drain()
        }
    }
}
