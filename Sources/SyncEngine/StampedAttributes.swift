import Mapping
import Reconcile
import SyncModel

extension Engine.Object {
    /// The canonical attributes whose stamps are those of any of these attributes of a side.
    func canonicalNames(stampedBy attributes: Set<String>, _ side: Side) -> Set<String> {
        Set(
            (mapping.mergeRules.map(\.name) + [parentAttribute]).filter { name in
                stampedAttributes(of: name, side).contains(where: attributes.contains)
            }
        )
    }

    /// The attributes of a side, lower-cased, whose stamps tell when a canonical attribute was set there.
    func stampedAttributes(of name: String, _ side: Side) -> [String] {
        if name == parentAttribute { return [AttributeStamp.entryName] }
        // A class is given to an entry when it is made.
        if name == Evidence.existence { return ["objectclass"] }
        let rules = mapping.specification.attributes
        let named = rules.filter { rule in
            let own = rule.ad.lowercased()
            return name == own || name.hasPrefix(own + ";")
        }
        // What stands in was set when that was which it is taken from.
        let sources = mapping.mergeRules.contains { $0.name == name && $0.isStandIn } ? named.flatMap(\.fallback) : []
        let taken = rules.filter { rule in sources.contains { $0.lowercased() == rule.miniorange.lowercased() } }
        return (named + taken).map { (side == .ad ? $0.ad : $0.miniorange).lowercased() }
    }
}

extension Stamp {
    /// Of an entry's version.
    init(_ number: ChangeSequenceNumber, source: Source) {
        let server = String(0x1000 + number.replica, radix: 16).dropFirst()
        self.init(
            time: Timestamp(milliseconds: number.microseconds / 1000),
            granularity: 1,
            source: source,
            server: String(server)
        )
    }
}
