package import SyncModel

extension InMemoryStore {
    package struct BacklinkKey: Hashable, Comparable, Sendable {
        package let member: EntryKey
        package let group: Anchor

        package static func < (lhs: BacklinkKey, rhs: BacklinkKey) -> Bool {
            (lhs.member, lhs.group) < (rhs.member, rhs.group)
        }
    }

    package struct ParkedLinkKey: Hashable, Comparable, Sendable {
        package let side: Side
        package let name: Octets
        package let holder: Anchor

        package static func < (lhs: ParkedLinkKey, rhs: ParkedLinkKey) -> Bool {
            (lhs.side, lhs.name, lhs.holder) < (rhs.side, rhs.name, rhs.holder)
        }
    }

    package struct HeldNameKey: Hashable, Comparable, Sendable {
        package let holder: EntryKey
        package let name: Octets

        package static func < (lhs: HeldNameKey, rhs: HeldNameKey) -> Bool {
            (lhs.holder, lhs.name) < (rhs.holder, rhs.name)
        }
    }

    package struct PairLinkKey: Hashable, Comparable, Sendable {
        package let pair: PairID
        package let link: LinkID

        package static func < (lhs: PairLinkKey, rhs: PairLinkKey) -> Bool {
            (lhs.pair, lhs.link) < (rhs.pair, rhs.link)
        }
    }

    // MARK: - Memberships

    package func link(_ id: LinkID) -> Link? { contents.links[id] }

    package func put(_ link: Link, for id: LinkID) {
        if contents.links[id] == nil { set(\.backlinks, backlinkKey(id), true) }
        set(\.links, id, link)
    }

    package func removeLink(_ id: LinkID) {
        guard contents.links[id] != nil else { return }
        set(\.links, id, nil)
        set(\.backlinks, backlinkKey(id), nil)
    }

    package func forEachLink(
        _ side: Side,
        ofGroup group: Anchor,
        after: Anchor?,
        _ body: (Anchor, Link) throws -> Bool
    ) rethrows {
        var next =
            if let after {
                contents.links.next(after: LinkID(side: side, group: group, member: after))
            } else {
                contents.links.first { ($0.side, $0.group) < (side, group) }
            }
        while let id = next, id.side == side, id.group == group, let link = contents.links[id] {
            guard try body(id.member, link) else { return }
            next = contents.links.next(after: id)
        }
    }

    package func forEachGroup(
        _ side: Side,
        ofMember member: Anchor,
        after: Anchor?,
        _ body: (Anchor) throws -> Bool
    ) rethrows {
        let entry = EntryKey(side: side, anchor: member)
        var next =
            if let after {
                contents.backlinks.next(after: BacklinkKey(member: entry, group: after))
            } else {
                contents.backlinks.first { $0.member < entry }
            }
        while let row = next, row.member == entry, try body(row.group) { next = contents.backlinks.next(after: row) }
    }

    private func backlinkKey(_ id: LinkID) -> BacklinkKey {
        BacklinkKey(member: EntryKey(side: id.side, anchor: id.member), group: id.group)
    }

    // MARK: - Containers

    package func children(_ side: Side, of parent: Anchor, after: Anchor?, limit: Int) -> [Anchor] {
        let container = EntryKey(side: side, anchor: parent)
        var found: [Anchor] = []
        var next = contents.names.first { $0.parent < container }
        while let row = next, row.parent == container {
            found += contents.names[row] ?? []
            next = contents.names.next(after: row)
        }
        return Array(found.filter { anchor in after.map { $0 < anchor } ?? true }.sorted().prefix(limit))
    }

    // MARK: - Members that nothing is known of

    package func parkLink(_ side: Side, name: Octets, holder: Anchor) {
        set(\.parkedLinks, ParkedLinkKey(side: side, name: name, holder: holder), true)
        set(\.heldNames, HeldNameKey(holder: EntryKey(side: side, anchor: holder), name: name), true)
    }

    package func unparkLink(_ side: Side, name: Octets, holder: Anchor) {
        set(\.parkedLinks, ParkedLinkKey(side: side, name: name, holder: holder), nil)
        set(\.heldNames, HeldNameKey(holder: EntryKey(side: side, anchor: holder), name: name), nil)
    }

    package func takeParkedLinks(_ side: Side, name: Octets) -> [Anchor] {
        var found: [Anchor] = []
        while let row = contents.parkedLinks.first(notBelow: { ($0.side, $0.name) < (side, name) }),
            row.side == side, row.name == name
        {
            found.append(row.holder)
            unparkLink(side, name: name, holder: row.holder)
        }
        return found
    }

    package func parkedLinks(_ side: Side, holder: Anchor) -> [Octets] {
        let entry = EntryKey(side: side, anchor: holder)
        var found: [Octets] = []
        var next = contents.heldNames.first { $0.holder < entry }
        while let row = next, row.holder == entry {
            found.append(row.name)
            next = contents.heldNames.next(after: row)
        }
        return found
    }

    // MARK: - Memberships to be looked at

    package func pend(_ link: LinkID, of pair: PairID) {
        set(\.pendingLinks, PairLinkKey(pair: pair, link: link), true)
    }

    package func unpend(_ link: LinkID, of pair: PairID) {
        set(\.pendingLinks, PairLinkKey(pair: pair, link: link), nil)
    }

    package func pending(of pair: PairID, limit: Int) -> [LinkID] {
        links(of: pair, limit: limit, in: contents.pendingLinks)
    }

    package func put(_ refused: RefusedLink, for link: LinkID, of pair: PairID) {
        set(\.refusedLinks, PairLinkKey(pair: pair, link: link), refused)
    }

    package func removeRefused(_ link: LinkID, of pair: PairID) {
        set(\.refusedLinks, PairLinkKey(pair: pair, link: link), nil)
    }

    package func refusedLinks(of pair: PairID, limit: Int) -> [(LinkID, RefusedLink)] {
        links(of: pair, limit: limit, in: contents.refusedLinks).compactMap { link in
            contents.refusedLinks[PairLinkKey(pair: pair, link: link)].map { (link, $0) }
        }
    }

    private func links<Value>(of pair: PairID, limit: Int, in table: SortedTable<PairLinkKey, Value>) -> [LinkID] {
        var found: [LinkID] = []
        var next = table.first { $0.pair < pair }
        while let row = next, row.pair == pair, found.count < limit {
            found.append(row.link)
            next = table.next(after: row)
        }
        return found
    }
}
