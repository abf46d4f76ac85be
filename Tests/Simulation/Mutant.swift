import SyncEngine
import SyncModel

/// A fault planted between the engine and its surroundings, which the oracles must find: who never sees a failure can't tell that checks work.
package enum Mutant: String, CaseIterable, Sendable {
    /// New states of some entries never reach the disk.
    case losesReplicas
    /// A deletion is told of an entry that is there.
    case inventsDeletions
    /// Changes of some entries are never told.
    case losesEvents
    /// What is called agreed was agreed by nobody.
    case confirmsUnwritten
    /// No conflict reaches the report.
    case dropsConflicts
    /// Nobody is told who came to some of AD's groups, or went.
    case losesMembers
    /// AD tells of some groups one member less than they have.
    case inventsRemovals

    func tamper(_ event: EngineEvent) -> EngineEvent? {
        guard case .feed(let side, .changes(let changes, let cursor)) = event else { return event }
        switch self {
        case .inventsDeletions where side == .ad:
            let told: [Change] = changes.map { change in
                if case .present(let entry) = change, entry.anchor.low % 11 == 7 { return .deleted(entry.anchor) }
                return change
            }
            return .feed(side, .changes(told, cursor: cursor))
        case .losesMembers where side == .ad:
            return .feed(side, .changes(changes.compactMap(withoutMembers), cursor: cursor))
        case .inventsRemovals where side == .ad:
            return .feed(side, .changes(changes.map(withOneMemberLess), cursor: cursor))
        case .losesEvents where side == .miniorange:
            let told = changes.filter { $0.anchor.low % 5 != 4 }
            return .feed(side, .changes(told, cursor: cursor))
        default:
            return event
        }
    }

    func wrap(_ transaction: any StoreTransaction) -> any StoreTransaction {
        switch self {
        case .losesReplicas, .confirmsUnwritten, .dropsConflicts: MutatedTransaction(transaction, self)
        case .inventsDeletions, .losesEvents, .losesMembers, .inventsRemovals: transaction
        }
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
}
