import Logging
import Mapping
import Metrics
import SyncEngine
import SyncModel

/// One line for each write that means something to an account: which entry, where, on whose account, and what became of it. Shown whatever the
/// configured log level; never holds a value.
struct AuditLog: Sendable {
    static let label = "audit"

    private let logger = Logger(label: Self.label)

    func note(_ change: AccountChange) {
        let events = change.events.map(\.rawValue)
        var metadata: Logger.Metadata = [
            "side": "\(change.side.name)", "entry": "\(change.entry)", "from": "\(change.side.opposite.name)",
        ]
        if let author = change.author { metadata["author"] = "\(author)" }
        let outcome: String
        switch change.outcome {
        case .done: outcome = "done"
        case .unanswered: outcome = "unanswered"
        case .refused(let refusal):
            outcome = "refused"
            metadata["reason"] = "\(refusal.message) (\(refusal.code))"
        }
        metadata["outcome"] = "\(outcome)"
        logger.notice("account \(events.joined(separator: ", "))", metadata: metadata)
        for event in events { count(event, change.side, outcome) }
    }

    /// `refusal`: nil where the server took it.
    func notePassword(_ entry: DistinguishedName, _ side: Side, _ refusal: Refusal?) {
        var metadata: Logger.Metadata = [
            "side": "\(side.name)", "entry": "\(entry)", "outcome": refusal == nil ? "done" : "refused",
        ]
        if let refusal { metadata["reason"] = "\(refusal.message) (\(refusal.code))" }
        logger.notice("account initial-password", metadata: metadata)
        count("initial-password", side, refusal == nil ? "done" : "refused")
    }

    private func count(_ event: String, _ side: Side, _ outcome: String) {
        let dimensions = [("side", side.name), ("event", event), ("outcome", outcome)]
        Counter(label: "syncline_account_changes_total", dimensions: dimensions).increment()
    }
}
