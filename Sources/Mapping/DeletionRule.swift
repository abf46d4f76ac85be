package import SyncModel

/// What becomes of the other side's entry when one is deleted.
package enum DeletePolicy: UInt8, Hashable, Sendable {
    case delete
    /// The account is disabled, and stays by itself.
    case disable
    /// The entry is moved to a container, and stays there by itself.
    case move
    /// Nothing: the entry stays by itself.
    case keep
}

/// How the deletions of an object's entries are carried.
package struct DeletionRule: Hashable, Sendable {
    package var policy: DeletePolicy
    /// Milliseconds from when a deletion is learned until it is carried.
    package var grace: Int64
    /// Nil: any number.
    package var limit: DeletionLimit?
    /// Where `move` moves to; nil for a side that is not written.
    package var containers: PerSide<DistinguishedName?>
    /// Whether `move` disables the account as well.
    package var disables: Bool

    package init(
        policy: DeletePolicy = .delete,
        grace: Int64 = 0,
        limit: DeletionLimit? = nil,
        containers: PerSide<DistinguishedName?> = PerSide(both: nil),
        disables: Bool = false
    ) {
        self.policy = policy
        self.grace = grace
        self.limit = limit
        self.containers = containers
        self.disables = disables
    }

    package var disablesAccount: Bool { policy == .disable || policy == .move && disables }
}

extension ObjectSpecification {
    /// The rule by which accounts are enabled and disabled.
    package var accountRule: AttributeSpecification? {
        attributes.first { rule in
            switch rule.type {
            case .accountEnabled, .accountEnabledFlag: true
            default: false
            }
        }
    }

    /// The canonical attribute that `accountRule` carries, with its value for a disabled account.
    package var disabledAccount: (name: String, values: [Octets])? {
        accountRule.map { (CaseFolding.lowercaseName($0.ad), AccountState.truth(false)) }
    }

    /// Whether a name stands in the container to which this object's deleted entries of the side are moved.
    package func isDeparted(_ name: DistinguishedName, _ side: Side) -> Bool {
        guard deletions.policy == .move, let container = deletions.containers[side] else { return false }
        return name.isDescendant(of: container)
    }
}
