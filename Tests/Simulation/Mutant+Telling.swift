import SyncEngine
import SyncModel

/// What the engine is told, with a fault in it.
extension Mutant {
    /// The events of one step, as one transaction or as several.
    func transactions(of events: [EngineEvent]) -> [[EngineEvent]] {
        guard self == .advancesCursorFirst else { return [events.compactMap(tamper)] }
        return events.flatMap { event -> [[EngineEvent]] in
            guard case .feed(let side, .changes(let changes, let cursor?)) = event, !changes.isEmpty else {
                return [[event]]
            }
            return [[.feed(side, .changes([], cursor: cursor))], [.feed(side, .changes(changes, cursor: nil))]]
        }
    }

    private func tamper(_ event: EngineEvent) -> EngineEvent? {
        if case .feed(let side, .complete(let present?, let cursor)) = event, self == .takesShortScanForAbsence {
            return .feed(side, .complete(present: Array(present.prefix(present.count / 2)), cursor: cursor))
        }
        guard case .feed(let side, .changes(let changes, let cursor)) = event else { return event }
        let told: [Change]
        switch self {
        case .inventsDeletions where side == .ad:
            told = changes.map { change in
                if case .present(let entry) = change, entry.anchor.low % 11 == 7 { return .deleted(entry.anchor) }
                return change
            }
        case .takesLeavingForDeletion:
            told = changes.map { change in
                guard case .present(let entry) = change, !entry.name.isEqualOrDescendant(of: WorldMapping.base(side))
                else { return change }
                return .deleted(entry.anchor)
            }
        case .losesMembers where side == .ad: told = changes.compactMap(withoutMembers)
        case .inventsRemovals where side == .ad: told = changes.map(withOneMemberLess)
        case .losesEvents where side == .miniorange: told = changes.filter { $0.anchor.low % 5 != 4 }
        default: return event
        }
        return .feed(side, .changes(told, cursor: cursor))
    }

    private func withoutMembers(_ change: Change) -> Change? {
        guard change.anchor.low % 3 == 1 else { return change }
        switch change {
        case .members: return nil
        case .present(var entry):
            entry.tellsMembers = false
            entry.attributes["member"] = []
            return .present(entry)
        default: return change
        }
    }

    private func withOneMemberLess(_ change: Change) -> Change {
        guard change.anchor.low % 3 == 1 else { return change }
        switch change {
        case .members(let anchor, var edits, let version):
            for index in edits.indices where edits[index].kind == .add { edits[index].kind = .delete }
            return .members(anchor, edits: edits, version: version)
        case .present(var entry) where entry.tellsMembers:
            entry.attributes["member"] = Array(entry.attributes["member"].dropFirst())
            return .present(entry)
        default: return change
        }
    }

    /// The answer to a write. `entry`: what it now holds.
    func tamper(_ outcome: WriteOutcome, to write: Write, entry: EntrySnapshot?) -> WriteOutcome {
        switch (self, outcome, write.operation) {
        case (.takesShortScanForAbsence, .done, .confirmAbsence): return .gone
        case (.takesUnreadableForEmpty, .done(var entry), .confirmEmpty):
            entry.readable = entry.readable.mapValues { _ in true }
            return .done(entry)
        case (.misreadsStamps, .stamped(let entry, let stamps), _) where write.side == .miniorange:
            return .stamped(
                entry,
                stamps.map { told in
                    var told = told
                    told.stamp.time = told.stamp.time.advanced(byMilliseconds: 3_600_000)
                    return told
                }
            )
        case (.takesOwnForTheirs, .stamped(let entry, let stamps), _):
            return .stamped(
                entry,
                stamps.map { told in
                    var told = told
                    told.stamp.isOurs.toggle()
                    return told
                }
            )
        case (.takesLostForUndone, .unknown, _): return .unavailable
        case (.takesLostForDeleted, .unknown, .delete): return .deleted
        case (.takesRefusedForDone, .refused, .modify), (.takesRefusedForDone, .refused, .rename):
            return entry.map { .done($0) } ?? outcome
        case (.takesStaleForDone, .stale(let entry), _): return .done(entry)
        default: return outcome
        }
    }

    /// A write on its way, to an entry that now holds `entry`.
    func tamper(_ write: Write, entry: EntrySnapshot?) -> Write {
        guard let entry else { return write }
        var write = write
        switch (self, write.operation) {
        case (.overwritesUnseen, .modify(let anchor, let name, _, let changes)):
            let blind = changes.map { AttributeChange(name: $0.name, old: entry.attributes[$0.name], new: $0.new) }
            write.operation = .modify(anchor, name: name, version: entry.version, changes: blind)
        case (.deletesUnseen, .delete(let anchor, let name, _)):
            write.operation = .delete(anchor, name: name, version: entry.version)
        default: break
        }
        return write
    }
}
