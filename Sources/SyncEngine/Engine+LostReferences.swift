import Mapping
import Reconcile
import SyncModel

/// References to entries that are deleted. A server drops such values of itself, and tells nobody: no person took them away.
extension Engine {
    /// What named a deleted entry leaves the replica and what was agreed, so that it is written again where the entry comes back. The base keeps beside it that it was
    /// agreed on: on the other side it is no change, which could stand against the entry's own deletion.
    mutating func dropDangling(
        _ replicas: inout PerSide<Replica?>,
        _ pair: inout Pair,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws {
        for side in Side.allCases {
            guard let old = replicas[side] else { continue }
            var replica = old
            for reference in object.references[side] {
                let values = old.attributes[reference.attribute]
                let kept = try values.filter { value in
                    guard case .entry(let target) = Reference(value) else { return true }
                    return try !isGone(target, side, store)
                }
                if kept.count < values.count { replica.attributes[reference.attribute] = kept }
                try noteLost(reference.names, &pair, kept, isDangling: kept.count < values.count, side, store)
            }
            guard replica != old else { continue }
            try store.put(replica, replacing: old)
            replicas[side] = replica
        }
    }

    /// `kept`: what a side shows of an attribute; `isDangling`: and what it showed besides is gone.
    private func noteLost(
        _ names: [String],
        _ pair: inout Pair,
        _ kept: [Octets],
        isDangling: Bool,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws {
        guard var base = pair.base else { return }
        let agreed = names.reduce(0) { $0 + base[$1].count }
        // What names as many as were agreed on lacks none that is gone.
        guard agreed > 0, isDangling || kept.count < agreed else { return }
        let shown = try kept.compactMap { value -> Octets? in
            guard case .entry(let target) = Reference(value) else { return nil }
            return try store.pairID(side, target).map { Octets($0.rawValue.bigEndianOctets) }
        }
        for name in names {
            // Which pair a value meant that is gone can't be told any more where that was made again.
            let lost = try base[name].filter { value in
                try !shown.contains(value) && (isDangling || !canBeNamed(value, side, store))
            }
            guard !lost.isEmpty else { continue }
            base[name] = base[name].filter { !lost.contains($0) }
            base[lostReferences(name, side)] += lost
        }
        pair.base = base
    }

    /// Each attribute of a side that names entries, with the canonical attributes that it shows.
    static func references(of mapping: ObjectMapping, _ side: Side) -> [(attribute: String, names: [String])] {
        let rules = mapping.specification.attributes.filter { $0.type == .reference }
        return mapping.referenceAttributes[side].map { attribute in
            let names = rules.filter { (side == .ad ? $0.ad : $0.miniorange).lowercased() == attribute }
                .map { $0.ad.lowercased() }
            let shown = mapping.referenceNames.filter { name in
                // What the LDAP side holds besides the one value of AD, that one never shows.
                names.contains { name == $0 || side == .miniorange && name.hasPrefix($0 + ";") }
            }
            return (attribute, shown)
        }
    }

    /// Whether a side has an entry of the pair that a canonical reference means.
    private func canBeNamed(_ value: Octets, _ side: Side, _ store: any StoreTransaction) throws -> Bool {
        guard let id = UInt64(bigEndianOctets: value.bytes), let pair = try store.outline(PairID(id)) else {
            return false
        }
        return pair.presence[side] == .present || pair.presence[side] == .outOfScope
    }

    /// What both sides last agreed on, with what the side has lost on which the entry itself is deleted.
    func agreed(_ pair: Pair, _ object: Object) -> Attributes? {
        guard var base = pair.base, let side = Side.allCases.first(where: { pair.presence[$0] == .deleted }) else {
            return pair.base
        }
        for name in object.lostNames[side] { base[name.canonical] += base[name.lost] }
        return base
    }

    /// What is lost is known until the side shows it again, or the other one does no more.
    func keepLost(
        of pair: Pair,
        in base: inout Attributes?,
        _ states: PerSide<SideState>,
        _ object: Object
    ) {
        guard let before = pair.base, base != nil else { return }
        for side in Side.allCases {
            for name in object.lostNames[side] {
                let lost = before[name.lost]
                guard !lost.isEmpty else { continue }
                let agreed = base?[name.canonical] ?? []
                let held = states[side.opposite]
                base?[name.lost] = lost.filter { !agreed.contains($0) && held.mayHold($0, name.canonical) }
            }
        }
    }

    /// The canonical attributes in which an entry differs from what was agreed only by whom it names that is deleted on a side. Such values go by themselves: that they are still
    /// there, or there no more, is no change which could stand against the entry's own deletion.
    func referencesToDeleted(
        _ values: Attributes,
        _ base: Attributes?,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> [String] {
        func living(_ values: [Octets]) throws -> [Octets] {
            try values.filter { value in
                guard let id = UInt64(bigEndianOctets: value.bytes), let pair = try store.outline(PairID(id)) else {
                    return false
                }
                return pair.presence.ad != .deleted && pair.presence.miniorange != .deleted
            }
        }
        return try object.mapping.referenceNames.filter { try living(values[$0]) == living(base?[$0] ?? []) }
    }

    /// Whether an entry that was known is deleted, with proof.
    func isGone(_ anchor: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> Bool {
        guard try store.outline(side, anchor) == nil else { return false }
        guard let id = try store.pairID(side, anchor), let pair = try store.outline(id) else { return true }
        return pair.presence[side] == .deleted
    }
}

extension SideState {
    /// Whether a reference may still stand there.
    fileprivate func mayHold(_ value: Octets, _ name: String) -> Bool {
        guard case .present(let values, let unknown) = self else { return true }
        return values[name].contains(value) || unknown.contains(name)
    }
}
