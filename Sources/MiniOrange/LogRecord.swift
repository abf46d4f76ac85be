package import LDAPClient
package import SyncModel

/// One record of the access log, as far as it is asked for. `reqOld` never is: it holds password hashes.
package struct LogRecord: Sendable {
    package static let requested = ["reqType", "reqDN", "reqNewDN", "reqEntryUUID", "reqMod", "reqAuthzID", "entryCSN"]
    /// Writes that succeeded.
    package static let filter = "(&(objectClass=auditWriteObject)(reqResult=0))"

    /// What a record means for the cache.
    package enum Meaning: Hashable, Sendable {
        /// Nothing in scope.
        case nothing
        case change(Change)
        /// The record doesn't say all: the entry is to be read, with its members only where those may have changed or are not known at all.
        case read(Anchor, withMembers: Bool)
        /// The record doesn't even say which entry.
        case unreadable
    }

    package var entry: LDAPEntry

    package init(_ entry: LDAPEntry) {
        self.entry = entry
    }

    /// The version that the write gave to the entry. The server puts it at the end.
    package var number: ChangeSequenceNumber? {
        let logged = entry["reqMod"]?.lazy.reversed().compactMap { value -> ChangeSequenceNumber? in
            guard value.bytes.count < Self.numberSize,
                case .modification(_, "entrycsn", let text?) = LogModification(parsing: value)
            else { return nil }
            return ChangeSequenceNumber(parsing: text)
        }.first
        return logged ?? entry.first("entryCSN").flatMap(ChangeSequenceNumber.init(parsing:))
    }

    /// When and by whom the write was made. A replicated one is done by whoever replicates; its author is among what is replicated, at the end.
    private func stamp(_ number: ChangeSequenceNumber, ownName: Octets?) -> Stamp {
        let logged = entry["reqMod"]?.suffix(Self.mostOperational).lazy.compactMap { value -> Octets? in
            guard case .modification(_, "modifiersname", let author?) = LogModification(parsing: value) else {
                return nil
            }
            return author
        }.first
        return Stamp(number, source: .log, author: Author(logged ?? entry.first("reqAuthzID"), ownName: ownName))
    }

    /// The server adds entryCSN, modifiersName and modifyTimestamp to what was asked of it.
    private static let mostOperational = 4

    /// An `entryCSN:= …` is shorter, in octets.
    private static let numberSize = 80

    /// - Parameter ownName: whom our own writes are logged as, normalised.
    package func meaning(shape: EntryShape, scopes: [DistinguishedName], ownName: Octets?) -> Meaning {
        guard let anchor = entry.first("reqEntryUUID").flatMap(Anchor.init(entryUUID:)),
            let type = entry.text("reqType")
        else { return .unreadable }
        func isInside(_ attribute: String) -> Bool? {
            guard let octets = entry.first(attribute), let name = try? DistinguishedName(parsing: octets) else {
                return nil
            }
            return scopes.contains { name.isEqualOrDescendant(of: $0) }
        }
        switch CaseFolding.lowercaseName(type) {
        case "delete":
            // Also outside: it may have moved there unseen.
            return .change(.deleted(anchor, by: Author(entry.first("reqAuthzID"), ownName: nil).name))
        case "add":
            guard isInside("reqDN") != false else { return .nothing }
            return added(anchor, shape).map { .change(.present($0)) } ?? .read(anchor, withMembers: true)
        case "modify":
            guard isInside("reqDN") != false else { return .nothing }
            let edits = LogModification.edits(
                entry["reqMod"] ?? [],
                isWanted: shape.isWanted,
                holdsMembers: shape.holdsMembers
            )
            guard let number, let edits else { return .read(anchor, withMembers: touchesMembers(shape)) }
            let stamp = stamp(number, ownName: ownName)
            return .change(.edited(anchor, edits: edits, newName: nil, version: .csn(number), stamp: stamp))
        case "modrdn", "moddn":
            let wasInside = isInside("reqDN")
            if wasInside == false && isInside("reqNewDN") == false { return .nothing }
            // What comes in from outside was never read.
            return .read(anchor, withMembers: wasInside != true || touchesMembers(shape))
        default:
            return .read(anchor, withMembers: true)
        }
    }

    private func touchesMembers(_ shape: EntryShape) -> Bool {
        LogModification.touch(entry["reqMod"] ?? [], shape.holdsMembers)
    }

    private func added(_ anchor: Anchor, _ shape: EntryShape) -> EntrySnapshot? {
        guard let number, let octets = entry.first("reqDN"), let name = try? DistinguishedName(parsing: octets),
            let edits = LogModification.edits(entry["reqMod"] ?? [], isWanted: shape.isWanted)
        else { return nil }
        var values: [String: [Octets]] = [:]
        for edit in edits {
            guard edit.kind != .delete else { return nil }
            values[edit.name, default: []] += edit.values
        }
        guard values["objectclass"] != nil else { return nil }
        var attributes = Attributes()
        for (name, values) in values { attributes[name] = values }
        return EntrySnapshot(
            anchor: anchor,
            name: name,
            attributes: attributes,
            version: .csn(number),
            tellsMembers: !shape.memberAttributes.isEmpty
        )
    }
}
