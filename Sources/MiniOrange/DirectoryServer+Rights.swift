internal import LDAPClient
internal import SyncModel

extension DirectoryServer {
    /// One entry of each scope, since rights may differ from those to its base.
    static func samples(_ view: DirectoryView, _ connection: LDAPConnection) async throws -> [String] {
        var samples: [String] = []
        for scope in view.scopes {
            if let name = try await sample(scope, connection) { samples.append(name) }
        }
        return samples
    }

    private static func sample(_ scope: DirectoryView.Scope, _ connection: LDAPConnection) async throws -> String? {
        let request = SearchRequest(
            base: scope.base.description,
            scope: .subtree,
            filter: scope.filter.description,
            attributes: ["1.1"],
            pageSize: 1
        )
        var pages = connection.searchPages(request).makeAsyncIterator()
        do {
            return try await pages.next()?.first?.dn
        } catch {
            // A server that lists nothing has a reason, which others tell.
            guard error.serverResult != nil else { throw error }
            return nil
        }
    }

    /// That the account may read all attributes that are followed, as far as the bases and the samples show it.
    func checkAttributes(_ shape: EntryShape) async throws {
        let rights = ReadRights(connection: connection)
        for name in try await rights.suspects(among: roots.map(\.name.description) + samples, shape.followed) {
            let unreadable = try await rights.unreadable(of: name, shape.followed) ?? []
            guard unreadable.isEmpty else { throw MiniOrangeError.attributesUnreadable(unreadable, of: name) }
        }
    }
}
