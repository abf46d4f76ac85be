internal import LMDB
package import SyncModel

// Memberships, and the entries of a container.
extension CacheTransaction {
    package func link(_ id: LinkID) throws -> Link? {
        if let known = workspace.links.value(id) { return known }
        let versions = try linkVersions()
        let link = try record(.links, tables.links, key.link(id.side, id.group, id.member)) {
            reader throws(RecordDamage) in try LinkCodec.decode(versions, from: &reader)
        }
        workspace.links.note(link, for: id)
        return link
    }

    package func put(_ link: Link, for id: LinkID) throws {
        let transaction = try writable()
        let versions = try linkVersions()
        try rememberServer(of: link.version, in: versions)
        LinkCodec.encode(link, versions, into: writer)
        let linkKey = key.link(id.side, id.group, id.member)
        let isKnown = workspace.links.value(id).flatMap { $0 } != nil
        if try isKnown || !tables.links.put(linkKey, writer.octets, mode: .keepExisting, in: transaction) {
            // A row that is there has its way back already, which lies in another page for each group.
            try tables.links.put(linkKey, writer.octets, in: transaction)
        } else {
            try tables.backlinks.put(key.link(id.side, id.member, id.group), .nothing, in: transaction)
        }
        workspace.links.note(link, for: id)
    }

    package func removeLink(_ id: LinkID) throws {
        let transaction = try writable()
        let wasThere = try tables.links.delete(key.link(id.side, id.group, id.member), in: transaction)
        workspace.links.note(nil, for: id)
        guard wasThere else { return }
        try tables.backlinks.delete(key.link(id.side, id.member, id.group), in: transaction)
    }

    package func forEachLink(
        _ side: Side,
        ofGroup group: Anchor,
        after: Anchor?,
        _ body: (Anchor, Link) throws -> Bool
    ) throws {
        let versions = try linkVersions()
        try forEachAnchor(.links, side, group, after) { key, value, member in
            let link = try decode(.links, key, value) { reader throws(RecordDamage) in
                try LinkCodec.decode(versions, from: &reader)
            }
            return try body(member, link)
        }
    }

    package func forEachGroup(
        _ side: Side,
        ofMember member: Anchor,
        after: Anchor?,
        _ body: (Anchor) throws -> Bool
    ) throws {
        try forEachAnchor(.backlinks, side, member, after) { _, _, group in try body(group) }
    }

    /// Visits the keys of side, `first` and another anchor, beyond `after`.
    private func forEachAnchor(
        _ table: CacheTable,
        _ side: Side,
        _ first: Anchor,
        _ after: Anchor?,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, Anchor) throws -> Bool
    ) throws {
        let prefix = [UInt8](key.entry(side, first))
        let start = after.map { prefix + $0.octets + [0] }
        try tables[table].scan(prefix: prefix, from: start, in: transaction) { key, value in
            guard key.count == 33, let second = key.anchor(at: 17) else { throw damaged(table, key, "invalid key") }
            return try body(key, value, second) ? .next : .stop
        }
    }

    /// The table is in order of the names, so each call walks all names below the container; no entry is read.
    package func children(_ side: Side, of parent: Anchor, after: Anchor?, limit: Int) throws -> [Anchor] {
        guard limit > 0 else { return [] }
        var found: [Anchor] = []
        try tables.names.scan(prefix: [UInt8](key.entry(side, parent)), in: transaction) { key, value in
            for anchor in try anchors(key, value) where after.map({ $0 < anchor }) ?? true { found.append(anchor) }
            return .next
        }
        found.sort()
        return Array(found.prefix(limit))
    }

    // MARK: - Memberships to be looked at

    package func pend(_ link: LinkID, of pair: PairID) throws {
        try tables.pendingLinks.put(key.link(link, of: pair), .nothing, in: try writable())
    }

    package func unpend(_ link: LinkID, of pair: PairID) throws {
        try tables.pendingLinks.delete(key.link(link, of: pair), in: try writable())
    }

    package func pending(of pair: PairID, limit: Int) throws -> [LinkID] {
        var found: [LinkID] = []
        try forEachLink(.pendingLinks, of: pair, limit: limit) { link, _, _ in found.append(link) }
        return found
    }

    package func put(_ refused: RefusedLink, for link: LinkID, of pair: PairID) throws {
        RefusedLinkCodec.encode(refused, into: writer)
        try storeRecord(tables.refusedLinks, key.link(link, of: pair))
    }

    package func removeRefused(_ link: LinkID, of pair: PairID) throws {
        try tables.refusedLinks.delete(key.link(link, of: pair), in: try writable())
    }

    package func refusedLinks(of pair: PairID, limit: Int) throws -> [(LinkID, RefusedLink)] {
        var found: [(LinkID, RefusedLink)] = []
        try forEachLink(.refusedLinks, of: pair, limit: limit) { link, key, value in
            let refused = try decode(.refusedLinks, key, value) { reader throws(RecordDamage) in
                try RefusedLinkCodec.decode(from: &reader)
            }
            found.append((link, refused))
        }
        return found
    }

    private func forEachLink(
        _ table: CacheTable,
        of pair: PairID,
        limit: Int,
        _ body: (LinkID, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard limit > 0 else { return }
        var count = 0
        try tables[table].scan(prefix: pair.rawValue.bigEndianOctets, in: transaction) { key, value in
            guard let link = key.linkOfPair else { throw damaged(table, key, "invalid key") }
            try body(link, key, value)
            count += 1
            return count < limit ? .next : .stop
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The value of a row whose key says it all.
    static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    /// The membership in a key of pair, side, group, member; nil in any other.
    var linkOfPair: LinkID? {
        guard count == 41, let side = Side(rawValue: self[8]), let group = anchor(at: 9), let member = anchor(at: 25)
        else { return nil }
        return LinkID(side: side, group: group, member: member)
    }
}
