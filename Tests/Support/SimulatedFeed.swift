package import SyncModel

/// How the changes of one simulated directory reach the engine.
package struct SimulatedFeed {
    package enum Way: UInt8 {
        /// AD: what has a greater uSNChanged than the cursor, as it stands now, with all members.
        case usnRange
        /// AD: the same entries without their members; of these the values that came and went (DirSync with INCREMENTAL_VALUES).
        case incrementalValues
        /// slapd with a session log: one message for each write with the whole entry after it while it is connected. After that a refresh tells who is gone, and what
        /// has moved since the cookie as it stands now; a cookie comes with its end alone.
        case contentSynchronisation
        /// slapd: one record for each write with its edits.
        case accessLog
        /// A server with RFC 4533 and nothing more: one message for each write while it is connected. After that a refresh tells what has another version than
        /// the cookie knows, as it stands now, and names all that is there (present phase): what it does not name is gone.
        case plainSynchronisation
    }

    package let way: Way
    package private(set) var isConnected = false
    private var roots: [DistinguishedName] = []
    /// The number of log records that were told, or are in `undelivered`.
    private var told = 0
    private var scan: Scan?
    /// The log records that refreshes have told in no order.
    package private(set) var refreshed: [Range<Int>] = []

    private struct Scan {
        var rest: [Anchor]
        /// Nil where it proves nothing of what it does not show.
        var seen: [Anchor]? = []
        /// The number of log records from which on changes are told.
        var start: Int
        /// The server's clock when it began.
        var knownUntil: Timestamp?
        /// Whether it tells what came after a cookie only.
        var isRefresh = false
    }

    /// Told by the server, not yet taken in by the engine: in order.
    package var undelivered: [FeedEvent] = []

    /// Whether an answer comes in pages, entries first and then the values of memberships, as Windows' DirSync tells them; the cursor with the last.
    private let isPaged: Bool
    /// Whether entries of one answer come in no order, as the contract allows where each is told as it stands.
    private let shuffles: Bool
    private var identity = Octets()
    /// Versions of the scan under way mean nothing against those that were told before.
    private var isRewound = false

    package init(way: Way, isPaged: Bool = false, shuffles: Bool = false) {
        (self.way, self.isPaged, self.shuffles) = (way, isPaged, shuffles)
    }

    /// What the engine starts from again: everything that it has not committed is told once more.
    ///
    /// - Parameters:
    ///   - demand: what is to be read besides what came after the cursor.
    ///   - stepBack: why the server does not go on from where it was, which its feed has noticed.
    package mutating func connect(
        _ directory: SimulatedDirectory,
        roots: [DistinguishedName],
        cursor: Cursor?,
        _ demand: ReadingDemand = .none,
        stepBack: StepBack.Cause? = nil
    ) {
        isConnected = true
        let isSetBack = stepBack != nil || demand.isSetBack
        isRewound = isSetBack && directory.side == .miniorange
        undelivered = []
        scan = nil
        self.roots = roots
        identity = directory.identity
        let snapshots = roots.compactMap { directory.anchor(named: $0).flatMap(directory.snapshotWithMembers) }
        let told = stepBack.map { StepBack(cause: $0, reason: "the simulated server does not go on") }
        undelivered.append(.connected(server: identity, roots: snapshots, stepBack: told))
        if isSetBack {
            beginScan(directory)
        } else if let cursor, cursor.server == identity, let position = UInt64(bigEndianOctets: cursor.position.bytes) {
            self.told = Int(position)
            if demand.isAnew {
                beginScan(directory)
                scan?.start = Int(position)
                scan?.seen = nil
            } else if way == .plainSynchronisation || mustRefresh(directory) {
                beginRefresh(directory)
            }
        } else {
            beginScan(directory)
        }
    }

    private func mustRefresh(_ directory: SimulatedDirectory) -> Bool {
        (way == .contentSynchronisation || way == .plainSynchronisation) && told < directory.log.count
    }

    /// In no order that means anything: that of the entries' anchors. A session log tells who is gone, and before the others; else all that is there is named.
    private mutating func beginRefresh(_ directory: SimulatedDirectory) {
        let moved = Set(directory.log[told...].map(\.anchor))
        let all = directory.sorted.map(\.anchor)
        let gone = moved.filter { directory.entries[$0] == nil }.sorted()
        if way == .contentSynchronisation, !gone.isEmpty {
            undelivered.append(.changes(gone.map { .deleted($0) }, cursor: nil))
        }
        scan = Scan(
            rest: all.filter(moved.contains),
            seen: all,
            start: directory.log.count,
            knownUntil: shown(directory),
            isRefresh: true
        )
    }

    package mutating func forgetRefreshed() { refreshed = [] }

    package mutating func disconnect() {
        isConnected = false
        undelivered = [.disconnected]
        scan = nil
    }

    /// Everything is read from the start, as at a first load or a scheduled full compare.
    package mutating func beginScan(_ directory: SimulatedDirectory) {
        scan = Scan(rest: directory.sorted.map(\.anchor), start: directory.log.count, knownUntil: shown(directory))
    }

    package var isScanning: Bool { scan != nil }

    package func isBehind(_ directory: SimulatedDirectory) -> Bool {
        isConnected && (scan != nil || told < directory.log.count || !undelivered.isEmpty)
    }

    /// The server tells some more.
    package mutating func tell(_ directory: SimulatedDirectory, limit: Int) {
        guard isConnected else { return }
        if scan != nil { return tellScan(directory, limit: limit) }
        let end = min(directory.log.count, told + limit)
        guard end > told else { return }
        let records = directory.log[told..<end]
        told = end
        let changes: [Change] =
            switch way {
            case .usnRange: Self.coalesced(records, directory)
            case .incrementalValues: Self.incremental(records, directory)
            case .contentSynchronisation, .plainSynchronisation:
                records.map { record in record.snapshot.map { Change.present($0) } ?? Change.deleted(record.anchor) }
            case .accessLog: records.compactMap { Self.logged($0, directory) }
            }
        answer(changes, cursor(told, knownUntil: told == directory.log.count ? shown(directory) : nil))
    }

    private var isOrdered: Bool {
        switch way {
        case .accessLog, .contentSynchronisation, .plainSynchronisation: true
        case .usnRange, .incrementalValues: false
        }
    }

    private mutating func answer(_ changes: [Change], _ cursor: Cursor) {
        let changes = shuffles && !isOrdered ? shuffled(changes) : changes
        guard isPaged else { return undelivered.append(.changes(changes, cursor: cursor)) }
        var rest = (changes.filter { !$0.isOfMembers } + changes.filter(\.isOfMembers))[...]
        while rest.count > Self.pageSize {
            undelivered.append(.changes(Array(rest.prefix(Self.pageSize)), cursor: nil))
            rest.removeFirst(Self.pageSize)
        }
        undelivered.append(.changes(Array(rest), cursor: cursor))
    }

    private static var pageSize: Int { 2 }

    /// Another order for each answer, and the same for the same one. What is told of one entry stays in order.
    private func shuffled(_ changes: [Change]) -> [Change] {
        var random = SplitMix64(seed: UInt64(told))
        let places = Dictionary(
            changes.map(\.anchor).sorted().map { ($0, random.next()) },
            uniquingKeysWith: { first, _ in first }
        )
        return changes.enumerated().sorted { one, other in
            let (first, second) = (places[one.element.anchor] ?? 0, places[other.element.anchor] ?? 0)
            return (first, one.offset) < (second, other.offset)
        }.map(\.element)
    }

    /// Tells once more how an entry stands of which it has told before.
    package mutating func repeatOne(_ directory: SimulatedDirectory, _ choice: Int) {
        guard isConnected, scan == nil, told > directory.firstOwnRecord else { return }
        let records = directory.log[directory.firstOwnRecord..<told]
        let anchor = records[records.startIndex + choice % records.count].anchor
        guard directory.entries[anchor] != nil, let record = records.last(where: { $0.anchor == anchor }) else {
            return
        }
        let changes: [Change] =
            switch way {
            case .usnRange, .incrementalValues: Self.coalesced([record], directory)
            case .contentSynchronisation, .plainSynchronisation: record.snapshot.map { [.present($0)] } ?? []
            case .accessLog: Self.logged(record, directory).map { [$0] } ?? []
            }
        if !changes.isEmpty { undelivered.append(.changes(changes, cursor: nil)) }
    }

    private mutating func tellScan(_ directory: SimulatedDirectory, limit: Int) {
        guard var scan else { return }
        let chunk = scan.rest.prefix(limit)
        scan.rest.removeFirst(chunk.count)
        let snapshots = chunk.compactMap(directory.snapshotWithMembers)
        // What is told besides what is in scope, no scan vouches for.
        scan.seen? += snapshots.filter { entry in roots.contains { entry.name.isEqualOrDescendant(of: $0) } }.map(
            \.anchor
        )
        let told = snapshots.map { snapshot in
            var told = snapshot
            if isRewound { told.version = .unordered }
            return Change.present(told)
        }
        if !told.isEmpty { undelivered.append(.changes(told, cursor: nil)) }
        guard scan.rest.isEmpty else {
            self.scan = scan
            return
        }
        let cursor = cursor(scan.start, knownUntil: scan.knownUntil)
        let isPart = scan.isRefresh && way == .contentSynchronisation
        if scan.isRefresh { refreshed.append(self.told..<max(self.told, directory.log.count)) }
        undelivered.append(
            isPart ? .changes([], cursor: cursor) : .complete(present: scan.seen?.sorted(), cursor: cursor)
        )
        isRewound = false
        self.told = scan.start
        self.scan = nil
        // Both ways go on from where a read of everything began as they do after a reconnect.
        if !scan.isRefresh, mustRefresh(directory) { beginRefresh(directory) }
    }

    private func cursor(_ position: Int, knownUntil: Timestamp?) -> Cursor {
        Self.cursor(position, of: identity, knownUntil: knownUntil)
    }

    package static func cursor(
        _ position: Int,
        of identity: Octets = "simulated",
        knownUntil: Timestamp? = nil
    ) -> Cursor {
        Cursor(server: identity, position: Octets(UInt64(position).bigEndianOctets), knownUntil: knownUntil)
    }

    /// What a server shows that has told everything: AD the time, in seconds, LDAP the last change's.
    private func shown(_ directory: SimulatedDirectory) -> Timestamp {
        Timestamp(
            milliseconds: directory.side == .ad
                ? (directory.now + directory.clockOffset) / 1000 * 1000 : directory.lastChange
        )
    }

    /// Each entry once, as it stands now, in the order of its last change.
    private static func coalesced(
        _ records: ArraySlice<SimulatedDirectory.LogRecord>,
        _ directory: SimulatedDirectory
    ) -> [Change] {
        order(of: records).map { anchor in
            directory.snapshotWithMembers(anchor).map { Change.present($0) } ?? Change.deleted(anchor)
        }
    }

    private static func order(of records: ArraySlice<SimulatedDirectory.LogRecord>) -> [Anchor] {
        var order: [Anchor] = []
        for record in records {
            order.removeAll { $0 == record.anchor }
            order.append(record.anchor)
        }
        return order
    }

    /// DirSync looks at the values themselves: each that moved since is told as it stands now. Those of deleted members are not there to be told.
    private static func incremental(
        _ records: ArraySlice<SimulatedDirectory.LogRecord>,
        _ directory: SimulatedDirectory
    ) -> [Change] {
        order(of: records).flatMap { anchor -> [Change] in
            guard let entry = directory.snapshot(anchor) else { return [.deleted(anchor)] }
            let own = records.filter { $0.anchor == anchor }
            let held = directory.entries[anchor]?.attributes ?? Attributes()
            var edits: [AttributeEdit] = []
            for attribute in SimulatedDirectory.memberAttributes.sorted() {
                let moved = Set(own.flatMap(\.members).filter { $0.attribute == attribute }.map(\.value)).sorted()
                for (kind, isPresent) in [(AttributeEdit.Kind.delete, false), (.add, true)] {
                    let values = moved.filter { held[attribute].contains($0) == isPresent }
                    let told = directory.told(attribute, values)
                    if !told.isEmpty { edits.append(AttributeEdit(kind: kind, name: attribute, values: told)) }
                }
            }
            if edits.isEmpty { return [.present(entry)] }
            // As of then at least: what came after it is told by the next answer, and must be news.
            let members = Change.members(anchor, edits: edits, version: own.last?.version ?? entry.version)
            let isOfMembersAlone = own.allSatisfy { !$0.members.isEmpty && $0.kind.isEdit }
            return isOfMembersAlone ? [members] : [.present(entry), members]
        }
    }

    private static func logged(
        _ record: SimulatedDirectory.LogRecord,
        _ directory: SimulatedDirectory
    ) -> Change? {
        switch record.kind {
        // The log does not tell an added entry as the server shows it: it is read, and may be gone again.
        case .added: directory.snapshotWithMembers(record.anchor).map { .present($0) }
        case .edited(let edits):
            .edited(record.anchor, edits: edits, newName: nil, version: record.version, stamp: record.stamp)
        case .renamed(let name): .edited(record.anchor, edits: [], newName: name, version: record.version)
        case .deleted: .deleted(record.anchor)
        }
    }
}

extension Change {
    fileprivate var isOfMembers: Bool { if case .members = self { true } else { false } }
}
