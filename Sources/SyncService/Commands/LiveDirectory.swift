import Configuration
import LDAPClient
import MiniOrange
import SyncModel

/// Reads single entries of one side as they are now.
struct LiveDirectory {
    /// More than this many entries of one name are not told apart.
    static let limit = 8

    let side: Side
    let connection: LDAPConnection
    private let view: DirectoryView
    private let base: DistinguishedName

    /// The first of the side's servers that answers. Throws ``LiveDirectoryError`` with every server's reason.
    static func connect(_ side: Side, _ wiring: Wiring) async throws -> LiveDirectory {
        var failures: [any Error] = []
        for endpoint in try wiring.endpoints(side) {
            do throws(LDAPError) {
                let connection = try await LDAPConnection.open(
                    endpoint,
                    tls: wiring.tls(side),
                    bind: wiring.credentials(side),
                    timeouts: wiring.timeouts(side)
                )
                let base = wiring.configuration[side].base
                return LiveDirectory(
                    side: side,
                    connection: connection,
                    view: wiring.views[side],
                    base: base
                )
            } catch {
                let credentials = wiring.credentials(side)
                let failure = OpeningFailure(error, endpoint: endpoint, credentials: credentials)
                failures.append(failure ?? error)
            }
        }
        throw LiveDirectoryError(description: "\(side.name): \(OpeningFailure.summary(of: failures))")
    }

    func close() { connection.close() }

    func entry(_ name: DistinguishedName) async throws -> EntrySnapshot? {
        try await search(SearchRequest(base: name.description, scope: .base, attributes: attributes))
            .first
    }

    func entry(_ anchor: Anchor) async throws -> EntrySnapshot? {
        let text = anchor.text(on: side)
        guard side == .ad else { return try await entries(.equality("entryUUID", Octets(text))).first }
        return try await search(
            SearchRequest(base: "<GUID=\(text)>", scope: .base, attributes: attributes)
        ).first
    }

    /// At most ``limit`` and one entries of the whole side.
    func entries(_ filter: Filter) async throws -> [EntrySnapshot] {
        try await search(
            SearchRequest(
                base: base.description,
                scope: .subtree,
                filter: filter.description,
                attributes: attributes,
                sizeLimit: Self.limit + 1
            )
        )
    }

    /// What an entry's place is called, without its values.
    private var attributes: [String] {
        side == .ad
            ? view.attributes
                + ["objectGUID", "uSNChanged", "objectClass"].filter {
                    !view.attributes.contains($0.lowercased())
                }
            : EntryShape(view: view).requested
    }

    private func search(_ request: SearchRequest) async throws -> [EntrySnapshot] {
        do throws(LDAPError) {
            return try await connection.search(request).entries.compactMap(snapshot)
        } catch {
            switch error.serverResult?.code {
            // AD answers a base that can't be a name, or a GUID that is not there, in these ways.
            case .noSuchObject?, .invalidDNSyntax?, .noSuchAttribute?: return []
            case .sizeLimitExceeded?:
                throw LiveDirectoryError(
                    description: "\(side.name): more than \(Self.limit) entries fit; give a DN or a GUID"
                )
            default: throw error
            }
        }
    }

    private func snapshot(_ entry: LDAPEntry) -> EntrySnapshot? {
        guard side == .ad else { return try? EntryShape(view: view).snapshot(entry) }
        guard let anchor = entry.first("objectGUID").flatMap({ Anchor(octets: $0.bytes) }),
            let name = try? DistinguishedName(parsing: entry.dn)
        else { return nil }
        var attributes = Attributes()
        for attribute in entry.attributes where !attribute.values.isEmpty {
            attributes[CaseFolding.lowercaseName(attribute.name)] = attribute.values
        }
        return EntrySnapshot(anchor: anchor, name: name, attributes: attributes, version: .unordered)
    }
}

/// Why an entry can't be read, or told from others.
struct LiveDirectoryError: Error, CustomStringConvertible {
    var description: String
}
