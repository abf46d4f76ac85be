import Mapping
import SyncModel

/// Where entries stand: DNs are resolved by walking down from a configured base, and made by walking up to one.
extension Engine {
    /// The entry with this DN, if the cache knows it.
    mutating func resolve(_ name: DistinguishedName, _ side: Side, _ store: any StoreTransaction) throws -> Anchor? {
        if let known = places.anchor(side, name) { return known }
        for root in roots[side] {
            guard let below = name.relative(to: root.name) else { continue }
            var anchor = root.anchor
            for rdn in below.reversed() {
                guard let child = try store.child(side, of: anchor, named: rdn.normalized) else { return nil }
                anchor = child
            }
            return anchor
        }
        return nil
    }

    /// The DN to wait for where `name` can't be resolved: the highest of its containers that is not known. That one may come by a rename, which tells
    /// nothing of what lies below.
    func firstUnknown(
        in name: DistinguishedName,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> DistinguishedName {
        for root in roots[side] {
            guard let below = name.relative(to: root.name) else { continue }
            var known = root.name
            var anchor = root.anchor
            for rdn in below.reversed() {
                known = known.child(rdn)
                guard let child = try store.child(side, of: anchor, named: rdn.normalized) else { return known }
                anchor = child
            }
        }
        return name
    }

    /// As `resolve`, for the containers in which many entries stand.
    mutating func resolveContainer(
        _ name: DistinguishedName,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> Anchor? {
        if let known = places.anchor(side, name) { return known }
        guard let anchor = try resolve(name, side, store) else { return nil }
        places.note(side, name, anchor)
        return anchor
    }

    /// The DN of an entry as the cache knows it now, or nil where its place is not known.
    mutating func name(of anchor: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> DistinguishedName? {
        if let root = roots[side].first(where: { $0.anchor == anchor }) { return root.name }
        guard let outline = try store.outline(side, anchor) else { return nil }
        return try name(anchor, side, outline.parent, outline.rdn, store)
    }

    mutating func name(of replica: Replica, _ store: any StoreTransaction) throws -> DistinguishedName? {
        try name(replica.anchor, replica.side, replica.parent, replica.rdn, store)
    }

    private mutating func name(
        _ anchor: Anchor,
        _ side: Side,
        _ parent: Parent,
        _ rdn: RelativeDistinguishedName,
        _ store: any StoreTransaction
    ) throws -> DistinguishedName? {
        switch parent {
        case .root:
            return roots[side].first { $0.anchor == anchor }?.name
        case .unresolved(let parent):
            return parent.child(rdn)
        case .entry(let parent):
            guard let container = try containerName(parent, side, store) else { return nil }
            return container.child(rdn)
        }
    }

    mutating func containerName(
        _ anchor: Anchor,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> DistinguishedName? {
        if let known = places.name(side, anchor) { return known }
        guard let name = try name(of: anchor, side, store) else { return nil }
        places.note(side, anchor, name)
        return name
    }

    /// The canonical value of an entry's place: one octet for the object's own base, and for those who left, else the pair of its container; nil where the other side has no
    /// such container.
    mutating func canonicalParent(
        of replica: Replica,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> Octets? {
        let specification = object.mapping.specification
        if specification.deletions.policy == .move, let name = try name(of: replica, store),
            specification.isDeparted(name, replica.side)
        {
            return Engine.departed
        }
        if specification.isFlat || specification.isVirtualAtMiniOrange { return Engine.ownBase }
        if !specification.containerPairs.isEmpty { return try pairedContainer(of: replica, specification, store) }
        guard case .entry(let parent) = replica.parent else { return nil }
        if roots[replica.side].contains(where: { $0.anchor == parent && $0.objects.contains(object.name) }) {
            return Engine.ownBase
        }
        guard let id = try store.pairID(replica.side, parent), let pair = try store.outline(id), pair.isComplete,
            pair.kind == .container
        else { return nil }
        return Octets(id.rawValue.bigEndianOctets)
    }

    /// The longest container of the table in or below which an entry stands, by its number.
    private mutating func pairedContainer(
        of replica: Replica,
        _ specification: ObjectSpecification,
        _ store: any StoreTransaction
    ) throws -> Octets? {
        guard let name = try name(of: replica, store)?.parent else { return nil }
        var longest: (index: Int, depth: Int)?
        for (index, pair) in specification.containerPairs.enumerated() {
            let container = pair[replica.side]
            guard name.isEqualOrDescendant(of: container), container.rdns.count > longest?.depth ?? -1 else { continue }
            longest = (index, container.rdns.count)
        }
        guard let longest else { return Engine.ownBase }
        return Octets([1, UInt8(truncatingIfNeeded: longest.index >> 8), UInt8(truncatingIfNeeded: longest.index)])
    }

    /// One octet, since an attribute without octets would be absent.
    static let ownBase = Octets([0])
    /// Among those who left: the container of the policy for deletes, which has its own name on each side.
    static let departed = Octets([2])

    /// The DN of the container that a canonical parent means on a side.
    mutating func container(
        _ parent: Octets?,
        _ object: Object,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> DistinguishedName? {
        guard let parent, parent != Engine.ownBase else { return object.mapping.specification.scopes[side].base }
        if parent == Engine.departed { return object.mapping.specification.deletions.containers[side] }
        if parent.count == 3 {
            let index = Int(parent.bytes[1]) << 8 | Int(parent.bytes[2])
            let pairs = object.mapping.specification.containerPairs
            return pairs.indices.contains(index) ? pairs[index][side] : nil
        }
        guard let raw = UInt64(bigEndianOctets: parent.bytes), let pair = try store.pair(PairID(raw)),
            let anchor = pair.anchors[side]
        else { return nil }
        return try containerName(anchor, side, store)
    }

    /// Replaces the DNs of reference attributes by what they name. `own`: the entry itself, which may have come to its name just now.
    mutating func withResolvedReferences(
        _ attributes: Attributes,
        of own: EntrySnapshot,
        _ side: Side,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> Attributes {
        var resolved = attributes
        for item in attributes.items where object.mapping.isReference(side, item.name) {
            resolved[item.name] = try item.values.map { try reference($0, side, own: own, store).octets }
        }
        return resolved
    }

    mutating func reference(
        _ value: Octets,
        _ side: Side,
        own: EntrySnapshot? = nil,
        _ store: any StoreTransaction
    ) throws -> Reference {
        // A server only returns DNs here; anything else stays as it is, unresolved under a name that nothing has.
        guard let text = value.text, let name = try? DistinguishedName(parsing: text) else {
            return .unresolved(DistinguishedName([RelativeDistinguishedName(type: "invalid", value: value)]))
        }
        if let own, name.leaf?.normalized == own.name.leaf?.normalized, name.normalized == own.name.normalized {
            return .entry(own.anchor)
        }
        guard let anchor = try resolve(name, side, store) else { return .unresolved(name) }
        // AD tells its values by the names that entries have: by one that the entry itself had before, somebody else is named.
        if side == .ad, anchor == own?.anchor { return .unresolved(name) }
        return .entry(anchor)
    }

    /// The values as the server takes them: references become DNs again.
    mutating func withNamedReferences(
        _ values: [Octets],
        _ attribute: String,
        _ side: Side,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> [Octets] {
        guard object.mapping.isReference(side, attribute) else { return values }
        return try values.compactMap { value in
            switch Reference(value) {
            case .entry(let anchor): try name(of: anchor, side, store).map { Octets($0.description) }
            case .unresolved(let name): Octets(name.description)
            case nil: nil
            }
        }
    }
}

/// Looks references up in the store.
struct StoreResolver: ReferenceResolver {
    let store: any StoreTransaction

    func pairID(_ side: Side, _ anchor: Anchor) throws -> PairID? {
        guard let id = try store.pairID(side, anchor) else { return nil }
        // While it has one side only it may still be joined, and be another pair then; a deleted entry is no target.
        guard let pair = try store.outline(id), pair.isComplete, pair.presence[side] == .present else { return nil }
        return id
    }

    func anchor(_ side: Side, of pair: PairID) throws -> Anchor? {
        guard let pair = try store.outline(pair), pair.presence[side] == .present else { return nil }
        return pair.anchors[side]
    }
}
