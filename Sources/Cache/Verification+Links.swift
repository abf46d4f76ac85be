internal import LMDB
import SyncModel

// Memberships, and the two ways by which each is found.
extension Verification {
    mutating func checkLinks() throws {
        let versions = try cache.linkVersions()
        try forEachRow(.links) { check, key, value in
            guard let (side, group, member) = key.sideAndAnchors else { return check.note(.links, key, .unreadable) }
            _ = try check.cache.decode(.links, key, value) { reader throws(RecordDamage) in
                try LinkCodec.decode(versions, from: &reader)
            }
            if try !check.contains(.backlinks, check.ownKey.link(side, member, group)) {
                check.note(.links, key, .backlinkMissing)
            }
        }
    }

    mutating func checkBacklinks() throws {
        try forEachRow(.backlinks) { check, key, _ in
            guard let (side, member, group) = key.sideAndAnchors else {
                return check.note(.backlinks, key, .unreadable)
            }
            if try !check.contains(.links, check.ownKey.link(side, group, member)) {
                check.note(.backlinks, key, .linkMissing)
            }
        }
    }

    mutating func checkParkedLinks() throws {
        try forEachRow(.parkedLinks) { check, key, value in
            guard let side = key.first.flatMap(Side.init(rawValue:)), let holder = key.anchor(at: key.count - 16) else {
                return check.note(.parkedLinks, key, .unreadable)
            }
            for name in try check.cache.parkedNames(key, value) {
                guard check.ownKey.parkedLink(side, name: name, holder: holder).equals(key) else {
                    check.note(.parkedLinks, key, .unreadable)
                    continue
                }
                let names = try check.read(.heldNames, check.ownKey.name(side, parent: holder, rdn: name)) {
                    try check.cache.heldNames($0, $1)
                }
                if names?.contains(name) != true { check.note(.parkedLinks, key, .heldNameMissing) }
            }
        }
    }

    mutating func checkHeldNames() throws {
        try forEachRow(.heldNames) { check, key, value in
            guard let side = key.first.flatMap(Side.init(rawValue:)), let holder = key.anchor(at: 1) else {
                return check.note(.heldNames, key, .unreadable)
            }
            for name in try check.cache.heldNames(key, value) {
                guard check.ownKey.name(side, parent: holder, rdn: name).equals(key) else {
                    check.note(.heldNames, key, .unreadable)
                    continue
                }
                let names = try check.read(.parkedLinks, check.ownKey.parkedLink(side, name: name, holder: holder)) {
                    try check.cache.parkedNames($0, $1)
                }
                if names?.contains(name) != true { check.note(.heldNames, key, .parkedLinkMissing) }
            }
        }
    }

    private func read<Value>(
        _ table: CacheTable,
        _ key: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Value
    ) throws -> Value? {
        try cache.tables[table].get(key, in: cache.transaction) { try body(key, $0) }
    }

    /// Of tables whose key begins with the id of a pair and names a membership.
    mutating func checkLinksOfPairs(_ table: CacheTable) throws {
        try forEachRow(table) { check, key, value in
            guard let pair = key.number(at: 0), key.linkOfPair != nil else {
                return check.note(table, key, .unreadable)
            }
            if try !check.contains(.pairs, check.ownKey.number(pair)) { check.note(table, key, .pairMissing) }
            guard table == .refusedLinks else { return }
            _ = try check.cache.decode(table, key, value) { reader throws(RecordDamage) in
                try RefusedLinkCodec.decode(from: &reader)
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Of a key of links or backlinks.
    fileprivate var sideAndAnchors: (side: Side, first: Anchor, second: Anchor)? {
        guard count == 33, let side = Side(rawValue: self[0]), let first = anchor(at: 1), let second = anchor(at: 17)
        else { return nil }
        return (side, first, second)
    }
}
