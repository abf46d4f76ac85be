import Cache
import Configuration
import Mapping
import SyncModel

/// Both entries of one person, group or container as they are now, with what the cache knows of them.
struct LivePair {
    var mapping: ObjectMapping
    var entries: PerSide<EntrySnapshot?>
    /// The cache's pair, where there is one.
    var pair: Pair?
    /// How the entry of the other side was found, or why there is none.
    var how: String
}

/// Finds what an admin means on both sides, live, with the help of the cache where there is one.
struct LivePairFinder {
    let wiring: Wiring
    let directories: PerSide<LiveDirectory>
    let cache: Cache?

    /// Throws ``LiveDirectoryError`` where nothing fits, or more than one entry does.
    func find(_ text: String) async throws -> LivePair {
        let found = PerSide(
            ad: try await candidates(text, .ad),
            miniorange: try await candidates(text, .miniorange)
        )
        for side in Side.allCases where found[side].count > 1 {
            let names = found[side].map(\.name.description).joined(separator: "; ")
            throw LiveDirectoryError(
                description: "\(side.name): \(found[side].count) entries are known as \(text): \(names)"
            )
        }
        guard let side = Side.allCases.first(where: { !found[$0].isEmpty }),
            let entry = found[side].first
        else {
            throw LiveDirectoryError(description: "no entry of either side is known as \(text)")
        }
        var result = try await pair(of: entry, on: side)
        // A name may mean one person here and another one there: then the counterpart says which.
        if let other = found[side.opposite].first, let counterpart = result.entries[side.opposite],
            counterpart.anchor != other.anchor
        {
            result.how += "; \(side.opposite.name) has another entry of this name: \(other.name)"
        }
        return result
    }

    func pair(of entry: EntrySnapshot, on side: Side) async throws -> LivePair {
        guard let mapping = mapping(of: entry, side) else {
            throw LiveDirectoryError(
                description:
                    "\(side.name): \(entry.name) is in the scope of no configured object, so it is never written"
            )
        }
        var result = LivePair(mapping: mapping, entries: PerSide(both: nil), pair: nil, how: "")
        result.entries[side] = entry
        if let pair = try cached(entry.anchor, side) {
            result.pair = pair
            if let anchor = pair.anchors[side.opposite] {
                result.entries[side.opposite] = try await directories[side.opposite].entry(anchor)
                result.how =
                    result.entries[side.opposite] == nil
                    ? "they were paired, but \(side.opposite.name) has the entry no more"
                    : "paired in the cache"
                return result
            }
        }
        let (match, how) = try await counterpart(of: entry, side, mapping)
        result.entries[side.opposite] = match
        result.how = how
        return result
    }

    private func mapping(of entry: EntrySnapshot, _ side: Side) -> ObjectMapping? {
        wiring.mappings.first {
            if case .inScope = $0.standing(side, name: entry.name, attributes: entry.attributes) {
                true
            } else {
                false
            }
        }
    }

    func cached(_ anchor: Anchor, _ side: Side) throws -> Pair? {
        try cache?.read { transaction in
            try transaction.pairID(side, anchor).flatMap { try transaction.pair($0) }
        }
    }

    private func candidates(_ text: String, _ side: Side) async throws -> [EntrySnapshot] {
        let octets = side == .ad ? UUIDText.parseGUID(text) : UUIDText.parse(text)
        if let octets, let anchor = Anchor(octets: octets) {
            return try await directories[side].entry(anchor).map { [$0] } ?? []
        }
        if text.contains("="), let name = try? DistinguishedName(parsing: text) {
            return try await directories[side].entry(name).map { [$0] } ?? []
        }
        let value = Octets(text)
        let names = side == .ad ? ["sAMAccountName", "mail", "cn"] : ["uid", "mail", "cn"]
        let entries = try await directories[side].entries(.or(names.map { .equality($0, value) }))
        let inScope = entries.filter { mapping(of: $0, side) != nil }
        let all = inScope.isEmpty ? entries : inScope
        // The account's name means more than a display name.
        let key = CaseFolding.fold(value.bytes)
        let named = all.filter { entry in
            entry.attributes[side == .ad ? "samaccountname" : "uid"].contains {
                CaseFolding.fold($0.bytes) == key
            }
        }
        return named.count == 1 ? named : all
    }

    /// By the match rules, in their order, as the engine would join them.
    private func counterpart(
        of entry: EntrySnapshot,
        _ side: Side,
        _ mapping: ObjectMapping
    ) async throws -> (EntrySnapshot?, String) {
        let other = side.opposite
        if mapping.specification.kind == .container { return try await samePlace(entry, side, mapping) }
        for (number, match) in mapping.specification.match.enumerated() {
            let own = CaseFolding.lowercaseName(side == .ad ? match.ad : match.miniorange)
            let theirs = side == .ad ? match.miniorange : match.ad
            let values = entry.attributes[own]
            guard !values.isEmpty else { continue }
            let found = try await directories[other].entries(.or(values.map { .equality(theirs, $0) }))
            let fitting = found.filter { candidate in
                if case .inScope = mapping.standing(
                    other,
                    name: candidate.name,
                    attributes: candidate.attributes
                ) {
                    true
                } else {
                    false
                }
            }
            guard !fitting.isEmpty else { continue }
            guard fitting.count == 1, let only = fitting.first else {
                return (
                    nil,
                    "match rule \(number + 1) fits \(fitting.count) entries of \(other.name): it would be set aside"
                )
            }
            if let pair = try cached(only.anchor, other), let taken = pair.anchors[side],
                taken != entry.anchor
            {
                continue
            }
            return (only, "match rule \(number + 1): \(match.ad) = \(match.miniorange)")
        }
        return (nil, "no match rule finds an entry of \(other.name)")
    }

    /// Containers are the same where they have the same place.
    private func samePlace(
        _ entry: EntrySnapshot,
        _ side: Side,
        _ mapping: ObjectMapping
    ) async throws -> (EntrySnapshot?, String) {
        let scopes = mapping.specification.scopes
        guard let below = entry.name.relative(to: scopes[side].base) else {
            return (nil, "it is not below the base")
        }
        let name = DistinguishedName(below + scopes[side.opposite].base.rdns)
        let found = try await directories[side.opposite].entry(name)
        return (found, found == nil ? "\(side.opposite.name) has no \(name)" : "the same place")
    }
}
