internal import LDAPClient
internal import SyncModel

/// A server that was connected to and looked at: the connection for short reads, and what the directory is.
struct DirectoryServer: Sendable {
    let endpoint: LDAPEndpoint
    let connection: LDAPConnection
    let rootDSE: RootDSE
    let roots: [EntrySnapshot]
    /// Below this an entry is looked for by its entryUUID: the suffix, if it can be read.
    let searchBase: DistinguishedName
    /// Entries at which rights are looked at, besides the bases.
    let samples: [String]

    /// Throws ``LDAPError`` or ``MiniOrangeError``; the connection is closed then.
    static func connect(
        _ endpoint: LDAPEndpoint,
        _ settings: MiniOrangeSettings,
        _ view: DirectoryView,
        _ shape: EntryShape
    ) async throws -> DirectoryServer {
        let connection = try await settings.open(endpoint)
        do {
            let rootDSE = try await RootDSE.read(over: connection)
            var roots: [EntrySnapshot] = []
            for base in view.bases { roots.append(try await root(base, shape, connection)) }
            var searchBase = view.base
            if let suffix = rootDSE.suffix(of: view.base), suffix.normalized != view.base.normalized {
                do {
                    _ = try await root(suffix, shape, connection)
                    searchBase = suffix
                } catch is MiniOrangeError {
                    // No rights there: entries are looked for below the configured base only.
                }
            }
            let server = DirectoryServer(
                endpoint: endpoint,
                connection: connection,
                rootDSE: rootDSE,
                roots: roots,
                searchBase: searchBase,
                samples: try await samples(view, connection)
            )
            try await server.checkAttributes(shape)
            return server
        } catch {
            connection.close()
            throw error
        }
    }

    /// Reads the entry of a base, which proves that it is there and that the account may see it.
    static func root(
        _ base: DistinguishedName,
        _ shape: EntryShape,
        _ connection: LDAPConnection
    ) async throws -> EntrySnapshot {
        let request = SearchRequest(base: base.description, scope: .base, attributes: shape.requested)
        let entries: [LDAPEntry]
        do {
            entries = try await connection.search(request).entries
        } catch {
            guard error.serverResult != nil, error.disposition == .refuse else { throw error }
            throw MiniOrangeError.baseUnreadable(base, reason: error.code.name)
        }
        guard let entry = entries.first else {
            throw MiniOrangeError.baseUnreadable(base, reason: "no rights to see it")
        }
        guard entry["entryUUID"] != nil else { throw MiniOrangeError.noEntryUUID(base) }
        var snapshot = try shape.snapshot(entry)
        // By the configured spelling, which is the one that others are compared with.
        snapshot.name = base
        return snapshot
    }

    /// That the bases are what they were at the connect, and that the account may read as much.
    func checkRoots(_ shape: EntryShape) async throws {
        for root in roots {
            let now = try await Self.root(root.name, shape, connection)
            guard now.anchor == root.anchor else { throw MiniOrangeError.baseReplaced(root.name) }
        }
        try await checkAttributes(shape)
    }

    /// Reads entries by their anchors, all at once; what isn't found is left out.
    func read(_ anchors: [Anchor], _ shape: EntryShape) async throws -> [Anchor: EntrySnapshot] {
        let requests = anchors.map { anchor in
            PipelinedRequest.search(
                SearchRequest(
                    base: searchBase.description,
                    scope: .subtree,
                    filter: anchor.filter,
                    attributes: shape.requested
                )
            )
        }
        var found: [Anchor: EntrySnapshot] = [:]
        for answer in await connection.pipeline(requests) {
            guard case .search(let result) = try answer.get(), let entry = result.entries.first else { continue }
            let snapshot = try shape.snapshot(entry)
            found[snapshot.anchor] = snapshot
        }
        return found
    }

    /// The CSN up to which the access log was purged; nil where it doesn't say.
    func horizon(of log: DistinguishedName) async throws -> ChangeSequenceNumber? {
        let request = SearchRequest(base: log.description, scope: .base, attributes: ["minCSN"])
        let values = try await connection.search(request).entries.first?["minCSN"] ?? []
        return values.compactMap(ChangeSequenceNumber.init(parsing:)).max()
    }

    /// The contextCSN of `base`, or nil where there is none to be seen.
    func position(of base: DistinguishedName) async throws -> SyncCookie? {
        let request = SearchRequest(base: base.description, scope: .base, attributes: ["contextCSN"])
        do {
            let values = try await connection.search(request).entries.first?["contextCSN"] ?? []
            let numbers = values.compactMap(ChangeSequenceNumber.init(parsing:))
            return numbers.isEmpty ? nil : SyncCookie(numbers)
        } catch {
            guard error.serverResult != nil, error.disposition == .refuse else { throw error }
            return nil
        }
    }
}

extension MiniOrangeSettings {
    func open(_ endpoint: LDAPEndpoint) async throws(LDAPError) -> LDAPConnection {
        try await LDAPConnection.open(endpoint, tls: tls, bind: credentials, timeouts: timeouts)
    }
}

extension DirectoryView {
    /// The scopes' bases, each once.
    var bases: [DistinguishedName] {
        var seen: Set<Octets> = []
        return scopes.map(\.base).filter { seen.insert($0.normalized).inserted }
    }
}
