package import LDAPClient
internal import Synchronization

/// Which domain controller the feed is connected to. The writer goes there, too: a version from one domain controller
/// can't be compared with another's. One object for the feed and the writer of a side.
package final class ServerChoice: Sendable {
    private let state = Mutex<LDAPEndpoint?>(nil)

    package init() {}

    /// The feed's server, or the last that it had; nil before its first connection.
    package var current: LDAPEndpoint? { state.withLock(\.self) }

    func choose(_ endpoint: LDAPEndpoint) {
        state.withLock { $0 = endpoint }
    }

    /// The endpoints in the order in which they are to be tried.
    static func order(_ endpoints: [LDAPEndpoint], startingWith first: LDAPEndpoint?) -> [LDAPEndpoint] {
        guard let first, endpoints.contains(first) else { return endpoints }
        return [first] + endpoints.filter { $0 != first }
    }

    /// Whether a connection is to be given up for one to `current`. Where `current` could not be reached when the
    /// connection was made, it is kept: `wanted` is what was wanted then.
    static func isLeft(_ endpoint: LDAPEndpoint, wanted: LDAPEndpoint?, current: LDAPEndpoint?) -> Bool {
        guard let current else { return false }
        return endpoint != current && wanted != current
    }
}
