import Mapping
import SyncModel

/// A value that a person gives for a conflict's attribute, in canonical form.
struct GivenValue {
    let octets: Octets

    init(_ text: String, for record: ConflictRecord?, _ view: InspectedView) throws {
        guard let record, case .attribute(let name) = record.subject, let mapping = view.mapping(record.object) else {
            octets = Octets(text)
            return
        }
        if name == parentAttribute {
            let bases = Side.allCases.map { mapping.specification.scopes[$0].base.normalized }
            if let given = try? DistinguishedName(parsing: text), bases.contains(given.normalized) {
                octets = Octets([0])
                return
            }
            guard mapping.specification.containerPairs.isEmpty else {
                throw LookupError(
                    description:
                        "the object \(mapping.specification.name) has containers of its own; take ad, miniorange or base"
                )
            }
            octets = Octets(try view.pair(text).id.rawValue.bigEndianOctets)
        } else if mapping.isReference(.ad, name) {
            octets = Octets(try view.pair(text).id.rawValue.bigEndianOctets)
        } else {
            octets = Octets(text)
        }
    }
}
