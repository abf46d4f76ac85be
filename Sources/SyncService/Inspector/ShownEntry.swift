import Cache
import Mapping
import SyncModel

/// One replica as it is shown: names where the cache has references, and the memberships where they are asked for.
struct ShownEntry {
    let replica: Replica
    let name: String
    /// Sorted by name.
    let attributes: [(name: String, values: [ShownValue])]

    var side: Side { replica.side }
    var anchor: String { replica.anchor.text(on: replica.side) }

    /// - Parameter memberships: whether the values by which the entry holds memberships are among the attributes.
    init(_ replica: Replica, _ view: InspectedView, memberships: Bool) throws {
        self.replica = replica
        name = try view.names.name(of: replica)
        var attributes: [(name: String, values: [ShownValue])] = []
        let references = view.wiring.views[replica.side].references
        for item in replica.attributes.items {
            if SecretAttributes.contains(item.name) {
                attributes.append((item.name, item.values.map { _ in .secret }))
                continue
            }
            guard references.contains(item.name) else {
                attributes.append((item.name, item.values.map(ShownValue.init)))
                continue
            }
            attributes.append((item.name, try item.values.map { try Self.named($0, replica.side, view) }))
        }
        if memberships {
            for (name, values) in try MembershipValues(view).held(by: replica) where !values.isEmpty {
                attributes.append((name, values.map { ShownValue($0) }))
            }
            attributes.sort { $0.name < $1.name }
        }
        self.attributes = attributes
    }

    /// A reference as the DN of what it names.
    static func named(_ value: Octets, _ side: Side, _ view: InspectedView) throws -> ShownValue {
        switch Reference(value) {
        case .entry(let anchor): .text(try view.names.name(of: anchor, side))
        case .unresolved(let name): .text(name.description)
        case nil: ShownValue(value)
        }
    }

    func values(_ name: String) -> [ShownValue] { attributes.first { $0.name == name }?.values ?? [] }

    /// - Parameter wanted: lower-cased names of the attributes to print; nil: all.
    func json(_ wanted: Set<String>? = nil) -> JSONValue {
        let shown = attributes.filter { wanted?.contains($0.name) ?? true }
        return .object([
            ("side", .string(side.name)),
            ("dn", .string(name)),
            ("anchor", .string(anchor)),
            ("object", .string(orNull: replica.object)),
            ("kind", .string(replica.kind.name)),
            ("version", replica.version == .unordered ? .null : .string(replica.version.text)),
            ("protected", .bool(replica.isProtected)),
            ("attributes", .object(shown.map { ($0.name, .array($0.values.map(\.json))) })),
        ])
    }
}

extension Version {
    /// For a person: `usn NUMBER at SERVER`, the entryCSN, or that there is none.
    var text: String {
        switch self {
        case .usn(let number, let server): "usn \(number) at \(server.text(on: .ad))"
        case .csn(let number): "csn \(number)"
        case .unordered: "no version"
        }
    }
}
