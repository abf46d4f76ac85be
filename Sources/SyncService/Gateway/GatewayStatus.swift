import Foundation
import Gateway
import SyncModel

/// What `syncline status` tells of the password gateway.
package struct GatewayStatus: Codable, Sendable {
    package struct Pending: Codable, Sendable {
        package var account: String
        /// The side that lacks it.
        package var side: String
        package var ageSeconds: Double
        package var secondsLeft: Double
        package var attempts: Int
        package var reason: String
    }

    package var listening: [String]
    package var connections: Int
    package var refusedConnections: Int
    /// Nil: it doesn't listen.
    package var certificateExpires: String?
    package var certificateDaysLeft: Int?
    package var pendingPasswords: Int
    /// At most 20 of them.
    package var pending: [Pending]
    package var problems: [String]

    private static let mostShown = 20
    /// Days before its certificate's end, from which the admin is told.
    private static let warning = 14

    init(_ report: GatewayReport?, _ pending: [PendingPasswordReport], problem: String?, now: Timestamp) {
        listening = report?.listening ?? []
        connections = report?.connections ?? 0
        refusedConnections = report?.refusedConnections ?? 0
        pendingPasswords = pending.count
        self.pending = pending.prefix(Self.mostShown).map {
            Pending(
                account: $0.account,
                side: $0.side.name,
                ageSeconds: $0.age.inSeconds,
                secondsLeft: $0.left.inSeconds,
                attempts: $0.attempts,
                reason: $0.reason
            )
        }
        var problems = [problem, report?.problem].compactMap(\.self)
        if let report {
            let left = report.certificateNotAfter - now.milliseconds / 1_000
            certificateExpires = Timestamp(milliseconds: report.certificateNotAfter * 1_000).text
            certificateDaysLeft = Int(left / 86_400)
            if left < 0 {
                problems.append("its certificate has expired: put a new one into its files")
            } else if left < Self.warning * 86_400 {
                problems.append("its certificate expires in \(left / 86_400) days: put a new one into its files")
            }
        }
        self.problems = problems.map { "gateway: \($0)" }
    }

    /// For a person.
    var lines: [String] {
        let places = listening.isEmpty ? "not listening" : "listening at \(listening.joined(separator: " and "))"
        var lines = ["gateway     \(places), \(connections) connections"]
        if let certificateExpires { lines.append("            certificate until \(certificateExpires)") }
        if pendingPasswords > 0 {
            lines.append("            password pending for \(pendingPasswords)")
            for one in pending {
                lines.append("  \(one.account)")
                let left = StatusReport.duration(one.secondsLeft)
                lines.append("    not yet at \(one.side): \(one.reason) (attempt \(one.attempts), kept for \(left))")
            }
            if pendingPasswords > pending.count { lines.append("  … and \(pendingPasswords - pending.count) more") }
        }
        return lines
    }
}
