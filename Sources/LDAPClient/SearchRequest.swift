package import SyncModel

/// A search (RFC 4511 section 4.5). Aliases are never dereferenced and referrals never followed.
package struct SearchRequest: Sendable, Hashable {
    package enum Scope: Sendable, Hashable {
        case base, oneLevel, subtree
    }

    package var base: String
    package var scope: Scope
    /// RFC 4515.
    package var filter: String
    /// Empty: all user attributes. `*`, `+` and `1.1` have their usual meaning.
    package var attributes: [String]
    /// Entries; 0: no limit asked for.
    package var sizeLimit: Int
    /// Whole seconds that the server may take; 0: no limit asked for.
    package var timeLimitSeconds: Int
    /// Entries a page (RFC 2696), or nil for one answer.
    package var pageSize: Int?
    package var controls: [LDAPControl]

    package init(
        base: String,
        scope: Scope,
        filter: String = "(objectClass=*)",
        attributes: [String] = [],
        sizeLimit: Int = 0,
        timeLimitSeconds: Int = 0,
        pageSize: Int? = nil,
        controls: [LDAPControl] = []
    ) {
        self.base = base
        self.scope = scope
        self.filter = filter
        self.attributes = attributes
        self.sizeLimit = sizeLimit
        self.timeLimitSeconds = timeLimitSeconds
        self.pageSize = pageSize
        self.controls = controls
    }
}

/// An entry with the controls of its message, as in a sync state (RFC 4533).
package struct SearchEntry: Sendable, Hashable {
    package var entry: LDAPEntry
    package var controls: [LDAPControl]

    package init(entry: LDAPEntry, controls: [LDAPControl] = []) {
        self.entry = entry
        self.controls = controls
    }
}

/// The complete answer to a search.
package struct SearchResult: Sendable, Hashable {
    package var entries: [LDAPEntry]
    /// URIs of search result references, which are never followed.
    package var references: [String]
    /// The final message; its code is a success.
    package var result: LDAPResult

    package init(entries: [LDAPEntry], references: [String] = [], result: LDAPResult) {
        self.entries = entries
        self.references = references
        self.result = result
    }
}

/// One message of a streamed search.
package enum SearchEvent: Sendable, Hashable {
    case entry(LDAPEntry, controls: [LDAPControl])
    case reference([String], controls: [LDAPControl])
    /// RFC 4511 section 4.13, for example a Sync Info message.
    case intermediate(oid: String?, value: Octets?, controls: [LDAPControl])
    /// The last event of a stream that ended well; a refusal is thrown instead.
    case done(LDAPResult)
}
