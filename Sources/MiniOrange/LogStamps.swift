package import LDAPClient
package import SyncModel

/// When and by whom attributes of an entry were set, by the log's records of it.
///
/// A record that leaves an attribute as it was sets nothing, as far as the records before it tell: whoever writes all attributes anew each night is not the one
/// who set them. The time is that of the record's entryCSN, which is kept when a change is replicated; the fraction in `reqStart` may be a mere count.
package struct LogStamps {
    /// By lower-cased name as logged.
    package private(set) var stamps: [String: Stamp] = [:]
    /// Of the newest record.
    package private(set) var newest: ChangeSequenceNumber?
    /// Whether the records tell what they changed: an account may see records, but not that.
    package private(set) var isReadable = true

    /// What an attribute held, where the records tell.
    private var known: [String: Set<Octets>] = [:]
    private let wanted: Set<String>
    private let ownName: Octets?
    private let schema: AttributeSchema

    /// - Parameters:
    ///   - records: all that touched one of these attributes, in the log's order.
    ///   - wanted: lower-cased names as logged, and `AttributeStamp.entryName`.
    ///   - ownName: whom our own writes are logged as, normalised.
    ///   - version: the state's that is asked about; nil where it has none. A later change did not make this state: it came while the entry was read, or the server was
    ///     restored, and its log was not.
    package init(
        _ records: [LDAPEntry],
        wanted: Set<String>,
        schema: AttributeSchema,
        ownName: Octets?,
        asOf version: ChangeSequenceNumber?
    ) {
        self.wanted = wanted
        self.ownName = ownName
        self.schema = schema
        let numbered = records.map {
            (record: $0, number: $0.first("entryCSN").flatMap(ChangeSequenceNumber.init(parsing:)))
        }
        // Where several servers write, one's changes may come in late among newer ones of another.
        let isInOrder = zip(numbered, numbered.dropFirst()).allSatisfy { first, second in
            guard let first = first.number, let second = second.number else { return false }
            return first < second && first.replica == second.replica
        }
        let ordered = numbered.enumerated().sorted { first, second in
            guard let left = first.element.number, let right = second.element.number, left != right else {
                return first.offset < second.offset
            }
            return left < right
        }.map(\.element)
        for (record, number) in ordered {
            if let version, let number, number > version { continue }
            if !isInOrder { known = [:] }
            take(record, number)
        }
        newest = numbered.compactMap(\.number).max()
    }

    /// Whether the records surely made something else of an attribute than what is there: it comes from a restored state, of which the log knows nothing.
    ///
    /// - Parameter name: lower-cased, as logged.
    package func contradicts(_ values: [Octets], of name: String) -> Bool {
        guard let known = known[name] else { return false }
        // Servers may write spaces and letters otherwise than they were given.
        return Set(values.map { CaseFolding.fold($0.bytes) }) != Set(known.map { CaseFolding.fold($0.bytes) })
    }

    private mutating func take(_ record: LDAPEntry, _ number: ChangeSequenceNumber?) {
        // The server logs at least who and when, whatever was asked for.
        guard let type = record.text("reqType").map(CaseFolding.lowercaseName), let written = record["reqMod"] else {
            isReadable = false
            return
        }
        var author: Octets?
        var edits: [String: [(LogModification.Operator, Octets?)]] = [:]
        for value in written {
            guard case .modification(let kind, let name, let value)? = LogModification(parsing: value) else { continue }
            if name == "modifiersname" || name == "creatorsname" && author == nil { author = value ?? author }
            if wanted.contains(name) { edits[name, default: []].append((kind, value)) }
        }
        // A replicated change is done by whoever replicates; its author is among what is replicated.
        let name = Author(author ?? record.first("reqAuthzID"), ownName: ownName)
        guard let stamp = stamp(record, number, name) else { return }
        switch type {
        case "add":
            for name in wanted {
                stamps[name] = stamp
                known[name] = Set((edits[name] ?? []).compactMap(\.1))
            }
        case "modrdn", "moddn":
            if wanted.contains(AttributeStamp.entryName) { stamps[AttributeStamp.entryName] = stamp }
            for name in named(record).intersection(wanted) {
                stamps[name] = stamp
                known[name] = nil
            }
        default:
            for (name, edits) in edits {
                let before = known[name]
                known[name] = Self.applied(edits, to: before)
                if before == nil || before != known[name] { stamps[name] = stamp }
            }
        }
    }

    private func stamp(_ record: LDAPEntry, _ number: ChangeSequenceNumber?, _ author: Author) -> Stamp? {
        if let number { return Stamp(number, source: .log, author: author) }
        guard let time = record.first("reqStart").flatMap(GeneralizedTime.init(parsing:)) else { return nil }
        return Stamp(
            time: Timestamp(milliseconds: time.seconds * 1000),
            granularity: 1000,
            source: .log,
            author: author.name,
            isOurs: author.isOurs
        )
    }

    /// The attributes whose values a rename takes away or brings. Nil in both: it only moves the entry.
    private func named(_ record: LDAPEntry) -> Set<String> {
        func values(_ rdn: RelativeDistinguishedName?) -> Set<Assertion> {
            Set(
                (rdn?.assertions ?? []).map { assertion in
                    let plain = EntryShape.plainName(assertion.type)
                    return Assertion(
                        name: schema.spelling(plain).map(CaseFolding.lowercaseName) ?? plain,
                        value: assertion.value
                    )
                }
            )
        }
        let old = record.first("reqDN").flatMap { try? DistinguishedName(parsing: $0) }?.leaf
        let new = record.text("reqNewRDN").flatMap { try? RelativeDistinguishedName(parsing: $0) }
        let differing = values(old).symmetricDifference(values(new))
        let keepsOld = record.text("reqDeleteOldRDN").map(CaseFolding.lowercaseName) == "false"
        return Set(differing.filter { !keepsOld || values(new).contains($0) }.map(\.name))
    }

    private struct Assertion: Hashable {
        var name: String
        var value: Octets
    }

    /// What an attribute holds after one record's edits of it; nil where that can't be told.
    private static func applied(
        _ edits: [(kind: LogModification.Operator, value: Octets?)],
        to before: Set<Octets>?
    ) -> Set<Octets>? {
        // Two replaces in one modify look like one by two values.
        if edits.count(where: { $0.kind == .replace }) > 1 { return nil }
        var values = before
        for (kind, value) in edits {
            switch (kind, value) {
            case (.replace, let value): values = value.map { [$0] } ?? []
            case (.delete, nil): values = []
            case (.add, let value?): values?.insert(value)
            // The server may take another spelling for the same value.
            case (.delete, let value?): if values?.remove(value) == nil { values = nil }
            case (.add, nil), (.increment, _): return nil
            }
        }
        return values
    }
}
