import Cache
import SyncModel

/// What `plan` found. `plan --json` prints this.
package struct PlanReport: Codable, Sendable {
    package struct Counts: Codable, Hashable, Sendable {
        package var create = 0
        package var modify = 0
        package var rename = 0
        package var delete = 0
        /// Groups of which members would come or go.
        package var members = 0
        package var total: Int { create + modify + rename + delete + members }
    }

    package struct PlannedWrite: Codable, Hashable, Sendable {
        /// `ad` or `miniorange`: the side that would be written.
        package var side: String
        /// `create`, `modify`, `rename`, `delete` or `members`.
        package var operation: String
        /// The entry's DN before the write; of a new entry the one that it would get.
        package var name: String
        /// The DN after a rename.
        package var newName: String?
        /// Names of the attributes that would be written, sorted. Values are not shown: `test-mapping` shows those of one entry.
        package var attributes: [String]
        /// With `members`: how many would come.
        package var added: Int? = nil
        /// With `members`: how many would go.
        package var removed: Int? = nil
        /// Why: what moved.
        package var reason: String
    }

    package struct SetAside: Codable, Hashable, Sendable {
        /// `side: DN`.
        package var entry: String
        package var reason: String
    }

    /// True where the copy of a cache was the beginning; false where both directories were read from nothing.
    package var usedCache: Bool
    package var pairs: Int
    package var ad: Counts
    package var miniorange: Counts
    /// In the order in which they were decided; all of them, whatever `--limit` says.
    package var writes: [PlannedWrite]
    /// At most `setAsideLimit` of them.
    package var setAside: [SetAside]
    package var setAsideCount: Int
    /// Values and places that wait for another entry, or a name, to appear.
    package var waiting: Int
    /// Deletions that wait for a person's decision.
    package var heldDeletions = 0
    /// Deletions that wait for the end of their grace.
    package var waitingDeletions = 0
    /// Conflicts that these writes would settle, and report.
    package var newConflicts: Int

    package static let setAsideLimit = 1_000

    package var total: Int { ad.total + miniorange.total }
}

extension PlanReport {
    /// - Parameter conflictsBefore: how many the copied cache held.
    init(
        _ writes: PerSide<[Write]>,
        cache: Cache,
        usedCache: Bool,
        conflictsBefore: Int,
        wiring: Wiring
    ) throws {
        self.init(
            usedCache: usedCache,
            pairs: try cache.read { try $0.count(.pairs) },
            ad: Counts(),
            miniorange: Counts(),
            writes: [],
            setAside: [],
            setAsideCount: try cache.read { try $0.count(.quarantine) },
            waiting: try cache.read { try $0.count(.waiting) },
            newConflicts: try cache.read { try $0.count(.conflicts) } - conflictsBefore
        )
        for side in Side.allCases {
            var planned = PlanReport.merged(writes[side], side)
            try PlanReport.countMembers(&planned, writes[side], cache, wiring)
            for write in planned {
                side == .ad ? ad.count(write.operation) : miniorange.count(write.operation)
            }
            self.writes += planned
        }
        (heldDeletions, waitingDeletions) = try cache.read { try StatusReport.countDeletions($0) }
        setAside = try cache.read { transaction in
            try transaction.quarantined(after: nil, limit: Self.setAsideLimit).map { id, record in
                SetAside(
                    entry: try EntryNaming(transaction).label(of: id),
                    reason: try PlanReport.text(record.reason, transaction)
                )
            }
        }
    }

    /// What follows an add, such as a reference to an entry that had to be added first, is told with it; and all members of a group in one line.
    static func merged(_ writes: [Write], _ side: Side) -> [PlannedWrite] {
        var planned: [PlannedWrite] = []
        var adds: [String: Int] = [:]
        var groups: [String: Int] = [:]
        for write in writes {
            guard var line = PlannedWrite(write) else { continue }
            if case .editValues = write.operation {
                if let index = groups[line.name] {
                    planned[index].added = (planned[index].added ?? 0) + (line.added ?? 0)
                    planned[index].removed = (planned[index].removed ?? 0) + (line.removed ?? 0)
                    continue
                }
                groups[line.name] = planned.count
            }
            if let index = adds[line.name], line.operation == "modify" {
                planned[index].attributes = Array(Set(planned[index].attributes + line.attributes)).sorted()
                continue
            }
            if line.operation == "create" {
                adds[line.name] = planned.count
                line.attributes.sort()
            }
            planned.append(line)
        }
        return planned
    }

    /// A write carries only so many members, and no second one follows as long as it is not answered: the group's rows tell all of them.
    private static func countMembers(
        _ planned: inout [PlannedWrite],
        _ writes: [Write],
        _ cache: Cache,
        _ wiring: Wiring
    ) throws {
        var groups: [String: Write] = [:]
        for write in writes {
            if case .editValues(_, let name, _) = write.operation { groups[name.description] = write }
        }
        guard !groups.isEmpty else { return }
        try cache.read { transaction in
            for index in planned.indices where planned[index].operation == "members" {
                guard let write = groups[planned[index].name], let pair = try transaction.pair(write.pair),
                    let found = try MembershipTrial(wiring: wiring, transaction: transaction, pair: pair).differences()
                else { continue }
                planned[index].added = found[write.side].added
                planned[index].removed = found[write.side].removed
            }
        }
    }

