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
        var names = LastName()
        self.init(parsing: octets, &names)
    }

    /// A record has thousands of values of one attribute, whose name is made once.
    private struct LastName {
        var spelling: ArraySlice<UInt8> = []
        var name = ""

        mutating func plain(_ spelling: ArraySlice<UInt8>) -> String? {
            if !name.isEmpty && spelling.elementsEqual(self.spelling) { return name }
            guard let text = String(validating: spelling, as: UTF8.self),
                text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { return nil }
            self.spelling = spelling
            name = EntryShape.plainName(text)
            return name
        }
    }

    private init?(parsing octets: Octets, _ names: inout LastName) {
        let bytes = octets.bytes
        if bytes == [UInt8(ascii: ":")] {
            self = .boundary
            return
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon + 1 < bytes.count,
            let name = names.plain(bytes[..<colon])
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
        self = .modification(kind, name: name, value: value)
    }

    /// The edits of the attributes that `isWanted` takes, in their order; nil where one of those can't be told by its values. Of attributes that
    /// `holdsMembers` takes a delete of all values is told as a replace by none.
    package static func edits(
        _ modifications: [Octets],
        isWanted: (String) -> Bool,
        holdsMembers: (String) -> Bool = { _ in false }
    ) -> [AttributeEdit]? {
        var edits: [AttributeEdit] = []
        var mayContinue = false
        var names = LastName()
        for octets in modifications {
            guard let parsed = LogModification(parsing: octets, &names) else { return nil }
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
            case .delete: editKind = value == nil && holdsMembers(name) ? .replace : .delete
            case .replace: editKind = .replace
            case .increment: return nil
            }
            // An add without a value is nothing that a server writes.
            if editKind == .add && value == nil { return nil }
            if mayContinue, let value, let last = edits.indices.last, edits[last].kind == editKind,
                edits[last].name == name, !edits[last].values.isEmpty
            {
                edits[last].values.append(value)
            } else {
                edits.append(AttributeEdit(kind: editKind, name: name, values: value.map { [$0] } ?? []))
            }
            mayContinue = true
        }
        return edits
    }

    /// Whether one of these edits an attribute that `isMeant` takes. True where one isn't understood.
    package static func touch(_ modifications: [Octets], _ isMeant: (String) -> Bool) -> Bool {
        var names = LastName()
        return modifications.contains { octets in
            switch LogModification(parsing: octets, &names) {
            case nil: true
            case .boundary?: false
            case .modification(_, let name, _)?: isMeant(name)
            }
        }
    }
}
