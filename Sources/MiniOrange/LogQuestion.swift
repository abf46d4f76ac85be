package import LDAPClient
package import SyncModel

/// The search for what the access log has on some attributes of an entry. Of the values that were written, only those of these attributes come, where the
/// server can be told so; `reqOld` never does, which holds the hashes of old passwords.
package struct LogQuestion: Sendable {
    /// Seconds after which the server gives up: without an index on reqEntryUUID it reads the whole log.
    static let timeLimit = 5
    static let pageSize = 1000
    /// An entry with more records than this is told by its last change.
    static let maximumRecords = 20_000

    private static let whole = [
        "reqType", "reqStart", "reqAuthzID", "reqDN", "reqNewRDN", "reqDeleteOldRDN", "entryCSN",
    ]

    package let anchor: Anchor
    /// Each attribute that was asked for, with the name under which the log has it, in lower case.
    package let names: [(asked: String, logged: String)]
    /// How `reqMod` begins for these, in the server's spelling: it compares octets. Nil where the schema doesn't tell.
    private let beginnings: [String]?
    private let canSift: Bool

    /// - Parameter canSift: whether the server can leave out values (RFC 3876).
    package init(_ anchor: Anchor, _ attributes: [String], schema: AttributeSchema, canSift: Bool) {
        self.anchor = anchor
        self.canSift = canSift
        var beginnings: [String]? = []
        names = attributes.map { asked in
            let plain = EntryShape.plainName(asked)
            if asked == AttributeStamp.entryName { return (asked, asked) }
            let options = plain.drop { $0 != ";" }
            guard let spelling = schema.spelling(plain) else {
                beginnings = nil
                return (asked, plain)
            }
            // Options stand in the server's own order: which ones is seen in the answer.
            beginnings? += options.isEmpty ? ["\(spelling):", "\(spelling);binary:"] : ["\(spelling);"]
            return (asked, CaseFolding.lowercaseName(spelling) + options)
        }
        self.beginnings = beginnings
    }

    /// - Parameter including: also the record of the change that gave the entry this version, whatever it touched.
    package func search(_ base: DistinguishedName, including number: ChangeSequenceNumber? = nil) -> SearchRequest {
        let uuid = Filter.equality("reqEntryUUID", Octets(anchor.entryUUID))
        let succeeded = Filter.equality("reqResult", "0")
        var filters = [uuid, succeeded]
        if let beginnings {
            var touching = [Filter.equality("reqType", "add"), .equality("reqType", "modrdn")]
            touching += beginnings.map { .substrings("reqMod", initial: Octets($0), any: [], final: nil) }
            if let number { touching.append(.equality("entryCSN", Octets(number.description))) }
            filters.append(.or(touching))
        }
        var controls: [LDAPControl] = []
        if canSift, let beginnings {
            let authors = ["modifiersName:", "creatorsName:"]
            controls = [MatchedValues.request("reqMod", beginnings: beginnings + authors, whole: Self.whole)]
        }
        return SearchRequest(
            base: base.description,
            scope: .subtree,
            filter: Filter.and(filters).description,
            attributes: Self.whole + ["reqMod"],
            timeLimitSeconds: Self.timeLimit,
            controls: controls
        )
    }
}
