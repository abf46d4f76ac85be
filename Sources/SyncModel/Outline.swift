/// A replica without what it holds: enough for its name and its memberships, for a fraction of the reading.
package struct ReplicaOutline: Hashable, Sendable {
    package var object: String?
    package var kind: ObjectKind
    package var parent: Parent
    package var rdn: RelativeDistinguishedName
    package var isProtected: Bool

    package init(
        object: String?,
        kind: ObjectKind,
        parent: Parent,
        rdn: RelativeDistinguishedName,
        isProtected: Bool
    ) {
        self.object = object
        self.kind = kind
        self.parent = parent
        self.rdn = rdn
        self.isProtected = isProtected
    }

    package init(_ replica: Replica) {
        self.init(
            object: replica.object,
            kind: replica.kind,
            parent: replica.parent,
            rdn: replica.rdn,
            isProtected: replica.isProtected
        )
    }
}

/// A pair without its base.
package struct PairOutline: Hashable, Sendable {
    package var id: PairID
    package var object: String?
    package var kind: ObjectKind
    package var anchors: PerSide<Anchor?>
    package var presence: PerSide<Presence>

    package init(
        id: PairID,
        object: String?,
        kind: ObjectKind,
        anchors: PerSide<Anchor?>,
        presence: PerSide<Presence>
    ) {
        self.id = id
        self.object = object
        self.kind = kind
        self.anchors = anchors
        self.presence = presence
    }

    package init(_ pair: Pair) {
        self.init(
            id: pair.id,
            object: pair.object,
            kind: pair.kind,
            anchors: pair.anchors,
            presence: pair.presence
        )
    }

    package var isComplete: Bool { anchors.ad != nil && anchors.miniorange != nil }
    /// Whether both sides have the entry.
    package var isThere: Bool { isComplete && presence.ad == .present && presence.miniorange == .present }
}

extension StoreTransaction {
    package func outline(_ side: Side, _ anchor: Anchor) throws -> ReplicaOutline? {
        try replica(side, anchor).map { ReplicaOutline($0) }
    }

    package func outline(_ id: PairID) throws -> PairOutline? {
        try pair(id).map { PairOutline($0) }
    }
}
