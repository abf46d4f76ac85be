import Mapping
import SyncModel

/// A log's edits, applied to the replica that the cache holds.
extension Engine {
    mutating func ingestEdits(
        _ anchor: Anchor,
        _ edits: [AttributeEdit],
        _ newName: DistinguishedName?,
        _ version: Version,
        _ stamp: Stamp?,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let edits = try takeMembershipEdits(anchor, edits, version, side, store, now: now)
        guard let old = try store.replica(side, anchor) else {
            // Not in the cache: it may just have come into scope, so it is read as a whole.
            guard try store.pairID(side, anchor) != nil || !edits.isEmpty || newName != nil else { return }
            try requestRead(.read(anchor), side, store, now: now)
            return
        }
        if newName != nil, side == .miniorange, renamesTold[anchor] == nil, hasMemberships {
            renamesTold[anchor] = version
        }
        if let newName, old.version == .unordered || version.supersedes(old.version) {
            namesAwaited[side][anchor] = newName
        }
        guard version.supersedes(old.version) else {
            count { $0.echoes[side] += 1 }
            return
        }
        if let newName, !roots[side].contains(where: { newName.isDescendant(of: $0.name) }) {
            // What stands in it goes along, and is read again with it when it comes back: also where an answer that is on its way will show it back already.
            try leaveScope(anchor, old, side, version, store, now: now)
            return
        }
        // It is being read already, and that answer may be older than this edit.
        guard old.version != .unordered else { return try readAnew(old, store, now: now) }
        guard let object = old.object.flatMap({ objects[$0] }), newName == nil,
            let attributes = try edited(old.attributes, edits, side, object, store),
            let name = try name(of: old, store)
        else {
            try readAnew(old, store, now: now)
            return
        }
        guard
            case .inScope(let isProtected) = object.mapping.standing(side, name: name, attributes: attributes)
        else {
            try readAnew(old, store, now: now)
            return
        }
        var replica = old
        replica.attributes = attributes
        replica.withheld.removeAll { name in edits.contains { $0.name == name } }
        replica.version = version
        replica.isProtected = isProtected
        replica.keys = object.mapping.keys(side, attributes)
        try adopt(replica, old, stamp: stamp, store, now: now)
        try readIfMisnamed(anchor, side, .told(version), knowing: old, store, now: now)
    }

    /// Asks for an entry whose edits could not be applied. Until the answer its replica has no version: edits that follow lack what this one did.
    mutating func readAnew(_ old: Replica, _ store: any StoreTransaction, now: Timestamp) throws {
        try forgetVersion(of: old, store)
        try requestRead(.read(old.anchor), old.side, store, now: now)
    }

    func forgetVersion(of old: Replica, _ store: any StoreTransaction) throws {
        var replica = old
        replica.version = .unordered
        if replica != old { try store.put(replica, replacing: old) }
    }

    /// The attributes after a log's edits, or nil where the log and the cache don't fit and only the server knows.
    private mutating func edited(
        _ attributes: Attributes,
        _ edits: [AttributeEdit],
        _ side: Side,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> Attributes? {
        var result = attributes
        for edit in edits {
            guard object.mapping.selected(side, [edit.name: ["x"]]).isEmpty == false else { continue }
            var values = edit.values
            if object.mapping.isReference(side, edit.name) {
                values = try values.map { try reference($0, side, store).octets }
            }
            guard let next = AttributeEditing.apply(edit.kind, values, to: result[edit.name]) else { return nil }
            result[edit.name] = next
        }
        return result
    }
}
