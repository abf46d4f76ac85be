import Mapping
import SyncModel

/// Another configuration: what rows say of how members are held may no longer be so.
extension Engine {
    private static func formFact(_ object: Object) -> String { "membership.\(object.name)" }

    /// After a start with another mapping: rows that were told in another form say nothing any more. That is nobody's removal, so what both had agreed on is
    /// forgotten with them; everything is then looked at again.
    mutating func renewLinks(_ store: any StoreTransaction) throws {
        for object in membershipObjects {
            guard let membership = object.mapping.specification.membership else { continue }
            let form = Octets(
                membership.form.text + (object.mapping.specification.isVirtualAtMiniOrange ? " virtual" : "")
            )
            let known = try store.fact(Engine.formFact(object))
            try store.setFact(Engine.formFact(object), form)
            for pair in try pairs(of: object, store) {
                if let known, known != form { try forgetForm(of: pair, store) }
                if !membership.includesPrimaryGroup { try forgetPrimaryGroup(of: pair, store) }
                try pendAll(of: pair, store)
            }
        }
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
        guard let anchor = pair.anchors.miniorange else { return }
        for name in try store.parkedLinks(.miniorange, holder: anchor) {
            try store.unparkLink(.miniorange, name: name, holder: anchor)
        }
        try forgetUnclaimed(of: anchor, .miniorange, store)
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
