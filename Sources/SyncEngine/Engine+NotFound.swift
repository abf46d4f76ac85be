import SyncModel

/// What was being added when the answer was lost is looked for by its name, which is another one where its container was renamed, or moved, meanwhile.
extension Engine {
    /// What was being added is not there by its name: its container may have another one, which is yet to be told. That is asked for, and then the entry once
    /// more, as long as the answer is on its way. False where that was done.
    mutating func looksAgain(
        for intent: Intent,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        let side = intent.write.side
        guard let container = try container(of: intent, store) else {
            notFound.remove(intent.write.pair)
            return false
        }
        if notFound.insert(intent.write.pair).inserted {
            placesOutside[side][container] = .some(nil)
            try requestRead(.read(container), side, store, now: now)
        } else if readsUnderWay[side][container] == nil {
            notFound.remove(intent.write.pair)
            return false
        }
        try repeatAsRead(intent, store, notBefore: now.advanced(byMilliseconds: 1_000))
        return true
    }

    /// The name of an entry that is added, or moved, by now: its container may have been renamed since.
    mutating func nameNow(
        of intent: Intent,
        _ name: DistinguishedName,
        _ store: any StoreTransaction
    ) throws -> DistinguishedName? {
        guard let object = intent.write.object.flatMap({ objects[$0] }), let leaf = name.leaf,
            let parent = intent.target.first(where: { $0.name == parentAttribute })?.values.first
        else { return nil }
        return try container(parent, object, intent.write.side, store)?.child(leaf)
    }

    /// An answer shows an entry. Of a container that is asked for by `looksAgain`, and is out of the scope, nothing else knows where it is.
    mutating func notePlaceOutside(_ snapshot: EntrySnapshot, _ side: Side) {
        guard placesOutside[side][snapshot.anchor] != nil else { return }
        placesOutside[side][snapshot.anchor] = standing(of: snapshot, side) == nil ? .some(snapshot.name) : nil
    }

    /// The name of an entry that was added below a container which is out of the scope by now: it went there with it, and will come back with it.
    func nameOutside(
        of intent: Intent,
        _ name: DistinguishedName,
        _ store: any StoreTransaction
    ) throws -> DistinguishedName? {
        guard !placesOutside[intent.write.side].isEmpty, let leaf = name.leaf,
            let container = try container(of: intent, store)
        else { return nil }
        return placesOutside[intent.write.side][container]??.child(leaf)
    }

    /// The container in which an intent has its entry stand.
    private func container(of intent: Intent, _ store: any StoreTransaction) throws -> Anchor? {
        guard let parent = intent.target.first(where: { $0.name == parentAttribute })?.values.first,
            let id = UInt64(bigEndianOctets: parent.bytes)
        else { return nil }
        return try store.pair(PairID(id))?.anchors[intent.write.side]
    }
}
