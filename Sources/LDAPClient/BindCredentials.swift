package import SyncModel

/// Who a connection acts as.
package enum BindCredentials: Sendable, Hashable {
    /// RFC 4513 section 5.1.3. The name is a DN, or what the server takes for one (AD: `user@example.com`). An empty
    /// password is refused here: servers take it for an anonymous bind, which looks like a success.
    case simple(name: String, password: Octets)
    /// SASL EXTERNAL: the identity of the process, over `ldapi`.
    case external
}

extension BindCredentials {
    /// Who that is, for the admin.
    package var account: String {
        switch self {
        case .simple(let name, _): name
        case .external: "this process"
        }
    }
}

extension BindCredentials: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without the password.
    package var description: String {
        switch self {
        case .simple(let name, _): "simple bind as \(name)"
        case .external: "SASL EXTERNAL"
        }
    }

    package var debugDescription: String { description }
}
