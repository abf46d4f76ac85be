internal import LDAPClient
internal import SyncModel

/// What an account may not read a server leaves out without a word, so that a value would look as if somebody had taken it away. A filter that asks for an
/// attribute to be there, or not to be there, holds for every entry but those of which the account may not know it (RFC 4511 section 4.5.1.7: Undefined).
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
        let entries = roots.map(\.name.description) + samples
        let attributes = shape.followed
        let all = Filter.and(attributes.map(Self.isKnown)).description
        for (name, isShown) in zip(entries, try await areShown(entries.map { ($0, all) })) where isShown == false {
            try await find(unreadableOf: name, attributes)
        }
    }

    private static func isKnown(_ attribute: String) -> Filter {
        .or([.present(attribute), .not(.present(attribute))])
    }

    /// Throws when the server says that an attribute may not be known. Any other reason is none: one that its schema does not have can't be known either.
    private func find(unreadableOf name: String, _ attributes: [String]) async throws {
        let filters = ["(objectClass=*)"] + attributes.map { Self.isKnown($0).description }
        let shown = try await areShown(filters.map { (name, $0) })
        guard shown[0] == true else { return }
        var unreadable: [String] = []
        for (attribute, isShown) in zip(attributes, shown.dropFirst()) where isShown == false {
            if try await isForbidden(attribute, of: name) { unreadable.append(attribute) }
        }
        guard unreadable.isEmpty else { throw MiniOrangeError.attributesUnreadable(unreadable, of: name) }
    }

    /// Nil where the server does not say.
    private func areShown(_ questions: [(name: String, filter: String)]) async throws -> [Bool?] {
        let requests = questions.map {
            PipelinedRequest.search(SearchRequest(base: $0.name, scope: .base, filter: $0.filter, attributes: ["1.1"]))
        }
        var shown: [Bool?] = []
        for answer in await connection.pipeline(requests) {
            switch answer {
            case .success(.search(let result)): shown.append(!result.entries.isEmpty)
            case .success(.response): shown.append(nil)
            case .failure(let error):
                guard error.serverResult != nil else { throw error }
                shown.append(nil)
            }
        }
        return shown
    }

    /// A value of the wrong syntax is refused before rights are looked at.
    private static let valuesOfAllSyntaxes = ["0", "cn=0", "20000101000000Z", "TRUE"]

    private func isForbidden(_ attribute: String, of name: String) async throws -> Bool {
        let requests = Self.valuesOfAllSyntaxes.map {
            PipelinedRequest.operation(.compare(dn: name, attribute: attribute, value: Octets($0)))
        }
        for answer in await connection.pipeline(requests) {
            guard case .failure(let error) = answer else { continue }
            guard let result = error.serverResult else { throw error }
            if result.code == .insufficientAccessRights { return true }
        }
        return false
    }
}
