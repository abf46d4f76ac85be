import Cache
import Mapping
import Reconcile
import SyncModel

/// Takes both entries through mapping and merge as the engine would, and says what came of each rule.
struct MappingTrial {
    let live: LivePair
    let references: LiveReferences
    /// Both entries' attributes, with references as a replica holds them.
    let attributes: PerSide<Attributes?>
    /// Where the cache's replicas stand, by `PlaceText`; nil where there is none.
    let basePlace: Octets?
    /// For each side the container there that corresponds to where the other side's entry stands; nil where there is none.
    let containers: PerSide<DistinguishedName?>

    private var specification: ObjectSpecification { live.mapping.specification }
    private var base: Attributes? {
        guard var base = live.pair?.base else { return nil }
        base[parentAttribute] = basePlace.map { [$0] } ?? []
        return base
    }

    func report() throws -> MappingTestReport {
        let canonical = try live.mapping.canonical(
            ad: attributes.ad,
            miniorange: attributes.miniorange,
            base: base,
            nameCounter: live.pair?.nameCounter ?? 0,
            resolver: references
        )
        let result = reconciler.reconcile(
            base: base,
            ad: state(.ad, canonical.ad),
            miniorange: state(.miniorange, canonical.miniorange)
        )
        var report = MappingTestReport(live, usedCache: live.pair != nil, shown: { shown($0, $1, $2) })
        var unshown: Set<String> = []
        switch result.existence {
        case .both:
            for side in Side.allCases { try planChanges(side, result, &report, &unshown) }
        case .create(let side): try planCreation(side, result, &report)
        case .delete(let side): planDeletion(side, &report)
        case .forget: report.notes.append("gone from both sides")
        case .suspended:
            report.notes.append(
                "nothing may be concluded or written: the direction, or the scope, bars it"
            )
        }
        if result.needsStamps.contains(parentAttribute) {
            report.notes.append("moved on both sides: the later move wins")
        }
        for rule in specification.attributes {
            report.rules.append(try line(rule, canonical, result, unshown))
        }
        return report
    }

    private var reconciler: Reconciler {
        let direction = specification.direction
        var rules = live.mapping.mergeRules.map { rule in
            var rule = rule
            if rule.direction == .both { rule.direction = direction }
            return rule
        }
        if !specification.isFlat {
            rules.append(
                MergeRule(
                    name: parentAttribute,
                    shape: .register,
                    direction: direction,
                    conflict: specification.conflict,
                    prefer: specification.prefer
                )
            )
        }
        let changeWins = specification.deleteAgainstChange == .changeWins
        return Reconciler(
            rules: rules,
            existence: ExistenceRule(direction: direction, changeWins: changeWins)
        )
    }

    private func state(_ side: Side, _ canonical: CanonicalSide?) -> SideState {
        guard let entry = live.entries[side], let canonical else {
            return live.pair?.anchors[side] == nil ? .missing : .deleted
        }
        guard
            case .inScope = live.mapping.standing(side, name: entry.name, attributes: entry.attributes)
        else { return .outOfScope }
        var values = canonical.values
        if !specification.isFlat,
            let place = PlaceText.of(entry.name, below: specification.scopes[side].base)
        {
            values[parentAttribute] = [place]
        }
        return .present(values, unknown: canonical.unknown)
    }

    // MARK: What would be written

    private func planChanges(
        _ side: Side,
        _ result: Reconciliation,
        _ report: inout MappingTestReport,
        _ unshown: inout Set<String>
    ) throws {
        guard let entry = live.entries[side], let current = attributes[side],
            !result.changes[side].isEmpty
        else { return }
        let names = result.changes[side].filter { $0 != parentAttribute }
        let projection = try live.mapping.changes(
            side,
            to: result.target,
            of: names,
            current: current,
            nameCounter: live.pair?.nameCounter ?? 0,
            resolver: references
        )
        note(projection.missingRequired, projection.invalid, projection.waitsFor, side, &report)
        if side == .ad, entry.attributes["admincount"].contains("1") {
            report.obstacles.append("it is protected at ad (adminCount=1) and never written")
            return
        }
        let moves = result.changes[side].contains(parentAttribute)
        var name = entry.name
        if moves || projection.newRDN != nil {
            let rdn = projection.newRDN ?? entry.name.leaf ?? RelativeDistinguishedName([])
            let container = moves ? container(side, result, &report) : entry.name.parent
            guard let container else { return }
            let newName = container.child(rdn)
            report.writes.append(
                MappingTestReport.PlannedWrite(
                    side: side.name,
                    operation: "rename",
                    name: entry.name.description,
                    newName: newName.description,
                    attributes: []
                )
            )
            name = newName
        }
        guard !projection.changes.isEmpty else {
            if projection.isEmpty { unshown.formUnion(names) }
            return
        }
        report.writes.append(
            MappingTestReport.PlannedWrite(
                side: side.name,
                operation: "modify",
                name: name.description,
                newName: nil,
                attributes: projection.changes.map {
                    .init(name: $0.name, old: shown(side, $0.name, $0.old), new: shown(side, $0.name, $0.new))
                }
            )
        )
    }

