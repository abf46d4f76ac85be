import SyncModel

/// What the cache says of memberships, as it moves: for who reads a trace.
extension World {
    /// Notes the rows that came, went or changed since the last call.
    func noteRows() throws {
        let rows = try store.read { try self.rows($0) }
        for (line, row) in rows.sorted(by: { $0.key < $1.key }) where knownRows[line] != row {
            note("  row \(line) \(row)")
        }
        for line in knownRows.keys.sorted() where rows[line] == nil { note("  row \(line) gone") }
        knownRows = rows
    }

    private func rows(_ store: any StoreTransaction) throws -> [String: String] {
        var rows: [String: String] = [:]
        var pairs: [PairID] = []
        try store.forEachPairID(after: nil) { id in
            pairs.append(id)
            return true
        }
        for id in pairs {
            guard let pair = try store.pair(id) else { continue }
            let sides = Side.allCases.map { "\($0.name) \(pair.anchors[$0]?.low ?? 0) \(pair.presence[$0])" }
            rows["pair \(id.rawValue)"] = "\(pair.kind) \(sides.joined(separator: ", "))"
            for link in try store.pending(of: id, limit: .max) {
                rows["pending \(id.rawValue) \(link.side.name) \(link.member.low) in \(link.group.low)"] = ""
            }
            for side in Side.allCases {
                guard let anchor = pair.anchors[side] else { continue }
                try store.forEachLink(side, ofGroup: anchor, after: nil) { member, link in
                    rows["\(side.name) \(member.low) in \(anchor.low)"] =
                        "\(link.sources.rawValue) \(link.isAgreed ? "agreed" : "-") v\(number(link.version)) \(link.value?.lossyText ?? "")"
                    return true
                }
                for name in try store.parkedLinks(side, holder: anchor) {
                    rows["\(side.name) parked in \(anchor.low): \(name.lossyText)"] = ""
                }
            }
        }
        return rows
    }
}
