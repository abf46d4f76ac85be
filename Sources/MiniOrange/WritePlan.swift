package import LDAPClient
package import SyncModel

/// How a write is put to a server: pure, by what the server offers.
package struct WritePlan: Sendable {
    /// Without members: no write brings back what it did not write.
    package let shape: EntryShape
    package var schema: AttributeSchema
    package var supportsAssertion: Bool
    package var supportsPostRead: Bool
    /// Whether adding a value that is there already can be asked for.
    package var supportsPermissiveModify: Bool
    /// Whether it can be asked for some of an attribute's values.
    package var supportsMatchedValues: Bool
    /// With members: for those reads that are made for them.
    package let wholeShape: EntryShape

    package init(
        view: DirectoryView,
        schema: AttributeSchema,
        supportsAssertion: Bool,
        supportsPostRead: Bool,
        supportsPermissiveModify: Bool,
        supportsMatchedValues: Bool
    ) {
        shape = EntryShape(view: view)
        wholeShape = EntryShape(view: view, tellsMembers: true)
        self.schema = schema
        self.supportsAssertion = supportsAssertion
        self.supportsPostRead = supportsPostRead
        self.supportsPermissiveModify = supportsPermissiveModify
        self.supportsMatchedValues = supportsMatchedValues
    }

    /// Nil for the operations that only read, and for edits of values, which are made of several requests.
    package func operation(_ write: WriteOperation) -> LDAPOperation? {
        switch write {
        case .add(let name, let objectClasses, let attributes):
            .add(dn: name.description, attributes: added(name, objectClasses, attributes), controls: postRead)
        case .modify(let anchor, let name, let version, let changes):
            .modify(
                dn: name.description,
                modifications: changes.flatMap { modifications($0, isGuarded: isGuarded(version)) },
                controls: assertion(anchor, version) + postRead
            )
        case .rename(let anchor, let name, let version, let newName):
            .rename(
                dn: name.description,
                newRDN: newName.leaf?.description ?? "",
                newSuperior: newName.parent?.normalized == name.parent?.normalized ? nil : newName.parent?.description,
                deleteOldRDN: true,
                controls: assertion(anchor, version) + postRead
            )
        case .delete(let anchor, let name, let version):
            .delete(dn: name.description, controls: assertion(anchor, version))
        case .editValues, .read, .confirmAbsence, .confirmEmpty, .readName, .readMembers, .readBelow, .readGroups,
            .readStamps:
            nil
        }
    }

    /// One modify of several values, on whatever the entry holds now.
    package func edit(_ anchor: Anchor, _ name: DistinguishedName, _ modifications: [Modification]) -> LDAPOperation {
        let permissive = supportsPermissiveModify ? [LDAPControl.permissiveModify] : []
        return .modify(
            dn: name.description,
            modifications: modifications,
            controls: assertion(anchor, .unordered) + postRead + permissive
        )
    }

    /// Whether the server compares the version, so that the values that the write was planned on are certainly there.
    private func isGuarded(_ version: Version) -> Bool {
        if case .csn = version { supportsAssertion } else { false }
    }

    /// The entry must be the same, and unchanged: a name alone may by now be another's.
    private func assertion(_ anchor: Anchor, _ version: Version) -> [LDAPControl] {
        guard supportsAssertion else { return [] }
        let identity = (attribute: "entryUUID", value: Octets(anchor.entryUUID))
        guard case .csn(let number) = version else { return [AssertionControl.equalsAll([identity])] }
        return [AssertionControl.equalsAll([identity, ("entryCSN", Octets(number.description))])]
    }

    private var postRead: [LDAPControl] {
        supportsPostRead ? [ReadEntryControl.postRead.request(shape.requested)] : []
    }

    private func added(
        _ name: DistinguishedName,
        _ objectClasses: [String],
        _ attributes: Attributes
    ) -> [LDAPAttribute] {
        var list = [LDAPAttribute("objectClass", objectClasses.map { Octets($0) })]
        for item in attributes.items where item.name != "objectclass" {
            list.append(LDAPAttribute(schema.wireName(item.name), item.values))
        }
        for assertion in name.leaf?.assertions ?? [] {
            let type = CaseFolding.lowercaseName(assertion.type)
            guard attributes[type].isEmpty else { continue }
            list.append(LDAPAttribute(assertion.type, [assertion.value]))
        }
        return list
    }

    /// Unguarded, deleting the old values is what compares: it fails where they are not there. What seems to be empty may have values that the account may not read: to add
    /// takes the place of none.
    private func modifications(_ change: AttributeChange, isGuarded: Bool) -> [Modification] {
        let name = schema.wireName(change.name)
        let old = Set(change.old)
        let new = Set(change.new)
        let removed = change.old.filter { !new.contains($0) }
        let added = change.new.filter { !old.contains($0) }
        if removed.isEmpty && added.isEmpty { return [] }
        let changesAll = removed.count == change.old.count
        if !schema.hasEquality(change.name) || isGuarded && changesAll && !old.isEmpty {
            return [Modification(.replace, name, change.new)]
        }
        return (removed.isEmpty ? [] : [Modification(.delete, name, removed)])
            + (added.isEmpty ? [] : [Modification(.add, name, added)])
    }
}
