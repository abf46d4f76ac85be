/// A value that names another entry of the same side, as a replica holds it. Resolved when it is ingested: from then on a rename of the target
/// changes nothing here, as it changes nothing that a feed would tell.
package enum Reference: Hashable, Sendable {
    case entry(Anchor)
    case unresolved(DistinguishedName)

    package var octets: Octets {
        switch self {
        case .entry(let anchor): Octets([1] + anchor.octets)
        case .unresolved(let name): Octets([0] + Array(name.description.utf8))
        }
    }

    /// Nil for octets that `octets` never makes.
    package init?(_ octets: Octets) {
        switch octets.bytes.first {
        case 1:
            guard let anchor = Anchor(octets: octets.bytes.dropFirst()) else { return nil }
            self = .entry(anchor)
        case 0:
            guard let text = String(validating: octets.bytes.dropFirst(), as: UTF8.self),
                let name = try? DistinguishedName(parsing: text)
            else { return nil }
            self = .unresolved(name)
        default:
            return nil
        }
    }
}
