import Cache
import SyncEngine
import SyncModel

extension StatusReport {
    /// What a server shows and can't be believed without more.
    static func doubts(_ transaction: CacheTransaction) throws -> [String] {
        var doubts: [String] = []
        for side in Side.allCases {
            if let setBack = try Engine.setBack(side, transaction) {
                let state =
                    setBack.isRead
                    ? "what differs is being compared with what was agreed"
                    : "nothing is written before everything there was read"
                doubts.append(
                    "\(side.name): \(setBack.cause.words) since \(setBack.since.text), \(state): \(setBack.reason)"
                )
            }
            if let count = try Engine.vanished(side, transaction) {
                doubts.append(
                    """
                    \(side.name): a complete read does not show \(count) entries that were there, and nothing told of their deletion. None of them \
                    is taken for deleted. See whether the account's rights, the base or the filter have changed, then run syncline reconcile; or decide by \
                    syncline approve --vanished \(side.name), which has the other side follow, or reject, which has them made again
                    """
                )
            }
        }
        return doubts
    }
}

extension StepBack.Cause {
    /// For a person.
    var words: String {
        switch self {
        case .restored: "the server holds an older state"
        case .anotherServer: "another server answers, which may be behind"
        }
    }
}
