package import Logging
internal import Metrics

/// Tells of each operation who did it, to whom, from where, and what came of it; never a value. A name that nobody has is not told either: users type
/// passwords where names belong.
package struct GatewayAudit: Sendable {
    package enum Operation: String, Sendable {
        case bind
        /// By the owner.
        case change
        /// By an administrator.
        case reset
        /// A password that one side has is set at the other.
        case carry
    }

    private let logger: Logger

    package init(logger: Logger) { self.logger = logger }

    func record(
        _ operation: Operation,
        who: Account?,
        whom: Account?,
        from address: String,
        outcome: String,
        details: String? = nil
    ) {
        let dimensions = [("operation", operation.rawValue), ("outcome", outcome)]
        Counter(label: "syncline_gateway_operations_total", dimensions: dimensions).increment()
        var metadata: Logger.Metadata = ["operation": "\(operation.rawValue)", "outcome": "\(outcome)"]
        if let who { metadata["who"] = "\(who.label)" }
        if let whom { metadata["whom"] = "\(whom.label)" }
        if !address.isEmpty { metadata["from"] = "\(address)" }
        if let details { metadata["details"] = "\(details)" }
        // Good binds are the many; what changes something, or fails, is what an audit is read for.
        logger.log(level: operation == .bind && outcome == "done" ? .info : .notice, "password", metadata: metadata)
    }
}
