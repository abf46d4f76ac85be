package import SyncModel

extension InMemoryStore {
    package func append(_ hold: Hold) -> HoldID {
        let id = makeHoldID()
        put(hold, for: id)
        return id
    }

    package func hold(_ id: HoldID) -> Hold? { contents.holds[id] }
    package func put(_ hold: Hold, for id: HoldID) { set(\.holds, id, hold) }
    package func removeHold(_ id: HoldID) { set(\.holds, id, nil) }

    package func holds() -> [(id: HoldID, hold: Hold)] {
        contents.holds.keys.compactMap { id in contents.holds[id].map { (id, $0) } }
    }

    package func deletion(of pair: PairID) -> Deletion? { contents.deletions[pair] }
    package func put(_ deletion: Deletion, of pair: PairID) { set(\.deletions, pair, deletion) }
    package func removeDeletion(of pair: PairID) { set(\.deletions, pair, nil) }

    package func forEachDeletion(after: PairID?, _ body: (PairID, Deletion) throws -> Bool) rethrows {
        var next = contents.deletions.next(after: after)
        while let pair = next, let deletion = contents.deletions[pair], try body(pair, deletion) {
            next = contents.deletions.next(after: pair)
        }
    }
}