    static func text(_ reason: QuarantineReason, _ transaction: CacheTransaction) throws -> String {
        switch reason {
        case .refused(let side, let refusal):
            refusal.message.isEmpty
                ? "\(side.name) refuses it (\(refusal.code))" : "\(side.name): \(refusal.message)"
        case .ambiguousMatch(let rule, let candidates):
            "match rule \(rule + 1) fits \(candidates.count) entries; nothing is guessed"
        case .noCounterpartForParent: "its container has no counterpart on the other side"
        case .missingRequiredValue(let attribute):
            "there is no value for \(attribute), which the other side demands"
        case .vanished(let side): "\(side.name) does not show it any more, and nothing proves that it was deleted"
        case .unreadable(let side, let attributes):
            "the account may not read \(attributes.joined(separator: ", ")) at \(side.name)"
        case .returned(let side): "it came back to \(side.name) with an older state of its server"
        case .protected(let side): "it is protected at \(side.name) (adminCount=1) and never written"
        case .members(let side, let count, let refusal):
            "\(side.name) refuses \(count) of its members: \(refusal.message)"
        }
    }
}

extension PlanReport.Counts {
    mutating func count(_ operation: String) {
        switch operation {
        case "create": create += 1
        case "modify": modify += 1
        case "rename": rename += 1
        case "members": members += 1
        default: delete += 1
        }
    }
}

extension PlanReport.PlannedWrite {
    /// Nil for what only reads.
    init?(_ write: Write) {
        let other = write.side.opposite.name
        switch write.operation {
        case .add(let name, _, let attributes):
            self.init(
                side: write.side.name,
                operation: "create",
                name: name.description,
                newName: nil,
                attributes: attributes.names,
                reason: "only on \(other)"
            )
        case .modify(_, let name, _, let changes):
            self.init(
                side: write.side.name,
                operation: "modify",
                name: name.description,
                newName: nil,
                attributes: changes.map(\.name),
                reason: "differs on \(other)"
            )
        case .rename(_, let name, _, let newName):
            self.init(
                side: write.side.name,
                operation: "rename",
                name: name.description,
                newName: newName.description,
                attributes: [],
                reason: "named or placed otherwise on \(other)"
            )
        case .delete(_, let name, _):
            self.init(
                side: write.side.name,
                operation: "delete",
                name: name.description,
                newName: nil,
                attributes: [],
                reason: "deleted on \(other)"
            )
        case .editValues(_, let name, let edits):
            self.init(
                side: write.side.name,
                operation: "members",
                name: name.description,
                newName: nil,
                attributes: [edits.attribute],
                added: edits.add.count,
                removed: edits.remove.count,
                reason: "differs on \(other)"
            )
        case .read, .readName, .confirmAbsence, .confirmEmpty, .readMembers, .readBelow, .readGroups, .readStamps:
            return nil
        }
    }

    var line: String {
        let what =
            newName.map { " to \($0)" }
            ?? added.map { ": \($0) come, \(removed ?? 0) go" }
            ?? (attributes.isEmpty ? "" : ": \(attributes.joined(separator: ", "))")
        return "\(side) \(operation) \(name)\(what) (\(reason))"
    }
}

extension PlanReport {
    /// For a person; at most `limit` writes are listed, all with 0.
    func text(limit: Int) -> String {
        var lines = [
            usedCache
                ? "Planned from the cache and both directories; nothing was written."
                : "There is no cache yet: planned as synclined would begin; nothing was written.",
            "\(pairs) pairs looked at", "",
            "side        create  modify  rename  delete members",
        ]
        for (name, counts) in [("ad", ad), ("miniorange", miniorange)] {
            let numbers = [counts.create, counts.modify, counts.rename, counts.delete, counts.members]
            lines.append(name.padded(to: 10) + numbers.map { String($0).leftPadded(to: 8) }.joined())
        }
        lines.append("")
        if newConflicts > 0 {
            lines.append("Conflicts that the rules would settle, and report: \(newConflicts)")
        }
        if waiting > 0 {
            lines.append("References or places that wait for an entry that is not there: \(waiting)")
        }
        if heldDeletions > 0 {
            lines.append("Deletions that wait for your decision (syncline holds): \(heldDeletions)")
        }
        if waitingDeletions > 0 { lines.append("Deletions that wait for the end of their grace: \(waitingDeletions)") }
        if setAsideCount > 0 {
            lines.append("Set aside: \(setAsideCount)")
            let shown = limit == 0 ? setAside[...] : setAside.prefix(limit)
            for entry in shown { lines.append("  \(entry.entry): \(entry.reason)") }
            if setAsideCount > shown.count { lines.append("  … and \(setAsideCount - shown.count) more") }
        }
        if total == 0 {
            let isAllDone = [waiting, heldDeletions, waitingDeletions, setAsideCount].allSatisfy { $0 == 0 }
            lines.append(
                isAllDone ? "Nothing to write: both sides are in agreement." : "Nothing else to write now."
            )
        } else {
            let shown = limit == 0 ? writes[...] : writes.prefix(limit)
            lines += shown.map(\.line)
            if writes.count > shown.count {
                lines.append("… and \(writes.count - shown.count) more; --limit 0 lists all")
            }
        }
        return lines.joined(separator: "\n")
    }
}

extension String {
    func leftPadded(to count: Int) -> String {
        self.count >= count ? self : String(repeating: " ", count: count - self.count) + self
    }
}
