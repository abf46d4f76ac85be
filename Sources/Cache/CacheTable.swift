internal import LMDB

/// The tables of the cache.
package enum CacheTable: String, CaseIterable, Hashable, Sendable {
    /// side, anchor → replica
    case replicas
    /// side, parent's anchor, normalised RDN → anchors
    case names
    /// side, match key, anchor → nothing
    case keys
    /// pair id → pair
    case pairs
    /// side, anchor → pair id
    case joins
    /// pair id → since when, and why
    case dirty
    /// pair id → nothing: those of the queue that go first
    case urgent
    /// intent id → intent
    case intents
    /// side, normalised DN, waiting pair → nothing
    case parked
    /// pair, waiting pair → nothing
    case waiting
    /// pair, referring pair → nothing
    case referrers
    /// pair id → reason, attempts, next time
    case quarantine
    /// side, group, member → where the membership is told from, and as of when
    case links
    /// side, member, group → nothing
    case backlinks
    /// side, name of an unknown member or group, entry that holds it → nothing, or the names that share the key
    case parkedLinks
    /// side, entry, name that it holds → nothing, or the names that share the key
    case heldNames
    /// pair, side, group, member → nothing
    case pendingLinks
    /// pair, side, group, member → the server's refusal
    case refusedLinks
    /// side, anchor, attribute → when, where and by whom it was set
    case stamps
    /// conflict id → conflict
    case conflicts
    /// pair, time, conflict id → nothing
    case conflictsOf
    /// time, conflict id, pair → nothing
    case conflictsAt
    /// time, conflict id that waits for a person → nothing
    case openConflicts
    /// pair, canonical name → conflict id that waits for a person
    case heldConflicts
    /// pair, canonical name → a person's decision that is to be carried out
    case settlements
    /// hold id → what is stopped, and why
    case holds
    /// pair id → its deletion that the other side is to follow
    case deletions
    /// time, sequence, pair id → what was changed
    case history
    /// pair that a line of history names, time, sequence → nothing
    case historyOf
    /// side, what → cursor, or whether the side was read completely
    case cursors
    /// format, counters, facts
    case meta

    /// Whether keys are made of numbers alone. Others hold names and values, which no message may show.
    var hasPlainKeys: Bool {
        switch self {
        case .names, .keys, .parked, .parkedLinks, .heldNames, .meta: false
        default: true
        }
    }
}

/// The opened tables of one environment.
struct CacheTables: Sendable {
    let replicas: SealedTable
    let names: SealedTable
    let keys: SealedTable
    let pairs: SealedTable
    let joins: SealedTable
    let dirty: SealedTable
    let urgent: SealedTable
    let intents: SealedTable
    let parked: SealedTable
    let waiting: SealedTable
    let referrers: SealedTable
    let quarantine: SealedTable
    let links: SealedTable
    let backlinks: SealedTable
    let parkedLinks: SealedTable
    let heldNames: SealedTable
    let pendingLinks: SealedTable
    let refusedLinks: SealedTable
    let stamps: SealedTable
    let conflicts: SealedTable
    let conflictsOf: SealedTable
    let conflictsAt: SealedTable
    let openConflicts: SealedTable
    let heldConflicts: SealedTable
    let settlements: SealedTable
    let holds: SealedTable
    let deletions: SealedTable
    let history: SealedTable
    let historyOf: SealedTable
    let cursors: SealedTable
    let meta: SealedTable

    /// A writer makes those that are not there.
    init(_ environment: Environment, seal: CacheSeal? = nil) throws {
        func open(_ table: CacheTable) throws -> SealedTable {
            SealedTable(try environment.table(table.rawValue), table, seal)
        }
        // First, so that an environment without it is either empty or not a cache.
        meta = try open(.meta)
        replicas = try open(.replicas)
        names = try open(.names)
        keys = try open(.keys)
        pairs = try open(.pairs)
        joins = try open(.joins)
        dirty = try open(.dirty)
        urgent = try open(.urgent)
        intents = try open(.intents)
        parked = try open(.parked)
        waiting = try open(.waiting)
        referrers = try open(.referrers)
        quarantine = try open(.quarantine)
        links = try open(.links)
        backlinks = try open(.backlinks)
        parkedLinks = try open(.parkedLinks)
        heldNames = try open(.heldNames)
        pendingLinks = try open(.pendingLinks)
        refusedLinks = try open(.refusedLinks)
        stamps = try open(.stamps)
        conflicts = try open(.conflicts)
        conflictsOf = try open(.conflictsOf)
        conflictsAt = try open(.conflictsAt)
        openConflicts = try open(.openConflicts)
        heldConflicts = try open(.heldConflicts)
        settlements = try open(.settlements)
        holds = try open(.holds)
        deletions = try open(.deletions)
        history = try open(.history)
        historyOf = try open(.historyOf)
        cursors = try open(.cursors)
    }

    subscript(table: CacheTable) -> SealedTable {
        switch table {
        case .replicas: replicas
        case .names: names
        case .keys: keys
        case .pairs: pairs
        case .joins: joins
        case .dirty: dirty
        case .urgent: urgent
        case .intents: intents
        case .parked: parked
        case .waiting: waiting
        case .referrers: referrers
        case .quarantine: quarantine
        case .links: links
        case .backlinks: backlinks
        case .parkedLinks: parkedLinks
        case .heldNames: heldNames
        case .pendingLinks: pendingLinks
        case .refusedLinks: refusedLinks
        case .stamps: stamps
        case .conflicts: conflicts
        case .conflictsOf: conflictsOf
        case .conflictsAt: conflictsAt
        case .openConflicts: openConflicts
        case .heldConflicts: heldConflicts
        case .settlements: settlements
        case .holds: holds
        case .deletions: deletions
        case .history: history
        case .historyOf: historyOf
        case .cursors: cursors
        case .meta: meta
        }
    }
}
