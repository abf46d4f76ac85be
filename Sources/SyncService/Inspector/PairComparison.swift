import Cache
import Mapping
import Reconcile
import SyncModel

/// How both sides and the base of a pair differ, by the rules that the engine goes by.
struct PairComparison {
    /// Why an attribute is not in agreement; the raw values are part of what `--json` promises.
    enum Reason: String {
        case changedAtAD = "changed-at-ad"
        case changedAtMiniOrange = "changed-at-miniorange"
        case changedAtBoth = "changed-at-both"
        case neverAgreed = "never-agreed"
        case baseDiffers = "base-differs"
        case unresolved = "unresolved"
        case oneWay = "one-way"

        var words: String {
            switch self {
            case .changedAtAD: "changed at ad since both agreed"
            case .changedAtMiniOrange: "changed at miniorange since both agreed"
            case .changedAtBoth: "changed on both sides since they agreed"
            case .neverAgreed: "differs, and both sides never agreed on it"
            case .baseDiffers: "equal on both sides, and not yet noted as agreed"
            case .unresolved: "names an entry that is not (yet) on both sides"
            case .oneWay: "differs, and the rule does not carry it this way"
            }
        }
    }

    struct Difference {
        var name: String
        var values: PerSide<[Octets]>
        /// Nil where there is no base.
        var base: [Octets]?
        var reason: Reason
    }

    /// How one attribute stands, in agreement or not.
    struct State {
        /// With the direction that holds for it.
        var rule: MergeRule
        var values: PerSide<[Octets]>
        /// Nil where there is no base.
        var base: [Octets]?
        /// Nil where both sides and the base agree, or where one side has no entry.
        var reason: Reason?
    }

    struct Members {
        var count = PerSide<Int>(both: 0)
        /// The first of them: a member and the one side on which it is.
        var first: [(side: Side, member: Anchor)] = []

        /// Whether all were looked at.
        var isComplete = true

        var isEmpty: Bool { count.ad == 0 && count.miniorange == 0 }
    }

    /// At most so many members are named.
    static let namedMembers = 10

    private(set) var differences: [Difference] = []
    /// Of all attributes, where that was asked for.
    private(set) var states: [State] = []
    private(set) var members = Members()
    /// The side that has the entry where the other has none, or has it out of scope.
    private(set) var onlyAt: Side?

    /// A pair of no configured object, a container that only gives others their place, has nothing to agree on.
    ///
    /// - Parameters:
    ///   - memberRows: at most so many memberships of a group are looked at on each side; nil: all.
    ///   - keepsStates: whether attributes in agreement are to be told as well.
    init(_ shown: ShownPair, _ view: InspectedView, memberRows: Int? = nil, keepsStates: Bool = false) throws {
        let pair = shown.pair
        guard let mapping = view.mapping(pair.object) else { return }
        let isPresent = PerSide(
            ad: pair.presence.ad == .present,
            miniorange: pair.presence.miniorange == .present
        )
        guard isPresent.ad && isPresent.miniorange else {
            onlyAt = Side.allCases.first { isPresent[$0] }
            if keepsStates { try noteStates(shown, mapping, view) }
            return
        }
        try compareAttributes(shown, mapping, view)
        if keepsStates { try noteStates(shown, mapping, view) }
        try compareMembers(pair, mapping, view, memberRows ?? .max)
    }

    var isEmpty: Bool { differences.isEmpty && members.isEmpty && onlyAt == nil }

    // MARK: Attributes

    private mutating func compareAttributes(
        _ shown: ShownPair,
        _ mapping: ObjectMapping,
        _ view: InspectedView
    ) throws {
        let pair = shown.pair
        let canonical = try mapping.canonical(
            ad: shown.replicas.ad?.attributes,
            miniorange: shown.replicas.miniorange?.attributes,
            base: pair.base,
            nameCounter: pair.nameCounter,
            resolver: PairResolver(transaction: view.transaction)
        )
        guard var ad = canonical.ad, var miniorange = canonical.miniorange else { return }
        var rules = mapping.mergeRules
        if try addPlaces(shown, mapping, view, &ad, &miniorange) {
            rules.append(MergeRule(name: parentAttribute, shape: .register, prefer: mapping.specification.prefer))
        } else if let place = pair.base?[parentAttribute] {
            ad.values[parentAttribute] = place
            miniorange.values[parentAttribute] = place
        }
        // Nearly all pairs are in agreement.
        if ad.values == pair.base, miniorange.values == pair.base, ad.unknown.isEmpty, miniorange.unknown.isEmpty {
            return
        }
        let direction = mapping.specification.direction
        for var rule in rules {
            if rule.direction == .both { rule.direction = direction }
            let isUnknown = ad.unknown.contains(rule.name) || miniorange.unknown.contains(rule.name)
            let values = PerSide(ad: ad.values[rule.name], miniorange: miniorange.values[rule.name])
            guard let reason = Self.reason(rule, values, pair.base, isUnknown) else { continue }
            differences.append(
                Difference(name: rule.name, values: values, base: pair.base?[rule.name], reason: reason)
            )
        }
    }

