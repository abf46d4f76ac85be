import SyncModel

/// Somebody in a group, both by what tells who they are on either side.
struct Membership: Hashable, Comparable {
    var group: Octets
    var member: Octets

    static func < (lhs: Membership, rhs: Membership) -> Bool { (lhs.group, lhs.member) < (rhs.group, rhs.member) }
}

/// What users did to groups and their members, as told by themselves.
struct MembershipHistory {
    struct Act {
        var membership: Membership
        var side: Side
        var isAdded: Bool
    }

    /// Since everything was last at rest.
    private(set) var recent: [Act] = []
    private var everAdded: Set<Membership> = []
    private(set) var deletedGroups: Set<Octets> = []
    /// Of whom a membership may come to be, or end, by other things than an add or a remove: they were deleted, or went in or out of scope.
    private(set) var unsteady: Set<Octets> = []
    /// Who was listed in a group that nobody had. It may come.
    private(set) var waiting: Set<Octets> = []
    /// Names that somebody listed, without case, whether a group had them or not.
    private(set) var listed: [Octets: Set<Octets>] = [:]
    /// What both sides agreed on when they were last at rest, and who was then in scope on both.
    private(set) var settled: Set<Membership> = []
    private(set) var settledMembers: Set<Octets> = []
    /// Who had, or has, somebody's uid since everything was at rest: a list of uids may mean either.
    private(set) var namesakes: [Octets: Set<Octets>] = [:]
    /// Who was in a group by its being his primary one, which nobody can take away, at some time since everything was at rest.
    private(set) var implied: Set<Membership> = []
    private(set) var containerDeletes = PerSide(both: 0)

    mutating func changed(_ membership: Membership, _ side: Side, isAdded: Bool) {
        recent.append(Act(membership: membership, side: side, isAdded: isAdded))
        if isAdded { everAdded.insert(membership) }
    }

    mutating func deletedGroup(_ group: Octets) {
        deletedGroups.insert(group)
        unsteady.insert(group)
    }

    mutating func wasImplied(_ membership: Membership) { implied.insert(membership) }
    mutating func deletedContainer(_ side: Side) { containerDeletes[side] += 1 }
    mutating func becameUnsteady(_ id: Octets) { unsteady.insert(id) }
    mutating func listed(_ name: Octets, by member: Octets) { listed[member, default: []].insert(name.caseFolded) }
    func wasListed(_ name: Octets) -> Bool { listed.values.contains { $0.contains(name.caseFolded) } }
    mutating func listedUnknown(_ member: Octets) { waiting.insert(member) }

    mutating func tookNames(_ one: Octets, _ other: Octets) {
        namesakes[one, default: []].insert(other)
        namesakes[other, default: []].insert(one)
    }

    /// Whether users ever put this person into the group, or somebody by a uid that is, or was, this person's as well.
    func wasEverAdded(_ membership: Membership) -> Bool {
        everAdded.contains(membership)
            || namesakes[membership.member]?.contains { other in
                everAdded.contains(Membership(group: membership.group, member: other))
            } == true
    }

    mutating func settled(_ memberships: Set<Membership>, _ members: Set<Octets>) {
        recent = []
        unsteady = []
        implied = []
        namesakes = [:]
        settled = memberships
        settledMembers = members
        everAdded.formUnion(memberships)
    }

    /// Whether somebody came to a group, or went, since everything was at rest.
    func isMoving(_ member: Octets) -> Bool { recent.contains { $0.membership.member == member } }

    /// What was done to each membership since everything was at rest.
    func moves() -> [Membership: (isAdded: Bool, isRemoved: Bool)] {
        var moves: [Membership: (isAdded: Bool, isRemoved: Bool)] = [:]
        for act in recent {
            if act.isAdded {
                moves[act.membership, default: (false, false)].isAdded = true
            } else {
                moves[act.membership, default: (false, false)].isRemoved = true
            }
        }
        return moves
    }
}
