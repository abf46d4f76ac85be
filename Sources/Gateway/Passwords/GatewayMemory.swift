internal import SyncModel
internal import Synchronization

/// What the gateway knows in memory alone. It outlives a reload of the configuration, and ends with the process.
package final class GatewayMemory: Sendable {
    let verified: VerifiedPasswords
    let pending: PendingPasswords
    let pace = Mutex(RefusalPace())
    let turns = AccountTurns()

    /// Throws where the system gives no random octets.
    package init() throws {
        verified = try VerifiedPasswords()
        pending = try PendingPasswords()
    }

    package func pendingReport() -> [PendingPasswordReport] { pending.report(at: .now) }
}