    /// All attributes that have a value anywhere, in the order of the rules.
    private mutating func noteStates(_ shown: ShownPair, _ mapping: ObjectMapping, _ view: InspectedView) throws {
        let pair = shown.pair
        let canonical = try mapping.canonical(
            ad: shown.replicas.ad?.attributes,
            miniorange: shown.replicas.miniorange?.attributes,
            base: pair.base,
            nameCounter: pair.nameCounter,
            resolver: PairResolver(transaction: view.transaction)
        )
        var values = PerSide(
            ad: canonical.ad?.values ?? Attributes(),
            miniorange: canonical.miniorange?.values ?? Attributes()
        )
        let specification = mapping.specification
        var rules = mapping.mergeRules
        if !specification.isFlat, !specification.isVirtualAtMiniOrange, specification.containerPairs.isEmpty {
            for side in Side.allCases {
                if let place = try place(shown, side, mapping, view) { values[side][parentAttribute] = [place] }
            }
            let place = MergeRule(
                name: parentAttribute,
                shape: .register,
                conflict: specification.conflict,
                prefer: specification.prefer
            )
            rules.append(place)
        }
        for var rule in rules {
            if rule.direction == .both { rule.direction = specification.direction }
            let name = rule.name
            let both = PerSide(ad: values.ad[name], miniorange: values.miniorange[name])
            let reason = differences.first { $0.name == name }?.reason
            guard !both.ad.isEmpty || !both.miniorange.isEmpty || pair.base?[name].isEmpty == false || reason != nil
            else { continue }
            states.append(State(rule: rule, values: both, base: pair.base.map { $0[name] }, reason: reason))
        }
    }

    private static func reason(
        _ rule: MergeRule,
        _ values: PerSide<[Octets]>,
        _ base: Attributes?,
        _ isUnknown: Bool
    ) -> Reason? {
        if isUnknown { return .unresolved }
        guard let base else { return values.ad == values.miniorange ? nil : .neverAgreed }
        let agreed = base[rule.name]
        if values.ad == values.miniorange { return values.ad == agreed ? nil : .baseDiffers }
        let changed: Side? = values.miniorange == agreed ? .ad : values.ad == agreed ? .miniorange : nil
        guard let changed else { return .changedAtBoth }
        if !rule.direction.permits(writingTo: changed.opposite) { return .oneWay }
        return changed == .ad ? .changedAtAD : .changedAtMiniOrange
    }

    /// Says whether both places are known in canonical form.
    private func addPlaces(
        _ shown: ShownPair,
        _ mapping: ObjectMapping,
        _ view: InspectedView,
        _ ad: inout CanonicalSide,
        _ miniorange: inout CanonicalSide
    ) throws -> Bool {
        let specification = mapping.specification
        guard !specification.isFlat, !specification.isVirtualAtMiniOrange, specification.containerPairs.isEmpty,
            let atAD = try place(shown, .ad, mapping, view),
            let atMiniOrange = try place(shown, .miniorange, mapping, view)
        else { return false }
        ad.values[parentAttribute] = [atAD]
        miniorange.values[parentAttribute] = [atMiniOrange]
        return true
    }

    private func place(
        _ shown: ShownPair,
        _ side: Side,
        _ mapping: ObjectMapping,
        _ view: InspectedView
    ) throws -> Octets? {
        guard case .entry(let parent) = shown.replicas[side]?.parent else { return nil }
        if view.names.isBase(parent, side, mapping.specification.scopes[side].base) { return Octets([0]) }
        guard let id = try view.transaction.pairID(side, parent) else { return nil }
        return Octets(id.rawValue.bigEndianOctets)
    }

    // MARK: Members

    /// Compares row by row, in both directions. Members that have no counterpart, and nesting that only one side shows, are no difference.
    private mutating func compareMembers(
        _ pair: Pair,
        _ mapping: ObjectMapping,
        _ view: InspectedView,
        _ rows: Int
    ) throws {
        guard let membership = mapping.specification.membership, membership.nesting == .keep else { return }
        let transaction = view.transaction
        for side in Side.allCases {
            guard let group = pair.anchors[side], let otherGroup = pair.anchors[side.opposite] else { return }
            var seen = 0
            try transaction.forEachLink(side, ofGroup: group, after: nil) { member, link in
                guard seen < rows else {
                    members.isComplete = false
                    return false
                }
                seen += 1
                guard link.isPresent, member != .placeholder, let id = try transaction.pairID(side, member),
                    let other = try transaction.pair(id)?.anchors[side.opposite]
                else { return true }
                let counterpart = LinkID(side: side.opposite, group: otherGroup, member: other)
                if try transaction.link(counterpart)?.isPresent != true {
                    members.count[side] += 1
                    if members.first.count < Self.namedMembers { members.first.append((side, member)) }
                }
                return true
            }
        }
    }
}
