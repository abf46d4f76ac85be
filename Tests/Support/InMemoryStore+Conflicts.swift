package import SyncModel

extension InMemoryStore {
    /// Names in order of their octets, as on the disk.
    package struct StampKey: Hashable, Comparable, Sendable {
        package let entry: EntryKey
        package let attribute: Octets

        package static func < (lhs: StampKey, rhs: StampKey) -> Bool {
            (lhs.entry, lhs.attribute) < (rhs.entry, rhs.attribute)
        }
    }

    package struct PairNameKey: Hashable, Comparable, Sendable {
        package let pair: PairID
        package let name: Octets

        package static func < (lhs: PairNameKey, rhs: PairNameKey) -> Bool {
            (lhs.pair, lhs.name) < (rhs.pair, rhs.name)
        }
    }

    package struct ConflictRow: Hashable, Sendable {
        package var record: ConflictRecord
        package var resolution: ConflictResolution?
    }

    // MARK: - Stamps

    package func stamp(_ side: Side, _ anchor: Anchor, _ attribute: String) -> Stamp? {
        contents.stamps[stampKey(side, anchor, attribute)]
    }

    package func stamps(_ side: Side, _ anchor: Anchor) -> [AttributeStamp] {
        stampKeys(side, anchor).compactMap { key in
            contents.stamps[key].map { AttributeStamp(attribute: key.attribute.lossyText, stamp: $0) }
        }
    }

    package func put(_ stamp: AttributeStamp, _ side: Side, _ anchor: Anchor) {
        guard replica(side, anchor) != nil else { return }
        set(\.stamps, stampKey(side, anchor, stamp.attribute), stamp.stamp)
    }

    package func removeStamp(_ side: Side, _ anchor: Anchor, _ attribute: String) {
        set(\.stamps, stampKey(side, anchor, attribute), nil)
    }

    package func removeStamps(_ side: Side, _ anchor: Anchor) {
        for key in stampKeys(side, anchor) { set(\.stamps, key, nil) }
    }

    private func stampKey(_ side: Side, _ anchor: Anchor, _ attribute: String) -> StampKey {
        StampKey(entry: EntryKey(side: side, anchor: anchor), attribute: Octets(attribute))
    }

    private func stampKeys(_ side: Side, _ anchor: Anchor) -> [StampKey] {
        let entry = EntryKey(side: side, anchor: anchor)
        var found: [StampKey] = []
        var next = contents.stamps.first { $0.entry < entry }
        while let key = next, key.entry == entry {
            found.append(key)
            next = contents.stamps.next(after: key)
        }
        return found
    }

    // MARK: - Held conflicts and settlements

    package func heldConflicts(of pair: PairID) -> [(name: String, id: ConflictID)] {
        rows(of: pair, in: contents.heldConflicts).map { ($0.lossyText, $1) }
    }

    package func setHeldConflict(_ id: ConflictID?, of pair: PairID, _ name: String) {
        set(\.heldConflicts, PairNameKey(pair: pair, name: Octets(name)), id)
    }

    package func settlements(of pair: PairID) -> [(name: String, settlement: Settlement)] {
        rows(of: pair, in: contents.settlements).map { ($0.lossyText, $1) }
    }

    package func setSettlement(_ settlement: Settlement?, of pair: PairID, _ name: String) {
        set(\.settlements, PairNameKey(pair: pair, name: Octets(name)), settlement)
    }

    private func rows<Value>(of pair: PairID, in table: SortedTable<PairNameKey, Value>) -> [(Octets, Value)] {
        var found: [(Octets, Value)] = []
        var next = table.first { $0.pair < pair }
        while let key = next, key.pair == pair, let value = table[key] {
            found.append((key.name, value))
            next = table.next(after: key)
        }
        return found
    }

    // MARK: - The conflict report

    @discardableResult
    package func append(_ conflict: ConflictRecord) -> ConflictID {
        let id = makeConflictID()
        set(\.conflictRows, id, ConflictRow(record: conflict))
        return id
    }

    package func conflict(_ id: ConflictID) -> (record: ConflictRecord, resolution: ConflictResolution?)? {
        contents.conflictRows[id].map { ($0.record, $0.resolution) }
    }

    package func replace(_ id: ConflictID, with conflict: ConflictRecord) {
        guard var row = contents.conflictRows[id] else { return }
        row.record = conflict
        set(\.conflictRows, id, row)
    }

    package func resolve(_ id: ConflictID, _ resolution: ConflictResolution) {
        guard var row = contents.conflictRows[id] else { return }
        row.resolution = resolution
        set(\.conflictRows, id, row)
    }
}
