import Cache
import Mapping
import SyncModel

/// Attributes by which a filter may ask although no replica stores them: the entry's own name and identity, and its memberships.
struct MadeAttributes {
    static let names: Set<String> = ["dn", "distinguishedname", "entrydn"]
    private static let memberOf = "memberof"

    let all: Set<String>
    private let side: Side
    private let identity: String
    private let memberships: Set<String>

    init(_ side: Side, _ inspected: InspectedCache) {
        self.side = side
        identity = Self.identity(side)
        memberships = Self.memberships(inspected)
        all = Self.names.union(memberships).union([identity])
    }

    static func identity(_ side: Side) -> String { side == .ad ? "objectguid" : "entryuuid" }

    /// Those that tell who is in which group.
    static func memberships(_ inspected: InspectedCache) -> Set<String> {
        var names: Set<String> = ["member", memberOf]
        for mapping in inspected.wiring.mappings {
            guard let membership = mapping.specification.membership else { continue }
            for side in Side.allCases { names.insert(membership.form(side).attribute) }
        }
        return names
    }

    func values(_ name: String, of replica: Replica, _ view: InspectedView) throws -> [Octets] {
        if Self.names.contains(name) { return [Octets(try view.names.name(of: replica))] }
        if name == identity { return [Octets(replica.anchor.octets), Octets(replica.anchor.text(on: side))] }
        guard memberships.contains(name) else { return [] }
        let memberships = MembershipValues(view)
        if let held = try memberships.held(by: replica).first(where: { $0.attribute == name }) { return held.values }
        switch name {
        case Self.memberOf: return try memberships.groupNames(of: replica.anchor, side)
        case "member" where replica.kind == .group: return try memberships.memberNames(of: replica.anchor, side)
        default: return []
        }
    }
}
