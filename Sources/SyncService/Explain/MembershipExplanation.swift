import Cache
import Mapping
import Reconcile
import SyncModel

/// Why somebody is, or is not, in a group.
struct MembershipExplanation {
    struct Part {
        /// Nil where the group or the member is not there.
        var link: LinkID?
        var row: Link?
        /// The attribute that holds it, and whose that is.
        var form: MembershipForm
        var stamp: Stamp?
        var isPending: Bool
        var refused: RefusedLink?

        var isMember: Bool { row?.isPresent ?? false }
    }

    let group: PairID
    let member: PairID
    let groupName: String
    let memberName: String
    let sides: PerSide<Part>
    let specification: MembershipSpecification
    let object: String
    /// The object's line in the configuration.
    let origin: String
    let rule: ConflictRule
    let prefer: Side
    let isAgreed: Bool
    let writer: LastWriter?
    let conflicts: [ShownConflict]
    /// What was written, the newest first.
    let history: [(line: HistoryRecord, isMember: Bool)]

    private static let historyLimit = 20

    /// Throws `LookupError` where the group is none.
    init(_ group: Pair, _ member: Pair, _ view: InspectedView) throws {
        guard let mapping = view.mapping(group.object), let membership = mapping.specification.membership else {
            throw LookupError(
                description: "\(try ShownPair(group, view).name) is no group whose members are synchronised"
            )
        }
        self.group = group.id
        self.member = member.id
        groupName = try ShownPair(group, view).name
        memberName = try ShownPair(member, view).name
        specification = membership
        object = mapping.specification.name
        origin = mapping.specification.origin
        rule = mapping.specification.conflict
        prefer = mapping.specification.prefer
        let transaction = view.transaction
        func part(_ side: Side) throws -> Part {
            let form = membership.form(side)
            guard let groupAnchor = group.anchors[side], let memberAnchor = member.anchors[side] else {
                return Part(form: form, isPending: false)
            }
            let link = LinkID(side: side, group: groupAnchor, member: memberAnchor)
            // The line stands with whoever's entry is written.
            let holder = form.holder == .group ? group.id : member.id
            let holderAnchor = form.holder == .group ? groupAnchor : memberAnchor
            return Part(
                link: link,
                row: try transaction.link(link),
                form: form,
                stamp: try transaction.stamp(side, holderAnchor, form.attribute),
                isPending: try transaction.pending(of: holder, limit: .max).contains(link),
                refused: try transaction.refusedLinks(of: holder, limit: .max).first { $0.0 == link }?.1
            )
        }
        let sides = PerSide(ad: try part(.ad), miniorange: try part(.miniorange))
        self.sides = sides
        isAgreed = Side.allCases.contains { sides[$0].row?.isAgreed == true }
        let judge = try EntryExplanation.judge(view)
        var conflicts: [ShownConflict] = []
        try transaction.forEachConflict(ConflictQuery(pair: group.id, subject: .member), .newestFirst) { conflict in
            if conflict.record.subject == .member(member.id) { conflicts.append(try ShownConflict(conflict, view)) }
            return conflicts.count < Self.historyLimit
        }
        self.conflicts = conflicts
        // Of a group's lines only those that name the member; his own are fewer than the group's.
        history = try transaction.history(of: member.id).lazy
            .filter { $0.pair == group.id || $0.pair == member.id }
            .compactMap { line in
                let other = line.pair == group.id ? member.id : group.id
                return line.members.first { $0.member == other }.map { (line, $0.isPresent) }
            }
            .prefix(Self.historyLimit).map(\.self)
        let isEqual = sides.ad.isMember == sides.miniorange.isMember
        let written = history.first.flatMap { isEqual && $0.isMember == sides.ad.isMember ? $0.line.side : nil }
        writer =
            LastWriter(PerSide(ad: sides.ad.stamp, miniorange: sides.miniorange.stamp), judge)
            ?? written.map { LastWriter(writtenAt: $0) }
    }

