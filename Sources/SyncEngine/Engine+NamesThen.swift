import Mapping
import SyncModel

/// A DN in a value is text: it names whoever had that name when it was written, or read. The cache may know the entries by later names already, where the answer to
/// a write came before what the feed tells, or a rename was told while an answer was on its way. What could mean another one then is asked for once more, and
/// nothing is decided of the entry before that.
extension Engine {
    /// As of when the text of a value is what an entry holds.
    enum TextTime {
        /// A feed tells it, as of this version.
        case told(Version)
        /// An answer holds it, to a question that was asked when the intent was begun.
        case answer(IntentID)
    }

    private static func namingFact(_ side: Side) -> String { "naming.\(side.name)" }

    mutating func recallNamings(_ store: any StoreTransaction) throws {
        for side in Side.allCases {
            namings[side] = Namings(newest: try store.fact(Engine.namingFact(side)).flatMap(Version.init))
            namingsKept[side] = namings[side].newest
        }
    }

    /// Once a transaction, as a load names everybody.
    mutating func keepNamings(_ store: any StoreTransaction) throws {
        for side in Side.allCases where namings[side].newest != namingsKept[side] {
            namingsKept[side] = namings[side].newest
            try store.setFact(Engine.namingFact(side), namings[side].newest?.octets)
        }
    }

    /// An entry has come to its name, maybe while answers were on their way, which may know others by it.
    mutating func noteNamed(_ replica: Replica) {
        namings[replica.side].note(replica.anchor, replica.version)
        noteMeanwhile(replica)
    }

    /// A container that is told once more by the same name may have had another one in between, as far as those know that are on their way.
    mutating func noteMeanwhile(_ replica: Replica) {
        if let newest = openIntents[replica.side].max() { namedMeanwhile[replica.side][replica.anchor] = newest }
    }

    /// Reads an entry anew that was just taken in, where its values may name others than those who have the names now. `old`: as it was known before.
    mutating func readIfMisnamed(
        _ anchor: Anchor,
        _ side: Side,
        _ time: TextTime,
        knowing old: Replica? = nil,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        // Nobody has come to a name since: the usual case by far, and everything that is told or confirmed comes here.
        guard !namesAwaited[side].isEmpty || isAnyNamed(side, after: time) else { return }
        guard try store.isLoaded(side), let replica = try store.replica(side, anchor), replica.version != .unordered,
            try isMisnamed(replica, time, knowing: old, store)
        else { return }
        // Another answer would tell no more as long as it may be the name that is asked for.
        guard case .answer = time, !namesAwaited[side].isEmpty else { return try readAnew(replica, store, now: now) }
        try forgetVersion(of: replica, store)
        try requestReadAfterNames(of: anchor, side, store, now: now)
    }

    private func isAnyNamed(_ side: Side, after time: TextTime) -> Bool {
        switch time {
        case .told(let version): namings[side].isAnyLater(than: version)
        case .answer: !namedMeanwhile[side].isEmpty
        }
    }

    private func isMisnamed(
        _ replica: Replica,
        _ time: TextTime,
        knowing old: Replica?,
        _ store: any StoreTransaction
    ) throws -> Bool {
        if try isMisplaced(replica, time, store) { return true }
        guard let mapping = replica.object.flatMap({ objects[$0] })?.mapping else { return false }
        let side = replica.side
        for item in replica.attributes.items where mapping.isReference(side, item.name) {
            for value in item.values {
                switch Reference(value) {
                case .entry(let named):
                    if try mayHaveBeenAnother(named, side, time, store) { return true }
                case .unresolved(let name):
                    let isNews = old?.attributes[item.name].contains(value) != true
                    if isNews, mayHaveBeenSomebody(name, side, time) { return true }
                case nil: continue
                }
            }
        }
        return false
    }

    /// Whether the container in which an answer shows an entry has given its name up since the question, or has come to it only then.
    func isMisplaced(_ replica: Replica, _ time: TextTime, _ store: any StoreTransaction) throws -> Bool {
        guard case .answer(let id) = time else { return false }
        var parent = replica.parent
        while true {
            switch parent {
            case .root: return false
            case .unresolved(let name): return mayHaveBeenSomebody(name, replica.side, time)
            case .entry(let container):
                if let newest = namedMeanwhile[replica.side][container], id <= newest { return true }
                guard let outline = try store.outline(replica.side, container) else { return false }
                parent = outline.parent
            }
        }
    }

    /// Whether the entry, or a container above it, may have come to its name only later, or is being asked for another one. Without a time: the latter.
    func mayHaveBeenAnother(
        _ named: Anchor,
        _ side: Side,
        _ time: TextTime?,
        _ store: any StoreTransaction
    ) throws -> Bool {
        var next: Anchor? = named
        while let anchor = next, let entry = try store.outline(side, anchor) {
            if namesAwaited[side][anchor] != nil { return true }
            switch time {
            case .told(let version): if namings[side].isLater(anchor, than: version) { return true }
            case .answer(let id):
                if let newest = namedMeanwhile[side][anchor], id <= newest { return true }
            case nil: break
            }
            guard case .entry(let parent) = entry.parent else { return false }
            next = parent
        }
        return false
    }

    /// Whether entries are being read that have other names.
    func isReadingNames(_ side: Side) -> Bool {
        namesAwaited[side].keys.contains { readsUnderWay[side][$0] != nil }
    }

    /// Whether a name that nobody has now may have been that of somebody who has another one since.
    private func mayHaveBeenSomebody(_ name: DistinguishedName, _ side: Side, _ time: TextTime) -> Bool {
        guard roots[side].contains(where: { name.isDescendant(of: $0.name) }) else { return false }
        switch time {
        case .told: return true
        case .answer(let id): return namedMeanwhile[side].values.contains { id <= $0 }
        }
    }
}
