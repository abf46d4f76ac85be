import SyncModel
import Testing

/// Whether both sides say the same of everybody, judged without the product: its mapping's usual rows are written down again here.
enum Agreement {
    private static let rows: [(ad: String, miniorange: String)] = [
        ("samaccountname", "uid"), ("cn", "cn"), ("givenname", "givenname"), ("displayname", "displayname"),
        ("title", "title"), ("mail", "mail"), ("telephonenumber", "telephonenumber"), ("mobile", "mobile"),
        ("streetaddress", "street"), ("l", "l"), ("postalcode", "postalcode"), ("company", "o"),
        ("department", "departmentnumber"), ("employeenumber", "employeenumber"), ("description", "description"),
        ("postofficebox", "postofficebox"), ("pager", "pager"), ("st", "st"),
    ]
    private static let manyAtBoth: Set<String> = ["postofficebox"]

    /// What differs, one line each; empty when both sides agree. Everybody has to be on both sides exactly once.
    static func differences(_ ground: Ground) async throws -> [String] {
        let ad = try await ground.ad.people()
        let miniorange = try await ground.miniorange.people()
        var lines: [String] = []
        let others = Dictionary(grouping: miniorange) { $0.text("uid")?.lowercased() ?? "" }
        let ours = Dictionary(grouping: ad) { $0.text("samaccountname")?.lowercased() ?? "" }
        for (name, entries) in ours.sorted(by: { $0.key < $1.key }) {
            guard entries.count == 1, let others = others[name], others.count == 1 else {
                lines.append("\(name): \(entries.count) times on ad, \(others[name]?.count ?? 0) times on miniorange")
                continue
            }
            lines += differences(name, entries[0], others[0])
        }
        for name in others.keys.sorted() where ours[name] == nil { lines.append("\(name): on miniorange only") }
        return lines
    }

    private static func differences(_ name: String, _ ad: Entry, _ miniorange: Entry) -> [String] {
        var lines: [String] = []
        for row in rows {
            let left = ad[row.ad]
            let right = miniorange[row.miniorange]
            let isSame =
                manyAtBoth.contains(row.ad)
                ? Set(left) == Set(right) : left.isEmpty ? right.isEmpty : right.contains(left[0])
            if !isSame {
                lines.append("\(name) \(row.ad): \(left.map(\.lossyText)) and \(right.map(\.lossyText))")
            }
        }
        let isDisabled = (Int(ad.text("useraccountcontrol") ?? "") ?? 0) & 2 != 0
        if isDisabled != !miniorange["pwdaccountlockedtime"].isEmpty {
            lines.append("\(name): disabled on one side only")
        }
        return lines
    }

    /// Waits until both sides say the same.
    static func reached(
        _ ground: Ground,
        within limit: Duration = .seconds(240),
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        var left: [String] = []
        try await eventually("agreement; \(left.count) differ: \(left.prefix(5))", within: limit, at: location) {
            left = try await differences(ground)
            return left.isEmpty
        }
    }
}

/// AD's stamps are whole seconds, and a server may have been asked up to two before it answered: whatever is set after this is later beyond doubt.
func untilLater() async throws { try await Task.sleep(for: .seconds(3.5)) }
