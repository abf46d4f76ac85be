import Mapping
import SyncModel

/// Memberships that are being written, or may have been. At the LDAP side they are written by names, which may be another one's when they are told.
extension Engine {
    mutating func noteValues(of intent: Intent) {
        guard intent.write.side == .miniorange, let holder = intent.write.operation.anchor else { return }
        for change in intent.links where change.isPresent {
            valuesUnderWay[holder, default: [:]][intent.write.id, default: [:]][change.link] = change.value
        }
    }

    mutating func forgetValues(of intent: Intent) {
        guard !valuesUnderWay.isEmpty, let holder = intent.write.operation.anchor else { return }
        valuesUnderWay[holder]?[intent.write.id] = nil
        if valuesUnderWay[holder]?.isEmpty == true { valuesUnderWay[holder] = nil }
    }

    /// The memberships that are being written to an entry of the LDAP side, with their values, in the order of the writes.
    func valuesUnderWay(of holder: Anchor) -> [(link: LinkID, value: Octets)] {
        (valuesUnderWay[holder] ?? [:]).sorted { $0.key < $1.key }.flatMap { _, values in
            values.sorted { ($0.key.group, $0.key.member) < ($1.key.group, $1.key.member) }.map { ($0.key, $0.value) }
        }
    }

    func isUnderWay(_ link: LinkID, of holder: Anchor) -> Bool {
        valuesUnderWay[holder]?.values.contains { $0[link] != nil } ?? false
    }

    /// A membership ends with an entry of the other side while it is being added on this one. That is nobody's removal: the answer agrees on nothing, and it is looked
    /// at anew.
    mutating func forgetUnderWay(_ id: LinkID, _ store: any StoreTransaction) throws {
        guard let membership = try object(ofGroup: id.group, id.side, store)?.mapping.specification.membership else {
            return
        }
        let holder = membership.form(id.side).holder == .group ? id.group : id.member
        guard let pair = try store.pairID(id.side, holder), inFlight[pair] != nil else { return }
        for var intent in try store.intents() where intent.write.pair == pair {
            intent.links.removeAll { $0.link == id }
            try store.put(intent)
        }
    }
}
