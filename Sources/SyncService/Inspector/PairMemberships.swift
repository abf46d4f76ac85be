import Cache
import SyncModel

/// Who is in a group, or in which groups an entry is, on both sides; up to a limit.
struct PairMemberships {
    struct Line {
        var name: String
        var sides: Set<Side>
    }

    /// Counting ends here: a group may have millions.
    private static let countLimit = 100_000

    /// Members of a group, or the groups of anything else.
    let areMembers: Bool
    private(set) var lines: [Line] = []
    private(set) var counts = PerSide<Int>(both: 0)

    /// - Parameter limit: at most so many names a side.
    init(_ pair: Pair, _ view: InspectedView, limit: Int) throws {
        areMembers = pair.kind == .group
        for side in Side.allCases {
            guard let anchor = pair.anchors[side] else { continue }
            var taken = 0
            try forEach(side, anchor, view) { other in
                counts[side] += 1
                guard taken < limit else { return counts[side] < Self.countLimit }
                let counterpart = try hasCounterpart(pair, side, other, view)
                // What stands on both sides was taken from the first.
                if side == .miniorange && counterpart { return counts[side] < Self.countLimit }
                taken += 1
                let sides: Set<Side> = counterpart ? Set(Side.allCases) : [side]
                lines.append(Line(name: try view.names.name(of: other, side), sides: sides))
                return true
            }
        }
        lines.sort { $0.name < $1.name }
    }

    private func forEach(
        _ side: Side,
        _ anchor: Anchor,
        _ view: InspectedView,
        _ body: (Anchor) throws -> Bool
    ) throws {
        let transaction = view.transaction
        if areMembers {
            try transaction.forEachLink(side, ofGroup: anchor, after: nil) { member, link in
                try link.isPresent && member != .placeholder ? body(member) : true
            }
        } else {
            try transaction.forEachGroup(side, ofMember: anchor, after: nil) { group in
                let link = try transaction.link(LinkID(side: side, group: group, member: anchor))
                return try link?.isPresent == true ? body(group) : true
            }
        }
    }

    private func hasCounterpart(_ pair: Pair, _ side: Side, _ other: Anchor, _ view: InspectedView) throws -> Bool {
        let transaction = view.transaction
        let opposite = side.opposite
        guard let own = pair.anchors[opposite], let otherPair = try transaction.pairID(side, other),
            let there = try transaction.pair(otherPair)?.anchors[opposite]
        else { return false }
        let link = LinkID(side: opposite, group: areMembers ? own : there, member: areMembers ? there : own)
        return try transaction.link(link)?.isPresent == true
    }

    var isEmpty: Bool { counts.ad == 0 && counts.miniorange == 0 }

    private func countText(_ side: Side) -> String {
        let count = counts[side]
        return "\(count)\(count >= Self.countLimit ? " or more" : "") \(side.name)"
    }

    /// For people.
    var text: [String] {
        let title = areMembers ? "members" : "member of"
        let isCut = lines.count < max(counts.ad, counts.miniorange)
        var text = ["\(title)  \(countText(.ad)), \(countText(.miniorange))\(isCut ? "; some of them:" : "")"]
        for line in lines {
            let place = line.sides.count == 2 ? "both" : line.sides.first?.name ?? ""
            text.append("  \(place.padded(to: 12))\(line.name)")
        }
        return text
    }

    var json: JSONValue {
        .object([
            ("relation", .string(areMembers ? "members" : "groups")),
            ("ad", .int(counts.ad)),
            ("miniorange", .int(counts.miniorange)),
            ("countLimit", .int(Self.countLimit)),
            (
                "first",
                .array(
                    lines.map { line in
                        .object([
                            ("dn", .string(line.name)),
                            ("sides", .array(line.sides.sorted().map { .string($0.name) })),
                        ])
                    }
                )
            ),
        ])
    }
}
