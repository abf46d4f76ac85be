import Reconcile
import SyncModel

/// The words of the merge tables. A side is `missing`, `deleted`, `out`, or the values of one attribute: `-` for none, else one character a value.
enum Vocabulary {
    static let name = "a"

    static func values(_ word: String) -> [Octets] {
        word == "-" ? [] : word.map { Octets(String($0)) }.sorted()
    }

    static func word(_ values: [Octets]) -> String {
        values.isEmpty ? "-" : values.map(\.lossyText).joined()
    }

    static func attributes(_ word: String) -> Attributes { [name: values(word)] }

    /// `none` is no base at all: the sides were never in agreement.
    static func base(_ word: String) -> Attributes? { word == "none" ? nil : attributes(word) }

    static func state(_ word: String) -> SideState {
        switch word {
        case "missing": .missing
        case "deleted": .deleted
        case "out": .outOfScope
        case "?": .present(Attributes(), unknown: [name])
        default: .present(attributes(word), unknown: [])
        }
    }

    /// Conflicts go by the preferred side, unless the rule says something else.
    static func rule(
        _ shape: MergeRule.Shape,
        _ direction: Direction = .both,
        _ conflict: ConflictRule? = nil,
        prefer: Side = .ad
    ) -> MergeRule {
        let byPreference: ConflictRule = prefer == .ad ? .ad : .miniorange
        return MergeRule(
            name: name,
            shape: shape,
            direction: direction,
            conflict: conflict ?? byPreference,
            prefer: prefer
        )
    }

    /// What a reconciliation says, in one line.
    static func line(_ result: Reconciliation) -> String {
        var words: [String] = []
        switch result.existence {
        case .both: words.append("=\(word(result.target[name]))")
        case .create(let side): words.append("create \(side.name) \(word(result.target[name]))")
        case .delete(let side): words.append("delete \(side.name)")
        case .forget: words.append("forget")
        case .suspended: words.append("suspended")
        }
        for side in Side.allCases where !result.changes[side].isEmpty { words.append("write \(side.name)") }
        for conflict in result.conflicts {
            let subject = conflict.subject == .existence ? "existence" : "value"
            words.append(
                conflict.isHeld
                    ? "hold(\(conflict.decision))" : "conflict(\(subject) \(conflict.decision) \(conflict.winner.name))"
            )
        }
        if !result.needsStamps.isEmpty { words.append("needs stamps") }
        if !result.endedSettlements.isEmpty { words.append("settled") }
        words.append("base \(result.base.map { word($0[name]) } ?? "none")")
        return words.joined(separator: ", ")
    }
}

extension ConflictRule {
    /// The same rule seen from the other side.
    var mirrored: ConflictRule {
        switch self {
        case .ad: .miniorange
        case .miniorange: .ad
        case .newest, .hold: self
        }
    }
}

extension Direction {
    static let all: [Direction] = [.both, .toAD, .toMiniOrange]

    /// The same rule seen from the other side.
    var mirrored: Direction {
        switch self {
        case .both: .both
        case .toAD: .toMiniOrange
        case .toMiniOrange: .toAD
        }
    }
}

extension Reconciliation {
    /// What it must be when the sides, the preference and the direction are swapped.
    var mirrored: Reconciliation {
        var existence = existence
        switch existence {
        case .create(let side): existence = .create(side.opposite)
        case .delete(let side): existence = .delete(side.opposite)
        case .both, .forget, .suspended: break
        }
        var mirrored = Reconciliation(existence: existence, base: base, target: target)
        mirrored.changes = PerSide(ad: changes.miniorange, miniorange: changes.ad)
        mirrored.conflicts = conflicts.map { conflict in
            var swapped = conflict
            swapped.values = PerSide(ad: conflict.values.miniorange, miniorange: conflict.values.ad)
            swapped.winner = conflict.winner.opposite
            swapped.rule = conflict.rule.mirrored
            swapped.stamps = PerSide(ad: conflict.stamps.miniorange, miniorange: conflict.stamps.ad)
            return swapped
        }
        return mirrored
    }
}
