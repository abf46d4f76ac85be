import Support
import SyncEngine
import SyncModel

/// Who is disabled on one side is so on the other before anything else is written. Judged at each step from the writes that leave the engine and from what
/// the cache holds of both entries then.
extension World {
    func checkDisablesFirst(_ writes: [Write]) throws {
        try store.read { transaction in
            var others = PerSide<Write?>(both: nil)
            // Among them nobody is first: one may turn out to be brought back.
            let urgent = Set(try transaction.urgentPairs())
            for write in writes where !write.operation.isRead {
                let awaited = try isDisableAwaited(write, transaction)
                let isDisable = disables(write)
                if awaited, !isDisable, !deletes(write) {
                    fail("\(write.side.name): \(describe(write.operation)) goes before the disabling of its entry")
                }
                if isDisable, case .modify(_, _, _, let changes) = write.operation, changes.count != 1 {
                    fail("\(write.side.name): \(describe(write.operation)) is more than a disabling")
                }
                if awaited, isDisable, let other = others[write.side] {
                    let first = describe(other.operation)
                    fail("\(write.side.name): \(describe(write.operation)) stands behind \(first)")
                }
                if !isDisable, !deletes(write), !urgent.contains(write.pair) { others[write.side] = write }
            }
        }
    }

    /// Both sides agreed on the person's being enabled, the other side disabled him, and this one has yet to.
    private func isDisableAwaited(_ write: Write, _ transaction: any StoreTransaction) throws -> Bool {
        guard let pair = try transaction.pair(write.pair), pair.kind == .user,
            pair.base?["useraccountcontrol"] == ["TRUE"], pair.presence == PerSide(both: .present),
            let here = pair.anchors[write.side], let there = pair.anchors[write.side.opposite],
            let written = try transaction.replica(write.side, here),
            let source = try transaction.replica(write.side.opposite, there),
            // What a server shows that was set back may be no disabling, but from before an enabling.
            try Engine.setBack(write.side.opposite, transaction) == nil
        else { return false }
        return isDisabled(source.attributes, write.side.opposite) && !isDisabled(written.attributes, write.side)
    }

    private func isDisabled(_ attributes: Attributes, _ side: Side) -> Bool {
        switch side {
        case .ad: isDisabled(attributes["useraccountcontrol"])
        case .miniorange: attributes["pwdaccountlockedtime"] == ["000001010000Z"]
        }
    }

    private func isDisabled(_ flags: [Octets]) -> Bool {
        flags.first?.text.flatMap { Int($0) }.map { $0 & 2 != 0 } ?? false
    }

    private func disables(_ write: Write) -> Bool {
        guard case .modify(_, _, _, let changes) = write.operation else { return false }
        return changes.contains { change in
            switch write.side {
            case .ad:
                change.name == "useraccountcontrol" && !isDisabled(change.old) && isDisabled(change.new)
            case .miniorange:
                change.name == "pwdaccountlockedtime" && change.new == ["000001010000Z"] && change.old.isEmpty
            }
        }
    }

    private func deletes(_ write: Write) -> Bool {
        if case .delete = write.operation { true } else { false }
    }
}
