package import SyncModel

extension WriteOperation {
    /// What the operation does, in a line for a person to read. It holds the values: tests alone may show them.
    package var line: String {
        switch self {
        case .add(let name, _, let attributes): "add \(name) \(attributes.line)"
        case .modify(let anchor, _, _, let changes):
            "modify \(anchor.low) "
                + changes.map { "\($0.name): \($0.old.line) -> \($0.new.line)" }.joined(separator: "; ")
        case .rename(let anchor, let name, _, let newName): "rename \(anchor.low) \(name) -> \(newName)"
        case .delete(let anchor, let name, _): "delete \(anchor.low) \(name)"
        case .editValues(let anchor, _, let edits):
            "edit \(anchor.low) \(edits.attribute): +\(edits.add.line) -\(edits.remove.line)"
        case .readMembers(let anchor): "readMembers \(anchor.low)"
        case .readBelow(let anchor): "readBelow \(anchor.low)"
        case .readGroups(let anchor): "readGroups \(anchor.low)"
        case .read(let anchor): "read \(anchor.low)"
        case .confirmAbsence(let anchor, _): "confirmAbsence \(anchor.low)"
        case .confirmEmpty(let anchor, let attributes):
            "confirmEmpty \(anchor.low) \(attributes.joined(separator: ","))"
        case .readName(let name): "readName \(name)"
        case .readStamps(let anchor, let attributes): "readStamps \(anchor.low) \(attributes.joined(separator: ","))"
        }
    }
}

extension [Octets] {
    package var line: String { "[" + map(\.lossyText).joined(separator: "|") + "]" }
}

extension Attributes {
    /// Without objectClass and objectSid, which never change.
    package var line: String {
        items.filter { !["objectclass", "objectsid"].contains($0.name) }.map { "\($0.name)=\($0.values.line)" }.joined(
            separator: " "
        )
    }
}
