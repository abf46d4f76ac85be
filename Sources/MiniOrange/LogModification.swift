package import SyncModel

/// One value of `reqMod` in OpenLDAP's access log (slapo-accesslog(5)): `attribute:+ value`, `attribute:- value`, `attribute:= value`,
/// `attribute:# value`; without a value where the attribute as a whole is meant. A lone `:` stands between two modifications of one attribute.
package enum LogModification: Hashable, Sendable {
    package enum Operator: Hashable, Sendable {
        case add, delete, replace, increment
    }

    case modification(Operator, name: String, value: Octets?)
    case boundary

    /// `name` comes in lower case without `;binary`. Nil for what isn't understood.
    package init?(parsing octets: Octets) {
        let bytes = octets.bytes
        if bytes == [UInt8(ascii: ":")] {
            self = .boundary
            return
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon + 1 < bytes.count,
            let name = String(validating: bytes[..<colon], as: UTF8.self),
            name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        let kind: Operator
        switch bytes[colon + 1] {
        case UInt8(ascii: "+"): kind = .add
        case UInt8(ascii: "-"): kind = .delete
        case UInt8(ascii: "="): kind = .replace
        case UInt8(ascii: "#"): kind = .increment
        default: return nil
        }
        var value: Octets?
        if colon + 2 < bytes.count {
            guard bytes[colon + 2] == 0x20 else { return nil }
            value = Octets(bytes[(colon + 3)...])
        }
        self = .modification(kind, name: EntryShape.plainName(name), value: value)
    }

    /// The edits of the attributes that `isWanted` takes, in their order; nil where one of those can't be told by its values.
    package static func edits(
        _ modifications: [Octets],
        isWanted: (String) -> Bool
    ) -> [AttributeEdit]? {
        var edits: [AttributeEdit] = []
        var mayContinue = false
        for octets in modifications {
            guard let parsed = LogModification(parsing: octets) else { return nil }
            guard case .modification(let kind, let name, let value) = parsed else {
                mayContinue = false
                continue
            }
            guard isWanted(name) else {
                mayContinue = false
                continue
            }
            let editKind: AttributeEdit.Kind
            switch kind {
            case .add: editKind = .add
            case .delete: editKind = .delete
            case .replace: editKind = .replace
            case .increment: return nil
            }
            // An add without a value is nothing that a server writes.
            if editKind == .add && value == nil { return nil }
            if mayContinue, let value, let last = edits.last, last.kind == editKind, last.name == name,
                !last.values.isEmpty
            {
                edits[edits.count - 1].values.append(value)
            } else {
                edits.append(AttributeEdit(kind: editKind, name: name, values: value.map { [$0] } ?? []))
            }
            mayContinue = true
        }
        return edits
    }
}
