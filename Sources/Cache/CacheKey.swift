internal import Cryptography
internal import Glibc
import LMDB
import SyncModel

/// Builds the key of one entry of a table, in memory that is kept from key to key.
///
/// All numbers are big-endian, so that the order of the octets is the order of the numbers.
///
/// Where the cache is encrypted, names and match keys, and what is before them in the key, stand there as the first half of an HMAC-SHA-256: equal ones are found, and
/// nothing is told of them but that. The names of attributes, in the keys of stamps and of held conflicts, stay as they are.
final class CacheKey {
    private let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Environment.maximumKeyOctets,
        alignment: 8
    )
    @exclusivity(unchecked) private var count = 0
    private static let digestOctets = 16
    /// Makes the digests of names; nil where names stand in keys.
    private let digest: KeyedDigest?

    init() { digest = nil }

    init(_ seal: CacheSeal?) throws { digest = try seal?.makeDigest() }

    deinit { memory.deallocate() }

    /// Valid until the next key is built.
    var octets: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    /// side, anchor: replicas, joins.
    func entry(_ side: Side, _ anchor: Anchor) -> UnsafeRawBufferPointer {
        start(side)
        append(anchor)
        return octets
    }

    /// side, parent, normalised RDN: names; side, holder, name: heldNames. One that is too long ends with a digest, and only then the key has the greatest length.
    func name(_ side: Side, parent: Anchor, rdn: Octets) -> UnsafeRawBufferPointer {
        start(side)
        append(parent)
        if !appendDigest(of: rdn, .name) { appendWithoutLength(rdn) }
        return octets
    }

    /// side, anchor, attribute: stamps. As with names, only a key with a digest has the greatest length.
    func stamp(_ side: Side, _ anchor: Anchor, attribute: Octets) -> UnsafeRawBufferPointer {
        start(side)
        append(anchor)
        appendWithoutLength(attribute)
        return octets
    }

    /// side, length, match key, anchor: keys. The length keeps a key apart from those that begin with it.
    func match(_ side: Side, key: Octets, _ anchor: Anchor) -> UnsafeRawBufferPointer {
        _ = matchPrefix(side, key: key)
        append(anchor)
        return octets
    }

    func matchPrefix(_ side: Side, key: Octets) -> UnsafeRawBufferPointer {
        start(side)
        if !appendDigest(of: key, .match) { appendWithLength(key, tail: 16) }
        return octets
    }

    /// side, length, normalised DN, waiter: parked.
    func parked(_ side: Side, name: Octets, waiter: PairID) -> UnsafeRawBufferPointer {
        _ = parkedPrefix(side, name: name)
        append(waiter.rawValue)
        return octets
    }

    func parkedPrefix(_ side: Side, name: Octets) -> UnsafeRawBufferPointer {
        start(side)
        if !appendDigest(of: name, .parked) { appendWithLength(name, tail: 8) }
        return octets
    }

    /// side, group, member: links. With the two exchanged: backlinks.
    func link(_ side: Side, _ first: Anchor, _ second: Anchor) -> UnsafeRawBufferPointer {
        start(side)
        append(first)
        append(second)
        return octets
    }

    /// side, length, name, holder: parkedLinks. As with names, only a key with a digest has the greatest length.
    func parkedLink(_ side: Side, name: Octets, holder: Anchor) -> UnsafeRawBufferPointer {
        _ = parkedLinkPrefix(side, name: name)
        append(holder)
        return octets
    }

    func parkedLinkPrefix(_ side: Side, name: Octets) -> UnsafeRawBufferPointer {
        start(side)
        if appendDigest(of: name, .parkedLink) { return octets }
        appendLength(name)
        let room = memory.count - count - 16
        append(name, room: room - 1, roomWithDigest: room)
        return octets
    }

    /// pair, side, group, member: pendingLinks, refusedLinks.
    func link(_ link: LinkID, of pair: PairID) -> UnsafeRawBufferPointer {
        count = 0
        append(pair.rawValue)
        append(octet: link.side.rawValue)
        append(link.group)
        append(link.member)
        return octets
    }

    /// target, waiter: waiting, referrers.
    func waiting(on target: PairID, waiter: PairID) -> UnsafeRawBufferPointer {
        count = 0
        append(target.rawValue)
        append(waiter.rawValue)
        return octets
    }

    /// A number alone: pairs, dirty, intents, quarantine, conflicts, holds, deletions.
    func number(_ number: UInt64) -> UnsafeRawBufferPointer {
        count = 0
        append(number)
        return octets
    }

    /// time, sequence, pair: history.
    func history(_ time: Timestamp, sequence: UInt64, pair: PairID) -> UnsafeRawBufferPointer {
        count = 0
        append(Self.ordered(time))
        append(sequence)
        append(pair.rawValue)
        return octets
    }

    /// pair, time, sequence: historyOf.
    func history(of pair: PairID, _ time: Timestamp, sequence: UInt64) -> UnsafeRawBufferPointer {
        count = 0
        append(pair.rawValue)
        append(Self.ordered(time))
        append(sequence)
        return octets
    }

    /// pair, time, conflict: conflictsOf.
    func conflict(_ id: ConflictID, of pair: PairID, _ time: Timestamp) -> UnsafeRawBufferPointer {
        count = 0
        append(pair.rawValue)
        append(Self.ordered(time))
        append(id.rawValue)
        return octets
    }

    /// time, conflict, pair: conflictsAt.
    func conflict(_ id: ConflictID, at time: Timestamp, pair: PairID) -> UnsafeRawBufferPointer {
        _ = openConflict(id, at: time)
        append(pair.rawValue)
        return octets
    }

    /// time, conflict: openConflicts.
    func openConflict(_ id: ConflictID, at time: Timestamp) -> UnsafeRawBufferPointer {
        count = 0
        append(Self.ordered(time))
        append(id.rawValue)
        return octets
    }

    /// pair, name: heldConflicts, settlements. As with names, only a key with a digest has the greatest length.
    func named(_ pair: PairID, _ name: Octets) -> UnsafeRawBufferPointer {
        count = 0
        append(pair.rawValue)
        appendWithoutLength(name)
        return octets
    }

    /// side, what: cursors.
    func feed(_ side: Side, _ what: Feed) -> UnsafeRawBufferPointer {
        start(side)
        append(octet: what.rawValue)
        return octets
    }

    enum Feed: UInt8 {
        case cursor = 0
        case loaded = 1
    }

    static let factMark: UInt8 = 1

    /// 1, name: the facts within meta, whose other keys begin with a letter.
    func fact(_ name: Octets) -> UnsafeRawBufferPointer {
        count = 0
        append(octet: Self.factMark)
        if !appendDigest(of: name, .fact) { appendWithoutLength(name) }
        return octets
    }

    /// Times before 1970 come first too.
    static func ordered(_ time: Timestamp) -> UInt64 { UInt64(bitPattern: time.milliseconds) ^ 1 << 63 }

    static func time(ordered: UInt64) -> Timestamp {
        Timestamp(milliseconds: Int64(bitPattern: ordered ^ 1 << 63))
    }

    private func start(_ side: Side) {
        count = 0
        append(octet: side.rawValue)
    }

    private func append(octet: UInt8) {
        memory[count] = octet
        count += 1
    }

    private func append(_ number: UInt64) {
        memory.storeBytes(of: number.bigEndian, toByteOffset: count, as: UInt64.self)
        count += 8
    }

    private func append(_ anchor: Anchor) {
        append(anchor.high)
        append(anchor.low)
    }

    /// What a digest is of: equal names have different ones in different tables.
    private enum Purpose: UInt8 {
        case name, match, parked, parkedLink, fact
    }

    /// False where names stand in keys. What is in the key already is part of the digest.
    private func appendDigest(of name: Octets, _ purpose: Purpose) -> Bool {
        guard let digest else { return false }
        memory[count] = purpose.rawValue
        name.bytes.withUnsafeBytes {
            let whole = digest.digest(UnsafeRawBufferPointer(rebasing: memory[...count]), $0)
            append(raw: UnsafeRawBufferPointer(rebasing: whole[..<Self.digestOctets]))
        }
        return true
    }

    private func appendWithoutLength(_ part: Octets) {
        append(part, room: memory.count - count - 1, roomWithDigest: memory.count - count)
    }

    private func appendWithLength(_ part: Octets, tail: Int) {
        appendLength(part)
        let room = memory.count - count - tail
        append(part, room: room, roomWithDigest: room)
    }

    private func appendLength(_ part: Octets) {
        let length = UInt16(clamping: part.count)
        append(octet: UInt8(length >> 8))
        append(octet: UInt8(length & 0xFF))
    }

    private func append(_ part: Octets, room: Int, roomWithDigest: Int) {
        part.bytes.withUnsafeBytes { part in
            guard part.count > room else { return append(raw: part) }
            append(raw: UnsafeRawBufferPointer(rebasing: part[..<(roomWithDigest - Self.digestOctets)]))
            let digest = KeyDigest(part)
            append(digest.high)
            append(digest.low)
        }
    }

    private func append(raw part: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: part)
        count += part.count
    }
}

extension UnsafeRawBufferPointer {
    /// A big-endian number within a key; nil beyond its end.
    func number(at offset: Int) -> UInt64? {
        guard offset >= 0, count >= offset + 8 else { return nil }
        return UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    func anchor(at offset: Int) -> Anchor? {
        guard let high = number(at: offset), let low = number(at: offset + 8) else { return nil }
        return Anchor(high: high, low: low)
    }

    func equals(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let start = baseAddress, let otherStart = other.baseAddress else { return true }
        return memcmp(start, otherStart, count) == 0
    }
}
