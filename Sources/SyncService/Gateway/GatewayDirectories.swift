import ActiveDirectory
import Cache
import Configuration
import Cryptography
import Gateway
import LDAPClient
import Mapping
import MiniOrange
import SyncModel
import Synchronization

/// Both directories as the password gateway needs them: who somebody is comes from the cache, what their password is from the servers.
final class GatewayDirectories: AccountDirectories {
    private let wiring: Wiring
    private let administrators: Set<Octets>
    /// Nil once the session's end has come: the cache is closed then.
    private let cache: Mutex<Cache?>
    private let ad: ActiveDirectoryPasswords
    private let miniorange: MiniOrangePasswords

    /// On which binds are checked at the same time, at each side; and how many more wait.
    private static let connections = 8
    private static let waiting = 1_000

    init(_ configuration: GatewayConfiguration, wiring: Wiring, cache: Cache) throws {
        self.wiring = wiring
        administrators = Set(configuration.administrators.map(\.normalized))
        self.cache = Mutex(cache)
        ad = ActiveDirectoryPasswords(
            settings: try wiring.activeDirectorySettings(),
            choice: wiring.domainController,
            connections: Self.connections,
            waiting: Self.waiting
        )
        miniorange = MiniOrangePasswords(
            settings: try wiring.miniOrangeSettings(),
            connections: Self.connections,
            waiting: Self.waiting
        )
    }

    /// Ends the use of the cache and closes the connections; what is under way fails.
    func close() async {
        cache.withLock { $0 = nil }
        await ad.close()
        await miniorange.close()
    }

    // MARK: Who somebody is

    func find(_ name: String) async throws(DirectoryUnavailable) -> Account? {
        let found = try lookUp { try $0.account(name) }
        if let found { return found }
        if let administrator = administrator(name) { return administrator }
        // Only AD knows this name, unless a rule maps it.
        guard name.contains("@") else { return nil }
        let anchor: Anchor?
        do throws(LDAPError) {
            anchor = try await ad.account(named: name, below: wiring.configuration.ad.base)
        } catch {
            throw DirectoryUnavailable(reason: "ad: \(error)")
        }
        guard let anchor else { return nil }
        return try lookUp { try $0.account(.ad, anchor) }
    }

    private func lookUp(
        _ body: (AccountLookup) throws -> Account?
    ) throws(DirectoryUnavailable) -> Account? {
        do {
            let account = try cache.withLock { cache in
                guard let cache else { throw DirectoryUnavailable(reason: "the configuration is being loaded") }
                return try cache.read { try body(AccountLookup($0, wiring: self.wiring)) }
            }
            guard var account else { return nil }
            let names = Side.allCases.compactMap { account.names[$0]?.normalized }
            account.mayReset = names.contains(where: administrators.contains)
            return account
        } catch let error as DirectoryUnavailable {
            throw error
        } catch {
            throw DirectoryUnavailable(reason: "the cache can't be read: \(error)")
        }
    }

    /// One that is not synchronised, and known by the configuration alone; only below a side's base, by which the side is known.
    private func administrator(_ name: String) -> Account? {
        guard name.contains("="), let dn = try? DistinguishedName(parsing: name),
            administrators.contains(dn.normalized),
            let side = Side.allCases.first(where: { dn.isDescendant(of: wiring.configuration[$0].base) })
        else { return nil }
        // Where both bases are spelled alike the DN may be of either side; AD's entries are named by CN in their containers.
        let isOfBoth = Side.allCases.allSatisfy { dn.isDescendant(of: wiring.configuration[$0].base) }
        let chosen = isOfBoth ? sideByName(dn) : side
        var names = PerSide<DistinguishedName?>(both: nil)
        names[chosen] = dn
        return Account(key: .name(chosen, dn.normalized), names: names, mayReset: true)
    }

    private func sideByName(_ name: DistinguishedName) -> Side {
        let container = "cn=users,".utf8 + wiring.configuration.ad.base.normalized.bytes
        let isInUsers = name.parent.map { $0.normalized.bytes == Array(container) } ?? false
        let isInScope = wiring.views.ad.scopes.contains { name.isDescendant(of: $0.base) }
        return isInUsers || isInScope ? .ad : .miniorange
    }

    // MARK: Their passwords

    func check(_ side: Side, _ account: Account, _ password: Password) async -> DirectoryAnswer {
        await asking(side) { () async throws(LDAPError) in
            switch side {
            case .ad:
                if let anchor = account.anchors.ad { return try await ad.check(anchor, password.octets) }
                if let name = account.names.ad { return try await ad.check(name, password.octets) }
            case .miniorange:
                if let name = account.names.miniorange { return try await miniorange.check(name, password.octets) }
            }
            throw Self.noEntry
        }
    }

    func change(
        _ side: Side,
        _ account: Account,
        from former: Password,
        to password: Password
    ) async -> DirectoryAnswer {
        guard side == .ad else { return await reset(side, account, to: password) }
        return await asking(side) { () async throws(LDAPError) in
            guard let anchor = account.anchors.ad else { throw Self.noEntry }
            try await ad.change(anchor, from: former.octets, to: password.octets)
        }
    }

    func reset(_ side: Side, _ account: Account, to password: Password) async -> DirectoryAnswer {
        await asking(side) { () async throws(LDAPError) in
            switch side {
            case .ad:
                guard let anchor = account.anchors.ad else { throw Self.noEntry }
                try await ad.reset(anchor, to: password.octets)
            case .miniorange:
                guard let name = account.names.miniorange else { throw Self.noEntry }
                try await miniorange.set(name, to: password.octets)
            }
        }
    }

    func objection(_ side: Side, _ account: Account, to password: Password) async -> DirectoryAnswer {
        guard side == .miniorange, let name = account.names.miniorange else { return .done }
        do throws(LDAPError) {
            switch try await miniorange.objection(to: password.octets, of: name) {
            case nil: return .done
            case .disabled: return .refused(.disabled)
            case .noEntry: return .refused(.other("the entry can't be seen"))
            case .tooShort(let minimum): return .refused(.policy("it needs at least \(minimum) characters"))
            }
        } catch {
            return PasswordAnswer.of(error, side)
        }
    }

    private static let noEntry = LDAPError.invalidRequest(.bind, .noSuchObject, message: "the side has no entry")

    private func asking(
        _ side: Side,
        _ body: () async throws(LDAPError) -> Void
    ) async -> DirectoryAnswer {
        do throws(LDAPError) {
            try await body()
            return .done
        } catch {
            return PasswordAnswer.of(error, side)
        }
    }
}

/// A password that a request borrows.
extension KeyMaterial: SensitiveOctets {}
