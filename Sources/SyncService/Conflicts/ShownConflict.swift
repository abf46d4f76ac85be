import Cache
import Mapping
import SyncModel

/// A conflict as it is shown, whatever it is shown as: names instead of numbers, and no value of a secret attribute.
struct ShownConflict {
    let stored: StoredConflict
    /// The DN of the entry, at the side that has it.
    let entry: String
    /// Nil where nothing is known of the pair any more.
    let kind: ObjectKind?
    /// The DN of the member, where the conflict is about a membership.
    let member: String?
    let values: PerSide<[ShownValue]>
    let base: [ShownValue]
    /// Those that a person gave.
    let chosen: [ShownValue]
    let isSecret: Bool

    var id: UInt64 { stored.id.rawValue }
    var record: ConflictRecord { stored.record }

    init(_ stored: StoredConflict, _ view: InspectedView) throws {
        self.stored = stored
        let record = stored.record
        let known = try view.transaction.pair(record.pair)
        let mapping = view.mapping(record.object)
        kind = known?.kind ?? mapping?.specification.kind
        entry = try view.names.name(of: record.pair)
        member = if case .member(let other) = record.subject { try view.names.name(of: other) } else { nil }
        isSecret =
            if case .attribute(let name) = record.subject { SecretAttributes.contains(name, mapping) } else { false }
        let shown = try ShownPair(known ?? Pair(id: record.pair, object: record.object, kind: .user), view)
        func shownValues(_ values: [Octets]) throws -> [ShownValue] {
            switch record.subject {
            case .attribute(let name): try shown.values(values, of: name)
            case .existence: [.text(values.isEmpty ? "deleted" : "there")]
            case .member: [.text(values.isEmpty ? "no member" : "member")]
            }
        }
        chosen =
            if case .values(let values) = stored.resolution?.choice { try shownValues(values) } else { [] }
        guard case .existence = record.subject, let deleted = record.deletedSide else {
            base = try shownValues(record.base)
            values = PerSide(
                ad: try shownValues(record.values.ad),
                miniorange: try shownValues(record.values.miniorange)
            )
            return
        }
        base = [.text("there")]
        var words = PerSide<[ShownValue]>(both: [.text("changed")])
        words[deleted] = [.text("deleted")]
        values = words
    }

    /// On one line; empty where there is no value.
    func line(_ side: Side) -> String { values[side].map(\.line).joined(separator: " | ") }
    var baseLine: String { base.map(\.line).joined(separator: " | ") }

    /// The entry's own name, without where it stands.
    var shortEntry: String { Self.short(entry) }

    /// What it is about, for a column.
    var shortTitle: String { member.map { "\(stored.title) \(Self.short($0))" } ?? stored.title }

    private static func short(_ name: String) -> String {
        guard let value = (try? DistinguishedName(parsing: name))?.leaf?.value else { return name }
        return ShownValue(value).line
    }

    /// What was written, and where, for a person.
    var written: String {
        if let resolution = stored.resolution {
            return switch resolution.choice {
            case .side(let side): Self.write(values[side], to: side.opposite.name)
            case .base: Self.write(base, to: "both sides")
            case .values: Self.write(chosen, to: "both sides")
            case .agreement: "nothing"
            }
        }
        if record.isHeld { return "nothing; both sides stay as they are until a person decides" }
        let loser = record.winner.opposite
        switch (record.subject, record.decision) {
        case (.existence, _) where record.deletedSide == loser: return "the entry, again, to \(loser.name)"
        case (.existence, _): return "the entry was deleted at \(loser.name)"
        case (.member, .implied): return "nothing"
        case (.member, _):
            let isMember = !record.values[record.winner].isEmpty
            return "the member was \(isMember ? "added" : "removed") at \(loser.name)"
        default: return Self.write(values[record.winner], to: loser.name)
        }
    }

    private static func write(_ values: [ShownValue], to place: String) -> String {
        values.isEmpty
            ? "the value was removed at \(place)" : "\(values.map(\.line).joined(separator: " | ")) to \(place)"
    }

    // MARK: For machines

    var json: JSONValue {
        func part(_ side: Side) -> JSONValue {
            .object([
                ("values", .array(values[side].map(\.json))),
                ("stamp", record.stamps[side].map { StampText($0).json } ?? .null),
            ])
        }
        return .object([
            ("id", .int(Int(clamping: id))), ("time", .string(record.time.text(toMilliseconds: true))),
            ("state", .string(stored.state.name)), ("isJoin", .bool(record.isJoin)),
            ("pair", .int(Int(clamping: record.pair.rawValue))), ("entry", .string(entry)),
            ("object", .string(orNull: record.object)), ("kind", .string(orNull: kind?.name)),
            ("attribute", .string(stored.attribute)), ("member", .string(orNull: member)), ("ad", part(.ad)),
            ("miniorange", part(.miniorange)), ("base", .array(base.map(\.json))), ("rule", .string(record.rule.name)),
            ("decision", .string(record.decision.code)), ("winner", .string(record.winner.name)),
            ("stands", .string(orNull: stored.standingSide?.name)), ("reason", .string(stored.reason)),
            ("written", .string(written)),
            (
                "resolution",
                stored.resolution.map {
                    .object([
                        ("choice", .string($0.choice.code)), ("values", .array(chosen.map(\.json))),
                        ("time", .string($0.time.text(toMilliseconds: true))),
                    ])
                } ?? .null
            ),
            ("secret", .bool(isSecret)), ("commands", .array(stored.commands.map(JSONValue.string))),
        ])
    }
}

extension ConflictRecord {
    /// Of a delete against a change.
    var deletedSide: Side? {
        switch decision {
        case .changeWins: winner.opposite
        case .deleteWins: winner
        default: Side.allCases.first { values[$0].isEmpty }
        }
    }
}
