internal import LDAPClient
internal import SyncModel

/// What an account may not read a server leaves out without a word, so that a value would look as if somebody had taken it away. A filter that asks for an
/// attribute to be there, or not to be there, holds for every entry but those of which the account may not know it (RFC 4511 section 4.5.1.7: Undefined).
struct ReadRights: Sendable {
    let connection: LDAPConnection

    /// Those entries of which the account may not know all of these attributes, for whatever reason.
    func suspects(among names: [String], _ attributes: [String]) async throws(LDAPError) -> [String] {
        let all = Filter.and(attributes.map(Self.isKnown)).description
        return zip(names, try await areShown(names.map { ($0, all) })).filter { $1 == false }.map(\.0)
    }

    private static func isKnown(_ attribute: String) -> Filter {
        .or([.present(attribute), .not(.present(attribute))])
    }

    /// Those attributes of which the server says that they may not be known. Any other reason is none: one that its schema does not have can't be known either. Nil where the
    /// entry itself is not shown.
    func unreadable(of name: String, _ attributes: [String]) async throws(LDAPError) -> [String]? {
        let filters = ["(objectClass=*)"] + attributes.map { Self.isKnown($0).description }
        let shown = try await areShown(filters.map { (name, $0) })
        guard shown[0] == true else { return nil }
        var unreadable: [String] = []
        for (attribute, isShown) in zip(attributes, shown.dropFirst()) where isShown == false {
            if try await isForbidden(attribute, of: name) { unreadable.append(attribute) }
        }
        return unreadable
    }

    /// Nil where the server does not say.
    private func areShown(_ questions: [(name: String, filter: String)]) async throws(LDAPError) -> [Bool?] {
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

    private func isForbidden(_ attribute: String, of name: String) async throws(LDAPError) -> Bool {
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