    private func planCreation(
        _ side: Side,
        _ result: Reconciliation,
        _ report: inout MappingTestReport
    ) throws {
        let entry = try live.mapping.newEntry(
            side,
            target: result.target,
            nameCounter: live.pair?.nameCounter ?? 0,
            resolver: references
        )
        note(entry.missingRequired, entry.invalid, entry.waitsFor, side, &report)
        guard entry.missingRequired == nil else { return }
        let container =
            specification.isFlat ? specification.scopes[side].base : container(side, result, &report)
        guard let container else { return }
        let classes = MappingTestReport.Change(name: "objectclass", old: [], new: entry.objectClasses)
        report.writes.append(
            MappingTestReport.PlannedWrite(
                side: side.name,
                operation: "create",
                name: container.child(entry.rdn).description,
                newName: nil,
                attributes: [classes]
                    + entry.attributes.items.map {
                        .init(name: $0.name, old: [], new: shown(side, $0.name, $0.values))
                    }
            )
        )
    }

    private func planDeletion(_ side: Side, _ report: inout MappingTestReport) {
        let rule = specification.deletions
        guard rule.policy == .delete else {
            var becomes: [String] = rule.disablesAccount ? ["its account is disabled"] : []
            if rule.policy == .move, let container = rule.containers[side] {
                becomes.append("it is moved to \(container)")
            }
            becomes.append("it stays here by itself")
            report.notes.append(
                "it was deleted on the other side; by the policy for deletes \(becomes.joined(separator: ", "))"
            )
            return
        }
        if rule.grace > 0 || rule.limit != nil {
            report.notes.append("a delete waits for its grace, and is held where there are more than the limit allows")
        }
        report.writes.append(
            MappingTestReport.PlannedWrite(
                side: side.name,
                operation: "delete",
                name: live.entries[side].map { "\($0.name)" } ?? "",
                newName: nil,
                attributes: []
            )
        )
    }

    /// The container on `side` of the place that the merge decided on; nil, with the obstacle, where there is none.
    private func container(
        _ side: Side,
        _ result: Reconciliation,
        _ report: inout MappingTestReport
    ) -> DistinguishedName? {
        let target = result.target[parentAttribute]
        func stands(_ source: Side) -> Bool {
            guard let name = live.entries[source]?.name,
                let place = PlaceText.of(name, below: specification.scopes[source].base)
            else { return false }
            return target == [place]
        }
        if stands(side) { return live.entries[side]?.name.parent }
        if stands(side.opposite), let container = containers[side] { return container }
        report.obstacles.append("its container has no counterpart at \(side.name): the entry would be set aside")
        return nil
    }

    private func note(
        _ missing: String?,
        _ invalid: [InvalidValue],
        _ waitsFor: [PairID],
        _ side: Side,
        _ report: inout MappingTestReport
    ) {
        if let missing {
            report.obstacles.append(
                "\(side.name) demands a value for \(missing), and there is none: the entry would be set aside"
            )
        }
        for value in invalid {
            report.obstacles.append(
                "\(side.name) would refuse \(value.attribute): \(value.reason): the entry would be set aside"
            )
        }
        for pair in waitsFor {
            report.notes.append(
                "\(references.name(of: pair)) has no counterpart at \(side.name) yet: the reference waits for it"
            )
        }
    }

    // MARK: What came of each rule

