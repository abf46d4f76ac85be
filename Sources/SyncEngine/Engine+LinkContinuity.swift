import Mapping
import SyncModel

/// Another configuration: what rows say of how members are held may no longer be so.
extension Engine {
    private static func formFact(_ object: Object) -> String { "membership.\(object.name)" }

    /// After a start with another mapping: rows that were told in another form say nothing any more. That is nobody's removal, so what both had agreed on is
    /// forgotten with them; everything is then looked at again.
    mutating func renewLinks(_ store: any StoreTransaction) throws {
        var isOther = false
        for object in membershipObjects {
            guard let membership = object.mapping.specification.membership else { continue }
            let form = Octets(
                membership.form.text + (object.mapping.specification.isVirtualAtMiniOrange ? " virtual" : "")
            )
            let known = try store.fact(Engine.formFact(object))
            try store.setFact(Engine.formFact(object), form)
            for pair in try pairs(of: object, store) {
                if let known, known != form {
                    isOther = true
                    try forgetForm(of: pair, store)
                    if try forgetCounterpart(of: pair, object, store) { continue }
                }
                if !membership.includesPrimaryGroup { try forgetPrimaryGroup(of: pair, store) }
                try pendAll(of: pair, store)
            }
        }
        // Users are read anew as well, with whatever they list by then.
        guard isOther, try store.count(.parkedLinks) > 0 else { return }
        for object in objectOrder where object.mapping.specification.kind == .user {
            for pair in try pairs(of: object, store) { try unpark(of: pair, store) }
        }
    }

    private mutating func unpark(of pair: Pair, _ store: any StoreTransaction) throws {
        guard let anchor = pair.anchors.miniorange else { return }
        try unparkLinks(of: anchor, .miniorange, store)
        try forgetUnclaimed(of: anchor, .miniorange, store)
    }

    private func pairs(of object: Object, _ store: any StoreTransaction) throws -> [Pair] {
        var found: [Pair] = []
        try store.forEachPairID(after: nil) { id in
            if let pair = try store.pair(id), pair.object == object.name { found.append(pair) }
            return true
        }
        return found
    }

    private func rows(of pair: Pair, _ side: Side, _ store: any StoreTransaction) throws -> [(LinkID, Link)] {
        guard let anchor = pair.anchors[side] else { return [] }
        var found: [(LinkID, Link)] = []
        try store.forEachLink(side, ofGroup: anchor, after: nil) { member, link in
            found.append((LinkID(side: side, group: anchor, member: member), link))
            return true
        }
        return found
    }

    private mutating func forgetForm(of pair: Pair, _ store: any StoreTransaction) throws {
        for (id, _) in try rows(of: pair, .miniorange, store) { try store.removeLink(id) }
        for (id, old) in try rows(of: pair, .ad, store) where old.isAgreed {
            var link = old
            link.isAgreed = false
            if link.isPresent { try store.put(link, for: id) } else { try store.removeLink(id) }
        }
        try unpark(of: pair, store)
    }

    /// A group that was an entry of the LDAP side and is a name in its members by now, or the other way round, is what it was there no longer: it is made there anew, in
    /// the other form. Whether the pair is as it was no more.
    private mutating func forgetCounterpart(
        of pair: Pair,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard let anchor = pair.anchors.miniorange, pair.presence.miniorange != .deleted,
            Engine.bearsVirtualMark(anchor) != object.mapping.specification.isVirtualAtMiniOrange
        else { return false }
        if let replica = try store.replica(.miniorange, anchor) { try store.remove(replica) }
        guard pair.presence.ad == .present else {
            try discard(pair, store)
            return true
        }
        var left = pair
        left.anchors.miniorange = nil
        left.presence.miniorange = .missing
        left.base = nil
        try store.put(left, replacing: pair)
        return true
    }

    private func forgetPrimaryGroup(of pair: Pair, _ store: any StoreTransaction) throws {
        for (id, old) in try rows(of: pair, .ad, store) where old.sources.contains(.member) {
            var link = old
            link.sources.remove(.member)
            if link.isPresent || link.isAgreed { try store.put(link, for: id) } else { try store.removeLink(id) }
        }
    }

    private mutating func pendAll(of pair: Pair, _ store: any StoreTransaction) throws {
        for side in Side.allCases {
            for (id, _) in try rows(of: pair, side, store) where id.member != .placeholder {
                try setPending(id, of: pair.id, store)
            }
        }
    }
}

extension MembershipForm {
    /// The form in words that stay the same from one version to the next.
    fileprivate var text: String {
        let value =
            switch self.value {
            case .name: "name"
            case .nameAndUID: "nameAndUID"
            case .memberAttribute(let attribute): "attribute \(attribute)"
            case .groupName: "groupName"
            }
        return "\(holder == .group ? "group" : "member") \(attribute) \(value)"
    }
}
