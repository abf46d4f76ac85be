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

    /// A group that is on both sides, looked up once for many of its memberships.
    struct LinkGroup {
        fileprivate var outline: PairOutline
        fileprivate var object: Object
        fileprivate var membership: MembershipSpecification
        fileprivate var atAD: Anchor
        fileprivate var atMiniOrange: Anchor

        func anchor(_ side: Side) -> Anchor { side == .ad ? atAD : atMiniOrange }
    }

    func linkGroup(_ side: Side, _ anchor: Anchor, _ store: any StoreTransaction) throws -> LinkGroup? {
        guard let id = try store.pairID(side, anchor), let outline = try store.outline(id), outline.isThere,
            let object = outline.object.flatMap({ objects[$0] }),
            let membership = object.mapping.specification.membership,
            let atAD = outline.anchors.ad, let atMiniOrange = outline.anchors.miniorange
        else { return nil }
        return LinkGroup(
            outline: outline,
            object: object,
            membership: membership,
            atAD: atAD,
            atMiniOrange: atMiniOrange
        )
    }

    /// What is known of a membership on both sides; nil while one of the two entries is not on both. `known`: a group that was just looked up, which may be
    /// another one.
    func view(of link: LinkID, within known: LinkGroup? = nil, _ store: any StoreTransaction) throws -> LinkView? {
        guard link.member != .placeholder,
            let group = known?.anchor(link.side) == link.group
                ? known : try linkGroup(link.side, link.group, store),
            let memberID = try store.pairID(link.side, link.member), let member = try store.outline(memberID),
            member.isThere, let memberAtAD = member.anchors.ad, let memberAtMiniOrange = member.anchors.miniorange
        else { return nil }
        let ids = PerSide(
            ad: LinkID(side: .ad, group: group.atAD, member: memberAtAD),
            miniorange: LinkID(side: .miniorange, group: group.atMiniOrange, member: memberAtMiniOrange)
        )
        let rows = PerSide<Link?>(ad: try store.link(ids.ad), miniorange: try store.link(ids.miniorange))
        return LinkView(
            group: group.outline,
            member: member,
            object: group.object,
            membership: group.membership,
            ids: ids,
            rows: rows
        )
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