    /// For a person.
    var why: String {
        let isMember = PerSide(ad: sides.ad.isMember, miniorange: sides.miniorange.isMember)
        for side in Side.allCases {
            if let refused = sides[side].refused {
                return
                    "\(side.name) refuses to \(refused.isAddition ? "add" : "remove") the member: \(refused.refusal.message.printable)"
            }
        }
        if sides.ad.isPending || sides.miniorange.isPending { return "it is to be looked at" }
        for side in Side.allCases where sides[side].link == nil {
            return "the group or the member is not at \(side.name)"
        }
        switch (isMember.ad, isMember.miniorange, isAgreed) {
        case (true, true, true): return "a member on both sides, and both agreed on it"
        case (true, true, false): return "a member on both sides, not yet noted as agreed"
        case (false, false, true): return "removed on both sides, not yet noted as agreed"
        case (false, false, false): return "no member on either side"
        case (true, false, false): return "added at ad since both agreed"
        case (false, true, false): return "added at miniorange since both agreed"
        case (true, false, true): return "removed at miniorange since both agreed"
        case (false, true, true): return "removed at ad since both agreed"
        }
    }

    func lines(width: Int, style: TerminalStyle, note: String?) -> [String] {
        var text = ExplanationText(width: width, style: style)
        text.row("group", groupName)
        text.row("member", memberName)
        if let note { text.row("stamps", note, ink: .faint) }
        text.line("")
        let isCalm = sides.ad.isMember == sides.miniorange.isMember
        text.row("why", why, ink: isCalm ? .good : .warning)
        for side in Side.allCases {
            let part = sides[side]
            text.row("  \(side.name)", part.isMember ? "member" : "no member", " (\(part.source))")
            text.stamp(part.stamp)
        }
        if let writer { text.row("  last set", writer.words) }
        let way = specification.direction == .both ? "" : ", \(specification.direction.word) only"
        text.row("  rule", "\(rule.name)\(rule == .newest ? ", then \(prefer.name)" : "")\(way)")
        text.row(
            "  mapping",
            "ad member, miniorange \(sides.miniorange.form.attribute)",
            " (object \(object), \(origin))"
        )
        text.section("conflicts, the newest first", conflicts.map(ExplanationText.line))
        text.section(
            "history, the newest first",
            history.map {
                "\($0.line.time.text)  \($0.line.side.name)  \($0.isMember ? "added" : "removed") (\($0.line.cause.words))"
            }
        )
        return text.lines
    }

    func json(note: String?) -> JSONValue {
        func part(_ side: Side) -> JSONValue {
            let part = sides[side]
            return .object([
                ("isMember", .bool(part.isMember)), ("attribute", .string(part.form.attribute)),
                ("holder", .string(part.form.holder == .group ? "group" : "member")),
                ("stamp", part.stamp.map { StampText($0).json } ?? .null), ("pending", .bool(part.isPending)),
                ("refused", .string(orNull: part.refused?.refusal.message)),
            ])
        }
        return .object([
            ("group", .string(groupName)), ("groupPair", .int(Int(clamping: group.rawValue))),
            ("member", .string(memberName)), ("memberPair", .int(Int(clamping: member.rawValue))),
            ("why", .string(why)), ("agreed", .bool(isAgreed)), ("ad", part(.ad)), ("miniorange", part(.miniorange)),
            ("lastWriter", writer?.json ?? .null), ("stampsNote", .string(orNull: note)),
            (
                "rule",
                .object([
                    ("conflict", .string(rule.name)), ("prefer", .string(prefer.name)),
                    ("direction", .string(specification.direction.word)), ("object", .string(object)),
                    ("origin", .string(origin)),
                ])
            ),
            ("conflicts", .array(conflicts.map(\.json))),
            (
                "history",
                .array(
                    history.map {
                        .object([
                            ("time", .string($0.line.time.text)), ("side", .string($0.line.side.name)),
                            ("isMember", .bool($0.isMember)), ("cause", .string($0.line.cause.code)),
                        ])
                    }
                )
            ),
        ])
    }
}

extension MembershipExplanation.Part {
    /// Where it is told from, for a person.
    fileprivate var source: String {
        guard let row, row.isPresent else {
            return "by \(form.attribute) of the \(form.holder == .group ? "group" : "member")"
        }
        var sources: [String] = []
        if row.sources.contains(.group) {
            sources.append("the group's \(form.holder == .group ? form.attribute : "member")")
        }
        if row.sources.contains(.member) {
            sources.append(form.holder == .member ? "the member's \(form.attribute)" : "the member's primary group")
        }
        return "by \(sources.joined(separator: " and "))"
    }
}