    private func line(
        _ rule: AttributeSpecification,
        _ canonical: PerSide<CanonicalSide?>,
        _ result: Reconciliation,
        _ unshown: Set<String>
    ) throws -> MappingTestReport.Rule {
        let name = CaseFolding.lowercaseName(rule.ad)
        let names = [name, name + ";others", name + ";fallback"]
        let target = names.dropLast().flatMap { result.target[$0] }
        return MappingTestReport.Rule(
            origin: rule.origin,
            ad: rule.ad,
            miniorange: rule.miniorange,
            direction: rule.direction == .both ? specification.direction.word : rule.direction.word,
            adValues: shown(.ad, rule.ad, live.entries.ad?.attributes[name] ?? []),
            miniorangeValues: shown(
                .miniorange,
                rule.miniorange,
                live.entries.miniorange?.attributes[CaseFolding.lowercaseName(rule.miniorange)] ?? []
            ),
            base: base.map { base in shownCanonical(rule, names.dropLast().flatMap { base[$0] }) },
            result: shownCanonical(rule, target),
            verdict: verdict(names, canonical, result, unshown)
        )
    }

    private func verdict(
        _ names: [String],
        _ canonical: PerSide<CanonicalSide?>,
        _ result: Reconciliation,
        _ unshown: Set<String>
    ) -> String {
        for side in Side.allCases where canonical[side]?.unknown.contains(where: names.contains) == true {
            return "waits: \(side.name) can't be told now"
        }
        guard result.existence == .both else {
            let isEmpty = names.allSatisfy { result.target[$0].isEmpty }
            if case .create(let side) = result.existence { return isEmpty ? "empty" : side.arrow }
            return isEmpty ? "empty" : "as it is"
        }
        let conflict = result.conflicts.first { conflict in
            if case .attribute(let name) = conflict.subject { names.contains(name) } else { false }
        }
        if let conflict { return conflict.isHeld ? "conflict: held" : "conflict: \(conflict.winner.name) wins" }
        // Who was later only the daemon asks for.
        if result.needsStamps.contains(where: names.contains) { return "conflict: the later wins" }
        let isNeeded = PerSide(
            ad: result.changes.ad.contains { names.contains($0) && !unshown.contains($0) },
            miniorange: result.changes.miniorange.contains { names.contains($0) && !unshown.contains($0) }
        )
        switch (isNeeded.ad, isNeeded.miniorange) {
        case (true, true): return "merged"
        case (true, false): return Side.ad.arrow
        case (false, true): return Side.miniorange.arrow
        case (false, false):
            let differs = Side.allCases.contains { side in
                result.changes[side].contains(where: names.contains)
            }
            return differs
                ? "as close as it gets" : names.allSatisfy { result.target[$0].isEmpty } ? "empty" : "equal"
        }
    }

    // MARK: Values for a person

    private func shown(_ side: Side, _ attribute: String, _ values: [Octets]) -> [String] {
        values.map { value in
            if live.mapping.isReference(side, attribute), let reference = Reference(value) {
                switch reference {
                case .entry(let anchor): return references.name(side, anchor) ?? anchor.text(on: side)
                case .unresolved(let name): return name.description
                }
            }
            return TrialText.text(value, attribute: attribute)
        }
    }

    private func shownCanonical(_ rule: AttributeSpecification, _ values: [Octets]) -> [String] {
        values.map { value in
            if rule.type == .reference, let number = UInt64(bigEndianOctets: value.bytes) {
                return references.name(of: PairID(number))
            }
            return TrialText.text(value, attribute: rule.ad)
        }
    }
}

/// Where an entry stands below its base, in a form that both sides share.
enum PlaceText {
    static func of(_ name: DistinguishedName, below base: DistinguishedName) -> Octets? {
        guard let below = name.parent?.relative(to: base) else { return nil }
        return Octets("/" + DistinguishedName(below).normalized.lossyText)
    }
}

/// Values as an admin may see them.
enum TrialText {
    /// Text as it is; what is no text by its length; passwords not at all.
    static func text(_ value: Octets, attribute: String) -> String {
        if SecretAttributes.contains(attribute) { return "<not shown>" }
        guard let text = value.text, !text.isEmpty,
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return "<\(value.count) octets>" }
        return text
    }
}

extension Direction {
    /// The word in the configuration.
    var word: String {
        switch self {
        case .both: "both"
        case .toAD: "to-ad"
        case .toMiniOrange: "to-miniorange"
        }
    }
}

extension Side {
    /// Who is written.
    var arrow: String { self == .ad ? "ad <- miniorange" : "ad -> miniorange" }
}
