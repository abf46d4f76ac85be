/// What the product wants to see of one directory: said once, to its feed and its writer.
package struct DirectoryView: Hashable, Sendable {
    package struct Scope: Hashable, Sendable {
        package var base: DistinguishedName
        package var filter: Filter

        package init(base: DistinguishedName, filter: Filter) {
            self.base = base
            self.filter = filter
        }
    }
    /// AD: the naming context. LDAP: the suffix or the configured base.
    package var base: DistinguishedName
    /// Where the configured objects live, without repetition.
    package var scopes: [Scope]
    /// Lower-cased names of all attributes to ask for; operational ones by name.
    package var attributes: [String]
    /// Those of `attributes` that hold DNs.
    package var references: Set<String>
    /// Attributes of groups that hold their members, lower-cased; not among `attributes`, as they may hold a hundred thousand values. A feed tells them
    /// whole or edit by edit; what a writer reads back leaves them out.
    package var memberAttributes: Set<String>

    package init(
        base: DistinguishedName,
        scopes: [Scope],
        attributes: [String],
        references: Set<String>,
        memberAttributes: Set<String> = []
    ) {
        self.memberAttributes = memberAttributes
        self.base = base
        self.scopes = scopes
        self.attributes = attributes
        self.references = references
    }

    /// Entries of these classes give others their place and are told by every feed besides those in scope.
    package static let containerClasses = [
        "organizationalunit", "container", "organization", "domain", "domaindns", "dcobject", "locality", "country",
        "builtindomain",
    ]

    /// Matches `containerClasses`, for a server to evaluate.
    package static let containerFilter = Filter.or(
        containerClasses.map { Filter.equality("objectClass", Octets($0)) }
    )

    package static func isContainer(_ attributes: Attributes) -> Bool {
        attributes["objectclass"].contains { containerClasses.contains($0.lossyText.lowercased()) }
    }
}

/// The stream of changes from one side. It owns its connections, reconnects with growing delay, and goes through its servers in order.
package protocol DirectoryFeed: Sendable {
    /// Runs until its task is cancelled. Events come one at a time; `deliver` returns once the event is in the cache, so a cursor is never ahead of
    /// what is stored. `cursor` is where to go on from; nil means read everything. What `demand` asks for besides is told before that, and ends with `complete`. Throws only
    /// what no retry can mend.
    func run(
        from cursor: Cursor?,
        _ demand: ReadingDemand,
        deliver: @escaping @Sendable (FeedEvent) async throws -> Void
    ) async throws
}

/// Reads one side as a whole beside its feed, over a connection of its own.
package protocol DirectoryScanner: Sendable {
    /// Hands out every entry in scope with all its memberships, and the containers that give others their place, a page at a time; the next page waits until
    /// `take` returns. Returns the anchors of all of them, sorted, once it is certain that nothing was left out: the bases stand and are the same entries, and
    /// no limit and no referral cut anything short. Everything else throws.
    func scan(_ take: @escaping @Sendable ([EntrySnapshot]) async throws -> Void) async throws -> [Anchor]
}

/// Carries writes to one side and reads back what the entry then holds.
package protocol DirectoryWriter: Sendable {
    /// Starts a write and returns at once. `completion` is called exactly once, on any thread, within the configured time-out.
    func perform(_ write: Write, completion: @escaping @Sendable (WriteOutcome) -> Void)
    /// Ends its connections; writes under way complete as `unknown`.
    func close() async
}
