package import LDAPClient
package import SyncModel
internal import Synchronization

/// Checks and sets passwords of entries in the LDAP directory.
package final class MiniOrangePasswords: Sendable {
    private let account: SharedConnection
    private let pool: BindPool
    /// Whether the server has said that it doesn't know RFC 3062.
    private let lacksPasswordModify = Mutex(false)

    /// - Parameters:
    ///   - connections: on which binds are checked at the same time.
    ///   - waiting: binds that wait for one of them.
    package init(settings: MiniOrangeSettings, connections: Int, waiting: Int) {
        let opening = ConnectionOpening(
            endpoints: { settings.endpoints },
            tls: settings.tls,
            credentials: settings.credentials,
            timeouts: settings.timeouts
        )
        account = SharedConnection(opening)
        pool = BindPool(opening, limit: connections, waitingLimit: waiting)
    }

    /// Returns where a simple bind with the password succeeds.
    package func check(_ name: DistinguishedName, _ password: any SensitiveOctets) async throws(LDAPError) {
        try await pool.check(name.description, password)
    }

    /// Sets the password by RFC 3062, so that the server hashes it and applies its policy; by a replace of userPassword where it doesn't know that.
    package func set(_ name: DistinguishedName, to password: any SensitiveOctets) async throws(LDAPError) {
        let connection = try await account.connection()
        let dn = name.description
        if !lacksPasswordModify.withLock(\.self) {
            do throws(LDAPError) {
                try await connection.perform(PasswordRequest(.passwordModify(dn: dn), password))
                return
            } catch {
                // RFC 4511 section 4.12: the answer to an operation that the server doesn't know.
                guard error.serverResult?.code == .protocolError else { throw error }
                lacksPasswordModify.withLock { $0 = true }
            }
        }
        try await connection.perform(PasswordRequest(.userPassword(dn: dn), password))
    }

    /// Why the server would refuse a password, or why it must not be set; nil where nothing speaks against it that can be seen.
    package func objection(
        to password: any SensitiveOctets,
        of name: DistinguishedName
    ) async throws(LDAPError) -> PasswordObjection? {
        let connection = try await account.connection()
        let attributes = ["pwdAccountLockedTime", "pwdPolicySubentry"]
        let request = SearchRequest(base: name.description, scope: .base, attributes: attributes)
        guard let entry = try await connection.search(request).entries.first else { return .noEntry }
        if entry.text("pwdAccountLockedTime") == PasswordObjection.lockedForGood { return .disabled }
        guard let policy = entry.text("pwdPolicySubentry") else { return nil }
        let question = SearchRequest(base: policy, scope: .base, attributes: ["pwdMinLength", "pwdCheckQuality"])
        do throws(LDAPError) {
            guard let found = try await connection.search(question).entries.first else { return nil }
            return PasswordObjection(policy: found, password: password)
        } catch {
            // What can't be seen is found out when the server is asked to take it.
            guard error.serverResult != nil else { throw error }
            return nil
        }
    }

    package func close() async {
        await pool.close()
        await account.close()
    }
}
