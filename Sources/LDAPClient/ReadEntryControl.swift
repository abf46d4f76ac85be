internal import SyncModel

/// Pre-read and post-read (RFC 4527): an update's answer carries the entry as it was before, or is after it.
package enum ReadEntryControl: Sendable, Hashable {
    case preRead, postRead

    package var oid: String {
        switch self {
        case .preRead: "1.3.6.1.1.13.1"
        case .postRead: "1.3.6.1.1.13.2"
        }
    }

    package func request(_ attributes: [String], isCritical: Bool = true) -> LDAPControl {
        var writer = BERWriter()
        writer.sequence { selection in
            for attribute in attributes { selection.string(attribute) }
        }
        return LDAPControl(oid, isCritical: isCritical, value: writer.octets)
    }

    /// The entry in a response's controls; nil where the control isn't there.
    package func entry(in controls: [LDAPControl]) throws(BERError) -> LDAPEntry? {
        guard let value = controls.first(where: { $0.oid == oid })?.value else { return nil }
        var reader = BERReader(value)
        let entry = try LDAPEntry(from: &reader)
        try reader.finish()
        return entry
    }
}

extension LDAPEntry {
    /// Reads a SearchResultEntry (RFC 4511 section 4.5.2). Some servers leave out its application tag in a control.
    init(from reader: inout BERReader) throws(BERError) {
        let tag = reader.nextTag == BERTag.sequence ? BERTag.sequence : BERTag.searchResultEntry
        var contents = try reader.constructed(tag)
        let dn = try contents.string()
        var list = try contents.constructed()
        try contents.finish()
        var attributes: [LDAPAttribute] = []
        while !list.isAtEnd {
            var attribute = try list.constructed()
            let name = try attribute.string()
            var set = try attribute.constructed(BERTag.set)
            try attribute.finish()
            var values: [Octets] = []
            while !set.isAtEnd { values.append(try set.octetString()) }
            attributes.append(LDAPAttribute(name, values))
        }
        self.init(dn: dn, attributes: attributes)
    }
}
