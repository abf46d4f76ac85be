package import Mapping
package import SyncModel

/// What became of a write that means something to an account.
package struct AccountChange: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case done
        case refused(Refusal)
        /// No answer: carried out or not.
        case unanswered
    }

    /// The side that was written.
    package var side: Side
    /// The entry's name there.
    package var entry: DistinguishedName
    package var events: [AccountEvent]
    /// Who asked for it on the other side, as far as that is known.
    package var author: String?
    package var outcome: Outcome

    package init(
        side: Side,
        entry: DistinguishedName,
        events: [AccountEvent],
        author: String?,
        outcome: Outcome
    ) {
        self.side = side
        self.entry = entry
        self.events = events
        self.author = author
        self.outcome = outcome
    }
}

extension Engine {
    /// Notes an answered write to an account.
    mutating func noteAccountChange(_ intent: Intent, _ outcome: WriteOutcome, _ store: any StoreTransaction) throws {
        let write = intent.write
        guard let object = write.object.flatMap({ objects[$0] }), object.mapping.specification.kind == .user,
            let (entry, events) = accountEvents(of: write, object), !events.isEmpty
        else { return }
        let result: AccountChange.Outcome
        switch outcome {
        case .done, .deleted: result = .done
        case .refused(let refusal): result = .refused(refusal)
        case .unknown: result = .unanswered
        case .edited, .stamped, .found, .stale, .gone, .hidden, .unavailable: return
        }
        accountChanges.append(
            AccountChange(
                side: write.side,
                entry: entry,
                events: events,
                author: try author(of: events, write, object, store),
                outcome: result
            )
        )
    }

    private func accountEvents(of write: Write, _ object: Object) -> (DistinguishedName, [AccountEvent])? {
        switch write.operation {
        case .add(let name, _, let attributes):
            (name, object.mapping.accountEvents(creating: attributes, on: write.side))
        case .modify(_, let name, _, let changes): (name, object.mapping.accountEvents(write.side, changes))
        case .delete(_, let name, _): (name, [.deleted])
        case .rename, .editValues, .read, .confirmAbsence, .confirmEmpty, .readName, .readMembers, .readBelow,
            .readGroups, .readStamps:
            nil
        }
    }

    /// Told only where it is known without asking.
    private func author(
        of events: [AccountEvent],
        _ write: Write,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> String? {
        guard try store.count(.stamps) > 0, let anchor = try store.pair(write.pair)?.anchors[write.side.opposite] else {
            return nil
        }
        let stamps = try object.accountAttributes(write.side.opposite).compactMap {
            try store.stamp(write.side.opposite, anchor, $0)
        }
        return stamps.filter { !$0.isOurs && $0.author != nil }.max { $0.time < $1.time }?.author
    }
}

extension Engine.Object {
    /// The attributes of a side that hold an account's state, in lower case.
    fileprivate func accountAttributes(_ side: Side) -> [String] {
        mapping.specification.attributes
            .filter { $0.type != .value && $0.type != .reference }
            .map { (side == .ad ? $0.ad : $0.miniorange).lowercased() }
    }
}
