import Mapping
import SyncModel

extension Engine {
    /// Both pairs of a membership, with the rows on both sides.
    struct LinkView {
        var group: PairOutline
        var member: PairOutline
        var object: Object
        var membership: MembershipSpecification
        var ids: PerSide<LinkID>
        var rows: PerSide<Link?>

        var isAgreed: Bool { rows.ad?.isAgreed == true || rows.miniorange?.isAgreed == true }
    }

    /// What is known of a membership on both sides; nil while one of the two entries is not on both.
    func view(of link: LinkID, _ store: any StoreTransaction) throws -> LinkView? {
        guard link.member != .placeholder,
            let groupID = try store.pairID(link.side, link.group), let group = try store.outline(groupID),
            let memberID = try store.pairID(link.side, link.member), let member = try store.outline(memberID),
            let object = group.object.flatMap({ objects[$0] }),
            let membership = object.mapping.specification.membership,
            group.isThere, member.isThere,
            let groupAtAD = group.anchors.ad, let groupAtMiniOrange = group.anchors.miniorange,
            let memberAtAD = member.anchors.ad, let memberAtMiniOrange = member.anchors.miniorange
        else { return nil }
        let ids = PerSide(
            ad: LinkID(side: .ad, group: groupAtAD, member: memberAtAD),
            miniorange: LinkID(side: .miniorange, group: groupAtMiniOrange, member: memberAtMiniOrange)
        )
        let rows = PerSide<Link?>(ad: try store.link(ids.ad), miniorange: try store.link(ids.miniorange))
        return LinkView(group: group, member: member, object: object, membership: membership, ids: ids, rows: rows)
    }

    /// Both sides show the same.
    mutating func agree(_ view: LinkView, _ isPresent: Bool, _ store: any StoreTransaction) throws {
        for side in Side.allCases {
            guard let old = view.rows[side] else { continue }
            var link = old
            link.isAgreed = isPresent && link.isPresent
            let isAwaited = try isAwaitingEcho(view.ids[side], link, view.membership, store)
            if link.isPresent || isAwaited {
                if link != old { try store.put(link, for: view.ids[side]) }
            } else {
                try store.removeLink(view.ids[side])
            }
        }
    }

    /// Whether a row that stands for nothing must still tell older news from newer.
    private func isAwaitingEcho(
        _ id: LinkID,
        _ link: Link,
        _ membership: MembershipSpecification,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard link.version != .unordered else { return false }
        let holder = membership.form(id.side).holder == .group ? id.group : id.member
        guard let replica = try store.replica(id.side, holder) else { return false }
        return replica.membersVersion != .unordered && isOlder(replica.membersVersion, than: link.version)
    }
}
