import Cache
import Mapping
import Reconcile
import SyncModel

/// What is known of one entry's memberships, and what would be made of them: of a group who is in it, of anybody the groups. By the cache, which both feeds
/// keep up with.
struct MembershipTrial {
    /// So many names are told.
    static let shown = 10

    let wiring: Wiring
    let transaction: CacheTransaction
    let pair: Pair

    /// One other entry, and where the membership stands.
    private struct Standing {
        var isPresent = PerSide<Bool>(both: false)
        var isAgreed = false
        /// Known on one side only, by its anchor.
        var stranger: (Side, Anchor)?

        func isWanted(_ membership: MembershipSpecification) -> Bool {
            MembershipMerge(direction: membership.direction)
                .isWanted(base: isAgreed, ad: isPresent.ad, miniorange: isPresent.miniorange)
        }
    }

    /// Nil for what can have no memberships.
    func report() throws -> MappingTestReport.Memberships? {
        guard wiring.mappings.contains(where: { $0.specification.membership != nil }) else { return nil }
        switch pair.kind {
        case .container: return nil
        case .group: return try members()
        case .user: return try groups()
        }
    }

    /// How many members of a group would come and go on each side; nil where its rows alone do not tell that.
    func differences() throws -> PerSide<(added: Int, removed: Int)>? {
        guard pair.kind == .group, let membership = membership(of: pair), membership.nesting == .keep else {
            return nil
        }
        var found = PerSide<(added: Int, removed: Int)>(both: (0, 0))
        for (id, standing) in try membersOfGroup().byPair {
            guard let member = try transaction.pair(id), PairOutline(member).isThere,
                member.kind != .group || membership.form.isMaintainedByServer
            else { continue }
            let isWanted = standing.isWanted(membership)
            for side in Side.allCases where standing.isPresent[side] != isWanted {
                if isWanted { found[side].added += 1 } else { found[side].removed += 1 }
            }
        }
        return found
    }

    private func membersOfGroup() throws -> Standings {
        var standings = Standings(transaction)
        for side in Side.allCases {
            guard let anchor = pair.anchors[side] else { continue }
            try transaction.forEachLink(side, ofGroup: anchor, after: nil) { member, link in
                if member != .placeholder { try standings.note(member, link, side) }
                return true
            }
        }
        return standings
    }

    private func members() throws -> MappingTestReport.Memberships? {
        guard let membership = membership(of: pair) else { return nil }
        let standings = try membersOfGroup()
        var report = try report(standings, of: "members") { _ in membership }
        for side in Side.allCases {
            guard let anchor = pair.anchors[side] else { continue }
            report.parked += try transaction.parkedLinks(side, holder: anchor).count
        }
        return report
    }

    private func groups() throws -> MappingTestReport.Memberships {
        var standings = Standings(transaction)
        for side in Side.allCases {
            guard let anchor = pair.anchors[side] else { continue }
            var groups: [Anchor] = []
            try transaction.forEachGroup(side, ofMember: anchor, after: nil) { group in
                groups.append(group)
                return true
            }
            for group in groups {
                guard let link = try transaction.link(LinkID(side: side, group: group, member: anchor)) else {
                    continue
                }
                try standings.note(group, link, side)
            }
        }
        return try report(standings, of: "groups") { group in membership(of: group) }
    }

    private func membership(of group: Pair) -> MembershipSpecification? {
        wiring.mappings.first { $0.specification.name == group.object }?.specification.membership
    }

    /// Everything that rows say, by the pair of the other entry.
    private struct Standings {
        let transaction: CacheTransaction
        var byPair: [PairID: Standing] = [:]
        var strangers: [Standing] = []

        init(_ transaction: CacheTransaction) { self.transaction = transaction }

        mutating func note(_ other: Anchor, _ link: Link, _ side: Side) throws {
            guard let id = try transaction.pairID(side, other) else {
                if link.isPresent {
                    var standing = Standing(stranger: (side, other))
                    standing.isPresent[side] = true
                    strangers.append(standing)
                }
                return
            }
            byPair[id, default: Standing()].isPresent[side] = link.isPresent
            if link.isAgreed { byPair[id, default: Standing()].isAgreed = true }
        }
    }

    private func report(
        _ standings: Standings,
        of what: String,
        _ membership: (Pair) -> MembershipSpecification?
    ) throws -> MappingTestReport.Memberships {
        var report = MappingTestReport.Memberships(of: what)
        let naming = EntryNaming(transaction)
        report.parked = standings.strangers.count
        for (id, standing) in standings.byPair.sorted(by: { $0.key < $1.key }) {
            if standing.isPresent.ad { report.ad += 1 }
            if standing.isPresent.miniorange { report.miniorange += 1 }
            let isAnywhere = standing.isPresent.ad || standing.isPresent.miniorange
            if isAnywhere, report.names.count < Self.shown {
                report.names.append(try naming.label(of: id))
            }
            guard let other = try transaction.pair(id) else { continue }
            guard PairOutline(other).isThere, PairOutline(pair).isThere else {
                if isAnywhere { report.waiting += 1 }
                continue
            }
            // A pair of two groups, one of them looked at.
            let group = pair.kind == .group && what == "members" ? pair : other
            guard let rules = membership(group) else { continue }
            let member = pair.kind == .group && what == "members" ? other : pair
            guard rules.nesting == .keep, member.kind != .group || rules.form.isMaintainedByServer else { continue }
            let isWanted = standing.isWanted(rules)
            for side in Side.allCases where standing.isPresent[side] != isWanted {
                guard rules.direction.permits(writingTo: side) else { continue }
                report.changeCount += 1
                guard report.changes.count < Self.shown else { continue }
                report.changes.append(
                    .init(side: side.name, operation: isWanted ? "add" : "remove", entry: try naming.label(of: id))
                )
            }
        }
        return report
    }
}
