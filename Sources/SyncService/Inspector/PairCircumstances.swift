import Cache
import SyncModel

/// What is under way for a pair, or keeps it from being in agreement.
struct PairCircumstances {
    /// At most so many of each are read.
    static let limit = 20

    let dirty: DirtyRecord?
    let intents: [Intent]
    let quarantine: QuarantineRecord?
    /// That of the entry on one side, where the other side's waits.
    let deletion: Deletion?
    /// Memberships to be looked at, up to a thousand.
    let pendingLinks: Int
    let refusedLinks: [(link: LinkID, refused: RefusedLink)]
    /// DNs for which the pair waits.
    let waitsFor: [String]
    /// Names that the entries hold as members or groups and that nobody in scope has.
    let parkedNames: [(side: Side, name: ParkedName)]

    init(_ shown: ShownPair, _ view: InspectedView) throws {
        let id = shown.pair.id
        let transaction = view.transaction
        dirty = try transaction.dirty(id)
        intents = try transaction.intents().filter { $0.write.pair == id }
        quarantine = try transaction.quarantine(id)
        deletion = try transaction.deletion(of: id).flatMap { $0.state.waitingWords == nil ? nil : $0 }
        pendingLinks = try transaction.pending(of: id, limit: 1_000).count
        refusedLinks = try transaction.refusedLinks(of: id, limit: Self.limit).map { ($0.0, $0.1) }
        waitsFor = try Self.awaited(shown, view)
        parkedNames = try Side.allCases.flatMap { side in
            try shown.pair.anchors[side].map { anchor in
                try transaction.parkedLinks(side, holder: anchor).prefix(1_000).map { (side, ParkedName($0)) }
            } ?? []
        }
    }

    /// The waiting tables are in order of what is awaited, so each reference is asked about.
    private static func awaited(_ shown: ShownPair, _ view: InspectedView) throws -> [String] {
        var found: [String] = []
        let id = shown.pair.id
        for side in Side.allCases {
            guard let replica = shown.replicas[side] else { continue }
            if case .unresolved(let parent) = replica.parent { found.append("\(side.name): \(parent)") }
            for item in replica.attributes.items where view.wiring.views[side].references.contains(item.name) {
                for value in item.values {
                    switch Reference(value) {
                    case .unresolved(let name):
                        if try view.transaction.isParked(side, name: name.normalized, waiter: id) {
                            found.append("\(side.name): \(name)")
                        }
                    case .entry(let anchor):
                        guard let target = try view.transaction.pairID(side, anchor), target != id,
                            try view.transaction.pair(target)?.isComplete == false,
                            try view.transaction.isWaiting(on: target, waiter: id)
                        else { continue }
                        found.append("\(side.name): \(try view.names.name(of: anchor, side))")
                    case nil: continue
                    }
                }
            }
        }
        return found
    }

    var isEmpty: Bool {
        dirty == nil && intents.isEmpty && quarantine == nil && pendingLinks == 0 && refusedLinks.isEmpty
            && waitsFor.isEmpty && deletion == nil
    }

    /// One line each, for people.
    func lines(_ view: InspectedView) throws -> [String] {
        var lines: [String] = []
        if let dirty {
            lines.append("to be looked at: \(dirty.cause.words), since \(dirty.since.text)")
        }
        for intent in intents {
            lines.append(
                "write \(intent.write.id.rawValue) at \(intent.write.side.name): \(intent.write.operation.word), since \(intent.since.text)"
            )
        }
        if let quarantine {
            let next = quarantine.next.map { ", next \($0.text)" } ?? ""
            lines.append("set aside: \(quarantine.reason.explanation) (attempt \(quarantine.attempts)\(next))")
        }
        if let words = deletion?.state.waitingWords { lines.append(words) }
        for name in waitsFor { lines.append("waits for \(name)") }
        if pendingLinks > 0 {
            lines.append("\(pendingLinks == 1_000 ? "1000 or more" : "\(pendingLinks)") memberships to be looked at")
        }
        for (link, refused) in refusedLinks {
            let member = try view.names.name(of: link.member, link.side)
            let group = try view.names.name(of: link.group, link.side)
            lines.append(
                "\(link.side.name) refuses to \(refused.isAddition ? "add" : "remove") \(member) in \(group): \(refused.refusal.message)"
            )
        }
        return lines
    }

    func json(_ view: InspectedView) throws -> JSONValue {
        .object([
            (
                "queued",
                dirty.map { .object([("since", .string($0.since.text)), ("cause", .string($0.cause.code))]) } ?? .null
            ),
            (
                "writes",
                .array(
                    intents.map {
                        .object([
                            ("id", .int(Int(clamping: $0.write.id.rawValue))), ("side", .string($0.write.side.name)),
                            ("operation", .string($0.write.operation.word)), ("since", .string($0.since.text)),
                        ])
                    }
                )
            ),
            (
                "quarantine",
                quarantine.map {
                    .object([
                        ("reason", .string($0.reason.explanation)), ("attempts", .int($0.attempts)),
                        ("since", .string($0.since.text)), ("next", .string(orNull: $0.next?.text)),
                    ])
                } ?? .null
            ),
            ("deletion", deletion?.state.json ?? .null),
            ("waitsFor", .array(waitsFor.map(JSONValue.string))),
            ("pendingMemberships", .int(pendingLinks)),
            (
                "refusedMemberships",
                .array(
                    try refusedLinks.map { link, refused in
                        .object([
                            ("side", .string(link.side.name)),
                            ("operation", .string(refused.isAddition ? "add" : "remove")),
                            ("group", .string(try view.names.name(of: link.group, link.side))),
                            ("member", .string(try view.names.name(of: link.member, link.side))),
                            ("reason", .string(refused.refusal.message)), ("attempts", .int(refused.attempts)),
                            ("next", .string(refused.next.text)),
                        ])
                    }
                )
            ),
            (
                "parkedNames",
                .array(
                    parkedNames.map {
                        .object([
                            ("side", .string($0.side.name)), ("kind", .string($0.name.kind.rawValue)),
                            ("name", ShownValue($0.name.value).json),
                        ])
                    }
                )
            ),
        ])
    }
}

extension Deletion.State {
    /// Why the other side has not followed yet, for a person; nil where nothing waits.
    var waitingWords: String? {
        switch self {
        case .held(let hold): "its deletion is held: syncline holds \(hold.rawValue)"
        case .waiting: "its deletion waits for the end of its grace"
        case .approved, .rejected, .carried: nil
        }
    }

    fileprivate var json: JSONValue {
        switch self {
        case .held(let hold): .object([("state", .string("held")), ("hold", .int(Int(clamping: hold.rawValue)))])
        case .waiting: .object([("state", .string("waiting")), ("hold", .null)])
        case .approved, .rejected, .carried: .null
        }
    }
}

extension DirtyCause {
    /// Part of what `--json` promises.
    var code: String {
        switch self {
        case .changedAtAD: "changed-at-ad"
        case .changedAtMiniOrange: "changed-at-miniorange"
        case .configuration: "configuration"
        case .reference: "reference"
        case .retry: "retry"
        case .request: "request"
        case .membership: "membership"
        }
    }

    /// For a person.
    var words: String {
        switch self {
        case .changedAtAD: "changed at ad"
        case .changedAtMiniOrange: "changed at miniorange"
        case .configuration: "the configuration changed"
        case .reference: "an entry that it names changed"
        case .retry: "tried again"
        case .request: "asked for"
        case .membership: "a membership changed"
        }
    }
}
