/// How one side of a pair stands.
package enum Presence: UInt8, Hashable, Sendable {
    /// Never seen there.
    case missing = 0
    case present = 1
    /// Deleted, with proof.
    case deleted = 2
    /// It exists, but no longer within the configured scope; nothing is concluded from that.
    case outOfScope = 3
}

/// Two replicas that are the same person, group or container, with what both last agreed on. A pair with one side only is an entry that is not
/// yet, or no longer, on the other.
package struct Pair: Hashable, Sendable {
    package var id: PairID
    package var object: String?
    package var kind: ObjectKind
    package var anchors: PerSide<Anchor?>
    package var presence: PerSide<Presence>
    /// The merge base in canonical form; nil until both sides were once in agreement.
    package var base: Attributes?
    /// How often the AD name was taken when it was created: 0, then 2, 3 … is appended to its CN.
    package var nameCounter: UInt8

    package init(id: PairID, object: String?, kind: ObjectKind) {
        self.id = id
        self.object = object
        self.kind = kind
        self.anchors = PerSide(both: nil)
        self.presence = PerSide(both: .missing)
        self.base = nil
        self.nameCounter = 0
    }

    package var isComplete: Bool { anchors.ad != nil && anchors.miniorange != nil }
}

/// The canonical attribute that holds the pair of the container in which an entry stands: place merges like any other value.
package let parentAttribute = "@parent"

/// The name under which a base holds those values of a canonical reference that both sides agreed on and a side has lost with the entries that they name.
package func lostReferences(_ name: String, _ side: Side) -> String { "\(name);lost-\(side.name)" }
