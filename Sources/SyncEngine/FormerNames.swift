import SyncModel

/// Names that entries of the LDAP side had a moment ago. Its server rewrites the values that hold them in its own time, behind its answer to the rename: until
/// then what it tells still names who is meant.
struct FormerNames: Sendable {
    private static let limit = 10_000
    /// In milliseconds: by then a server has followed a rename everywhere.
    private static let settlingTime: Int64 = 60_000
    /// In milliseconds: so long a value waits to be written that holds a name which somebody else had, lest the server takes it for his.
    static let followingTime: Int64 = 2_000
    private var anchors: [Octets: Former] = [:]

    private struct Former {
        var anchor: Anchor
        var time: Timestamp
        /// Who has come to the name since.
        var successor: Anchor?
    }

    private var latest: Timestamp?
    /// Names of entries that were deleted, or left the scope, and when: their server has yet to take them out of the values that hold them.
    private var left: [Octets: (anchor: Anchor, time: Timestamp)] = [:]
    /// By which names they did.
    private var namesLeft: [Anchor: DistinguishedName] = [:]

    /// When deletions were told of entries that are not known here, and which name had been the last to be given then, oldest first: their server has yet to follow them in
    /// values whose names somebody may have got since.
    private var unknownLeft: [(time: Timestamp, newest: Version?)] = []
    private static let mostUnknown = 100

    /// The clock was set back by so many milliseconds.
    mutating func setBack(by milliseconds: Int64) {
        anchors = anchors.mapValues { former in
            var former = former
            former.time = former.time.advanced(byMilliseconds: -milliseconds)
            return former
        }
        left = left.mapValues { ($0.anchor, $0.time.advanced(byMilliseconds: -milliseconds)) }
        latest = latest?.advanced(byMilliseconds: -milliseconds)
        unknownLeft = unknownLeft.map { ($0.time.advanced(byMilliseconds: -milliseconds), $0.newest) }
    }

    mutating func noteUnknownLeft(newest: Version?, now: Timestamp) {
        unknownLeft.removeAll { !Self.isWithin(Self.followingTime, of: $0.time, now) }
        if let last = unknownLeft.last, last.newest == newest { unknownLeft.removeLast() }
        unknownLeft.append((now, newest))
        // Of many the one before which fewer names were given stands for the next.
        if unknownLeft.count > Self.mostUnknown {
            unknownLeft[0].time = unknownLeft[1].time
            unknownLeft.remove(at: 1)
        }
    }

    var hasUnknownLeft: Bool { !unknownLeft.isEmpty }

    /// Whether somebody who was not known may just have left with a name that an entry has since, of whom it is known after which version he has it.
    func mayFollowUnknown(at now: Timestamp, _ isNamedSince: (Version) -> Bool) -> Bool {
        unknownLeft.contains { left in
            Self.isWithin(Self.followingTime, of: left.time, now) && left.newest.map(isNamedSince) ?? true
        }
    }

    /// Keys that values name entries by, which an entry has lost, and the version by which it has.
    private var keys: [Octets: (anchor: Anchor, until: Version)] = [:]
    /// The last of them, oldest first: what is told after the process has ended may still be from before.
    private var lastLost: [Octets] = []
    private var isLastLostChanged = false
    private static let mostKept = 100

    /// The keys that were lost last, to be written down. Nil where they are.
    mutating func takeChangedKeys() -> Octets? {
        guard isLastLostChanged else { return nil }
        isLastLostChanged = false
        var bytes: [UInt8] = []
        for key in lastLost {
            guard let (anchor, until) = keys[key] else { continue }
            let version = until.octets.bytes
            bytes += [UInt8(key.count >> 8), UInt8(key.count & 0xFF)] + key.bytes + anchor.octets
            bytes += [UInt8(version.count)] + version
        }
        return Octets(bytes)
    }

