package import LDAPClient
package import SyncModel

/// What an entry tells of its last change: by this every attribute was set then or before.
package enum EntryStamp {
    /// Asked for besides what a read of the entry asks for.
    package static let requested = ["modifiersName", "modifyTimestamp"]

    /// From entryCSN, else from modifyTimestamp. Nil where neither can be read. `ownName`: whom our own writes are logged as, normalised.
    package static func stamp(_ entry: LDAPEntry, ownName: Octets?) -> Stamp? {
        let author = Author(entry.first("modifiersName"), ownName: ownName)
        if let number = entry.first("entryCSN").flatMap(ChangeSequenceNumber.init(parsing:)) {
            return Stamp(number, source: .entry, author: author)
        }
        guard let time = entry.first("modifyTimestamp").flatMap(GeneralizedTime.init(parsing:)) else { return nil }
        return Stamp(
            time: Timestamp(milliseconds: time.seconds * 1000),
            granularity: 1000,
            source: .entry,
            author: author.name,
            isOurs: author.isOurs
        )
    }
}

/// Who made a change, as a server names them.
package struct Author: Hashable, Sendable {
    /// Nil for nobody: an anonymous change, or an unknown one.
    package var name: String?
    package var isOurs: Bool

    /// `name`: a DN, or an authzId with one (`dn:…`, RFC 4513 section 5.2.1.8).
    package init(_ name: Octets?, ownName: Octets?) {
        guard var text = name?.text else {
            self.name = nil
            isOurs = false
            return
        }
        if CaseFolding.lowercaseName(String(text.prefix(3))) == "dn:" { text.removeFirst(3) }
        self.name = text.isEmpty ? nil : text
        let normalized = try? DistinguishedName(parsing: text).normalized
        isOurs = normalized != nil && normalized == ownName && !text.isEmpty
    }
}

extension Stamp {
    /// The change that gave an entry this version.
    package init(_ number: ChangeSequenceNumber, source: Source, author: Author) {
        self.init(
            time: number.timestamp,
            granularity: 1,
            source: source,
            server: number.serverID,
            author: author.name,
            isOurs: author.isOurs
        )
    }
}

extension ChangeSequenceNumber {
    /// In whole milliseconds, rounded down.
    package var timestamp: Timestamp {
        Timestamp(milliseconds: time.seconds * 1000 + Int64(time.nanoseconds) / 1_000_000)
    }

    /// The `sid` as the number's text has it: three hexadecimal digits.
    package var serverID: String {
        let digits = String(replica, radix: 16)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }
}

extension BindCredentials {
    /// Whom the server writes down as the author of what is done with these; nil where only it knows.
    var distinguishedName: DistinguishedName? {
        switch self {
        case .simple(let name, _): try? DistinguishedName(parsing: name)
        case .external: nil
        }
    }
}
