import Cache
import Mapping
import SyncModel

/// Finds replicas by a filter, by way of match keys, names and memberships where they lead there, else by looking at all.
struct EntrySearch {
    private static let commandNames = PerSide<Set<String>>(
        ad: ["samaccountname", "mail", "cn"],
        miniorange: ["uid", "mail", "cn"]
    )
    /// A key or a group that leads to more entries than this is no help.
    private static let candidateLimit = 10_000

    private let output: InspectorOutput
    private let limit: Int
    private let show: (ShownEntry, InspectorOutput) -> Void
    /// Whether the values that hold memberships are wanted.
    var showsMemberships = false
    private(set) var found = 0

    /// - Parameter limit: 0: none.
    init(
        _ output: InspectorOutput,
        limit: Int = 0,
        show: @escaping (ShownEntry, InspectorOutput) -> Void
    ) {
        self.output = output
        self.limit = limit == 0 ? .max : limit
        self.show = show
    }

    mutating func run(_ filter: Filter, _ side: Side, _ inspected: InspectedCache) throws {
        guard found < limit else { return }
        let made = MadeAttributes(side, inspected)
        let prepared = try inspected.read { view -> EntryFilter in
            try EntryFilter(
                filter,
                references: inspected.wiring.views[side].references,
                made: made.all,
                anchor: { try view.names.anchor(side, named: $0) }
            )
        }
        let candidates = try inspected.read { view -> [Anchor]? in
            try self.candidates(filter, side, view)?.sorted()
        }
        if let candidates {
            try look(at: candidates, prepared, made, side, inspected)
        } else {
            try lookAtAll(prepared, made, side, inspected)
        }
    }

    // MARK: By key

    /// All entries that can match, where an index tells; nil where all must be looked at.
    private func candidates(_ filter: Filter, _ side: Side, _ view: InspectedView) throws -> Set<Anchor>? {
        switch filter {
        case .equality(let attribute, let value):
            return try candidates(CaseFolding.lowercaseName(attribute), value, side, view)
        case .and(let filters):
            for filter in filters {
                if let found = try candidates(filter, side, view) { return found }
            }
            return nil
        case .or(let filters):
            guard !filters.isEmpty else { return nil }
            var all: Set<Anchor> = []
            for filter in filters {
                guard let found = try candidates(filter, side, view) else { return nil }
                all.formUnion(found)
            }
            return all
        default: return nil
        }
    }

    private func candidates(
        _ attribute: String,
        _ value: Octets,
        _ side: Side,
        _ view: InspectedView
    ) throws -> Set<Anchor>? {
        guard let text = value.text, !text.allSatisfy({ $0 == " " }) else { return nil }
        if Self.commandNames[side].contains(attribute) {
            let key = ObjectMapping.commandKey(text)
            let anchors = try view.transaction.anchors(side, key: key, limit: Self.candidateLimit)
            return anchors.count < Self.candidateLimit ? Set(anchors) : nil
        }
        // The other side's name for it, which nobody has here.
        if Self.commandNames[side.opposite].contains(attribute),
            !view.wiring.views[side].attributes.contains(attribute)
        {
            return []
        }
        if attribute == MadeAttributes.identity(side) {
            let octets = side == .ad ? UUIDText.parseGUID(text) : UUIDText.parse(text)
            return octets.flatMap { Anchor(octets: $0) }.map { [$0] }
        }
        guard MadeAttributes.names.contains(attribute) || attribute == "memberof" || attribute == "member",
            let name = try? DistinguishedName(parsing: value), let anchor = try view.names.anchor(side, named: name)
        else { return nil }
        if MadeAttributes.names.contains(attribute) { return [anchor] }
        var found: Set<Anchor> = []
        if attribute == "memberof" {
            try view.transaction.forEachLink(side, ofGroup: anchor, after: nil) { member, _ in
                found.insert(member)
                return found.count < Self.candidateLimit
            }
        } else {
            try view.transaction.forEachGroup(side, ofMember: anchor, after: nil) { group in
                found.insert(group)
                return found.count < Self.candidateLimit
            }
        }
        return found.count < Self.candidateLimit ? found : nil
    }

    private mutating func look(
        at candidates: [Anchor],
        _ filter: EntryFilter,
        _ made: MadeAttributes,
        _ side: Side,
        _ inspected: InspectedCache
    ) throws {
        try inspected.read { view in
            for anchor in candidates where found < limit {
                guard let replica = try view.transaction.replica(side, anchor) else { continue }
                if try filter.decide(values: { try values($0, of: replica, made, view) }) { try take(replica, view) }
            }
        }
        if output.isFull { try output.flush() }
    }

    private func values(
        _ name: String,
        of replica: Replica,
        _ made: MadeAttributes,
        _ view: InspectedView
    ) throws -> [Octets] {
        if made.all.contains(name) { return try made.values(name, of: replica, view) }
        return try shown(replica.attributes[name], name, replica.rdn, replica.side, view)
    }

    // MARK: All

    private mutating func lookAtAll(
        _ filter: EntryFilter,
        _ made: MadeAttributes,
        _ side: Side,
        _ inspected: InspectedCache
    ) throws {
        let glance = filter.glance
        try SlicedWalk.run(inspected, output) { view, last, slice in
            var place: Anchor?
            try view.transaction.forEachReplica(side, after: last, glance) {
                let matches = try filter.matches { name in
                    guard made.all.contains(name) else {
                        return try shown(filter.storedValues(name), name, try glance.rdn(), side, view)
                    }
                    guard let replica = try view.transaction.replica(side, glance.anchor) else { return [] }
                    return try made.values(name, of: replica, view)
                }
                if matches, let replica = try view.transaction.replica(side, glance.anchor) {
                    try take(replica, view)
                    if found >= limit { return false }
                }
                guard slice.mayGoOn() else {
                    place = glance.anchor
                    return false
                }
                return true
            }
            return place
        }
    }

    /// Stored values as a filter sees them: DNs for references, and the entry's own name where nothing else is known of the attribute.
    private func shown(
        _ values: [Octets],
        _ name: String,
        _ rdn: RelativeDistinguishedName,
        _ side: Side,
        _ view: InspectedView
    ) throws -> [Octets] {
        if values.isEmpty {
            return rdn.assertions.filter { CaseFolding.lowercaseName($0.type) == name }.map(\.value)
        }
        guard view.wiring.views[side].references.contains(name) else { return values }
        return try values.map { value in
            switch Reference(value) {
            case .entry(let anchor): Octets(try view.names.name(of: anchor, side))
            case .unresolved(let name): Octets(name.description)
            case nil: value
            }
        }
    }

    private mutating func take(_ replica: Replica, _ view: InspectedView) throws {
        found += 1
        show(try ShownEntry(replica, view, memberships: showsMemberships), output)
    }
}
