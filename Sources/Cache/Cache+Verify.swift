internal import LMDB
import SyncModel

extension Cache {
    /// Compares the tables with each other, in one view: names and keys with replicas, joins with pairs, the queue, intents,
    /// quarantine and memberships that wait with pairs, memberships with the way back to them, history with its index. Returns at most `limit` findings.
    ///
    /// Looks at every record: seconds for 100,000 pairs, while writers go on.
    package func verify(limit: Int = 1000) throws -> [CacheFinding] {
        try read { transaction in
            var verification = try Verification(transaction, limit: limit)
            return try verification.run()
        }
    }
}
