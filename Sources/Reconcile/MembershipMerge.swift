package import SyncModel

/// The three-way merge of one membership: whether somebody is in a group on each side, and was when both last agreed.
package struct MembershipMerge: Hashable, Sendable {
    package var direction: Direction

    package init(direction: Direction = .both) {
        self.direction = direction
    }

    /// Whether the membership is to stand on both sides.
    ///
    /// With two states and a base there is no conflict: where the sides differ, exactly one of them has moved since they agreed, and that is what somebody
    /// wanted. Where they never agreed, what is there was added.
    package func isWanted(base: Bool, ad: Bool, miniorange: Bool) -> Bool {
        switch direction {
        case .toMiniOrange: ad
        case .toAD: miniorange
        case .both: ad == base ? miniorange : ad
        }
    }
}
