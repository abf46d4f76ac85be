internal import LDAPClient
internal import SyncModel

/// How long the domain wants passwords to be.
enum PasswordLength {
    /// The longest minimum of the domain and of those of its fine-grained policies that the account may read ([MS-ADTS] 3.1.1.5.2.1.1, [MS-SAMR] 3.1.1.7.1): which of
    /// them will hold for an account isn't known before it is there. In characters; 0 where nothing can be read.
    static func minimum(over server: ConnectedServer) async -> Int {
        let root = SearchRequest(
            base: server.controller.namingContext,
            scope: .base,
            attributes: ["minPwdLength"]
        )
        let policies = SearchRequest(
            base: "CN=Password Settings Container,CN=System,\(server.controller.namingContext)",
            scope: .oneLevel,
            filter: "(objectClass=msDS-PasswordSettings)",
            attributes: ["msDS-MinimumPasswordLength"]
        )
        var lengths: [Int] = []
        for answer in await server.connection.pipeline([.search(root), .search(policies)]) {
            guard case .success(.search(let result)) = answer else { continue }
            for entry in result.entries {
                let text = entry.text("minPwdLength") ?? entry.text("msDS-MinimumPasswordLength")
                if let length = text.flatMap({ Int($0) }) { lengths.append(length) }
            }
        }
        return lengths.max() ?? 0
    }
}
