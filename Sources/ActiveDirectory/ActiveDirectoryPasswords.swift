package import LDAPClient
package import SyncModel

/// Checks and sets passwords of accounts in Active Directory. Each function asks one domain controller, the feed's where it can be reached.
package final class ActiveDirectoryPasswords: Sendable {
    private let account: SharedConnection
    private let pool: BindPool

    /// - Parameters:
    ///   - choice: the feed's.
    ///   - connections: on which binds are checked at the same time.
    ///   - waiting: binds that wait for one of them.
    package init(settings: ActiveDirectorySettings, choice: ServerChoice, connections: Int, waiting: Int) {
        let opening = ConnectionOpening(
            endpoints: { ServerChoice.order(settings.endpoints, startingWith: choice.current) },
            tls: settings.tls,
            credentials: settings.credentials,
            timeouts: settings.timeouts
        )
        account = SharedConnection(opening)
        pool = BindPool(opening, limit: connections, waitingLimit: waiting)
    }

    /// Returns where a simple bind with the password succeeds.
    package func check(_ anchor: Anchor, _ password: any SensitiveOctets) async throws(LDAPError) {
        try await pool.check(Self.name(anchor), password)
    }

    /// As ``check(_:_:)-(Anchor,_)``, for an account that is known by its DN alone.
    package func check(_ name: DistinguishedName, _ password: any SensitiveOctets) async throws(LDAPError) {
        try await pool.check(name.description, password)
    }

    /// Changes the password as its owner does: the domain controller wants the former one, and applies the policy in full. Needs the extended right
    /// *Change Password*, which everyone has in a default domain.
    package func change(
        _ anchor: Anchor,
        from former: any SensitiveOctets,
        to password: any SensitiveOctets
    ) async throws(LDAPError) {
        let request = PasswordRequest(.unicodePassword(dn: Self.name(anchor)), password, former: former)
        try await account.connection().perform(request)
    }

    /// Sets the password as an administrator does; neither history nor minimum age counts. Needs *Reset Password*.
    package func reset(_ anchor: Anchor, to password: any SensitiveOctets) async throws(LDAPError) {
        let request = PasswordRequest(.unicodePassword(dn: Self.name(anchor)), password)
        try await account.connection().perform(request)
    }

    /// The account with this userPrincipalName below `base`; nil where there is none, or more than one.
    package func account(named principal: String, below base: DistinguishedName) async throws(LDAPError) -> Anchor? {
        let filter = Filter.equality("userPrincipalName", Octets(principal))
        let request = SearchRequest(
            base: base.description,
            scope: .subtree,
            filter: filter.description,
            attributes: ["objectGUID"],
            sizeLimit: 2
        )
        let found = try await account.connection().search(request).entries
        guard found.count == 1 else { return nil }
        return found.first?.first("objectGUID").flatMap { Anchor(octets: $0.bytes) }
    }

    package func close() async {
        await pool.close()
        await account.close()
    }

    private static func name(_ anchor: Anchor) -> String { "<GUID=\(anchor.text(on: .ad))>" }
}