    /// Knows again what was written down.
    mutating func recallKeys(_ octets: Octets) {
        var rest = octets.bytes[...]
        while rest.count >= 2 {
            let count = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
            guard rest.count > count + 16 else { return }
            let key = Octets(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
            guard let anchor = Anchor(octets: rest.prefix(16)) else { return }
            rest = rest.dropFirst(16)
            let length = Int(rest.removeFirst())
            guard let version = Version(octets: Octets(Array(rest.prefix(length)))) else { return }
            rest = rest.dropFirst(length)
            noteLost(key, anchor, by: version)
        }
        isLastLostChanged = false
    }

    /// Who had a key as of a version, and has lost it since.
    func holder(of key: Octets, asOf version: Version) -> Anchor? {
        guard let former = keys[key], former.until != version, former.until.supersedes(version) else { return nil }
        return former.anchor
    }

    /// Who has lost a key last.
    func lastHolder(of key: Octets) -> Anchor? { keys[key]?.anchor }

    mutating func noteLost(_ key: Octets, _ anchor: Anchor, by version: Version) {
        if keys.count >= Self.limit { keys = [:] }
        keys[key] = (anchor, version)
        guard key.count <= UInt16.max else { return }
        lastLost.removeAll { $0 == key }
        if lastLost.count == Self.mostKept { lastLost.removeFirst() }
        lastLost.append(key)
        isLastLostChanged = true
    }

    /// Whether values may still stand by a name from before.
    func mayStillStand(at now: Timestamp) -> Bool {
        Self.isWithin(Self.settlingTime, of: latest, now)
    }

    private static func isWithin(_ milliseconds: Int64, of time: Timestamp?, _ now: Timestamp) -> Bool {
        time.map { now < $0.advanced(byMilliseconds: milliseconds) } ?? false
    }

    /// Whether something is so of the name, or of one that it stands below: who stood in a container went with it.
    private static func holds(for name: DistinguishedName, _ isSo: (Octets) -> Bool) -> Bool {
        name.rdns.indices.contains { isSo(DistinguishedName(Array(name.rdns[$0...])).normalized) }
    }

    /// Whether a value with this name may still mean an entry that was deleted, or left the scope.
    func mayStillMeanLeaver(_ name: DistinguishedName, at now: Timestamp) -> Bool {
        guard !left.isEmpty else { return false }
        return Self.holds(for: name) { Self.isWithin(Self.settlingTime, of: left[$0]?.time, now) }
    }

    /// Who left with just this name.
    func leaver(_ name: DistinguishedName, at now: Timestamp) -> Anchor? {
        guard let gone = left[name.normalized], Self.isWithin(Self.settlingTime, of: gone.time, now) else { return nil }
        return gone.anchor
    }

    /// Whether a value that stands for an entry may still mean one that had the name before.
    func mayStillMean(another entry: Anchor, by value: Octets, at now: Timestamp) -> Bool {
        guard !left.isEmpty || !anchors.isEmpty, let name = try? DistinguishedName(parsing: value) else { return false }
        if mayStillMeanLeaver(name, at: now) { return true }
        return mayStillStand(at: now) && anchor(name).map { $0 != entry } ?? false
    }

    /// Who had a name a moment ago, or left with it: values may stand by it that are yet to be written anew, or taken away.
    func recentHolder(of name: DistinguishedName, at now: Timestamp) -> Anchor? {
        guard !anchors.isEmpty || !left.isEmpty else { return nil }
        if let leaver = leaver(name, at: now) { return leaver }
        guard let former = anchors[name.normalized], Self.isWithin(Self.settlingTime, of: former.time, now) else {
            return nil
        }
        return former.anchor
    }

    mutating func noteLeft(_ name: DistinguishedName, _ anchor: Anchor, now: Timestamp) {
        if left.count >= Self.limit || namesLeft.count >= Self.limit {
            left = [:]
            namesLeft = [:]
        }
        left[name.normalized] = (anchor, now)
        namesLeft[anchor] = name
        latest = now
    }

    /// An entry has this name: where it is the one that left, the name means it again. The name that it left with, if that is another one.
    mutating func notePresent(_ name: DistinguishedName, _ anchor: Anchor, now: Timestamp) -> DistinguishedName? {
        if left[name.normalized]?.anchor == anchor { left[name.normalized] = nil }
        guard let former = namesLeft.removeValue(forKey: anchor), former.normalized != name.normalized else {
            return nil
        }
        note(former, anchor, now: now)
        return former
    }

    var hasLeft: Bool { !left.isEmpty }

    var isEmpty: Bool { anchors.isEmpty }

    /// Who had the name last, unless it was another one's since who is gone with it.
    func anchor(_ name: DistinguishedName) -> Anchor? {
        guard let former = anchors[name.normalized] else { return nil }
        if let gone = left[name.normalized], gone.anchor != former.anchor, gone.time >= former.time { return nil }
        return former.anchor
    }

    /// Who had a name last that nobody has now. Whoever came to it after the others may have lost it with the container, which is noted by its own name.
    func lastHolder(_ name: DistinguishedName) -> Anchor? {
        anchor(name).map { anchors[name.normalized]?.successor ?? $0 }
    }

    /// An entry has come to a name.
    mutating func noteTaken(_ name: DistinguishedName, _ anchor: Anchor) {
        guard let former = anchors[name.normalized] else { return }
        anchors[name.normalized]?.successor = former.anchor == anchor ? nil : anchor
    }

    /// Whether a server may be just about to rewrite, or to take away, values that hold this name, or a name below it: somebody who had it has another one, or is gone.
    func isBeingFollowed(_ name: DistinguishedName, at now: Timestamp) -> Bool {
        guard Self.isWithin(Self.followingTime, of: latest, now) else { return false }
        return Self.holds(for: name) { part in
            [anchors[part]?.time, left[part]?.time].contains { Self.isWithin(Self.followingTime, of: $0, now) }
        }
    }

    mutating func note(_ name: DistinguishedName, _ anchor: Anchor, now: Timestamp) {
        latest = now
        // Without them the entries are asked for again until they are understood.
        if anchors.count >= Self.limit { anchors = [:] }
        let known = anchors[name.normalized]
        let successor = known?.anchor == anchor ? known?.successor : nil
        anchors[name.normalized] = Former(anchor: anchor, time: now, successor: successor)
    }
}
