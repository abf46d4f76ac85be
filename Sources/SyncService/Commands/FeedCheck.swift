import Logging
import SyncModel
import Synchronization

/// Which way of feeding would be used, and why: said by the feed itself, which is stopped before it reads anything.
struct FeedCheck {
    private static let patience = Duration.seconds(10)

    let side: Side
    let wiring: Wiring

    func run(_ findings: inout Findings) async {
        guard let status = await probe() else {
            findings.warning(
                "feed",
                "it did not say within 10 s how it would notice changes",
                remedy: "check again"
            )
            return
        }
        if status.way.isEmpty {
            findings.error(
                "feed",
                "changes can't be followed: \(status.problem ?? "no reason given")",
                remedy: nil
            )
            return
        }
        let why = status.reason.isEmpty ? "" : ": \(status.reason)"
        let seen = "changes are noticed by \(status.way)\(why)"
        switch status.way {
        case "polling":
            findings.warning(
                "feed",
                seen,
                remedy:
                    "load the syncprov overlay: polling compares the whole directory each time, and is late"
            )
        case "usn-pulse":
            findings.warning("feed", seen, remedy: "let the account search with change notifications")
        default:
            findings.ok("feed", seen)
        }
        if let problem = status.problem { findings.warning("feed", problem, remedy: nil) }
    }

    private func probe() async -> FeedStatus? {
        let (statuses, report) = AsyncStream.makeStream(of: FeedStatus.self)
        let logger = Logger(label: "check") { _ in SwiftLogNoOpLogHandler() }
        guard let feeds = try? wiring.feeds(logger: logger, status: { report.yield($0) }) else {
            return nil
        }
        let feed = feeds[side]
        let follow = Task {
            // Once the bases were told nothing more is taken: the feed stands still until it is cancelled.
            try await feed.run(from: nil, .none) { event in
                if case .connected = event { return }
                try await Task.sleep(for: .seconds(86_400))
            }
        }
        let limit = Task {
            try await Task.sleep(for: Self.patience)
            report.finish()
        }
        defer {
            follow.cancel()
            limit.cancel()
        }
        for await status in statuses where status.side == side {
            if !status.way.isEmpty { return status }
            switch status.state {
            case .waiting, .failed: return status
            case .connecting, .loading, .live, .idle: continue
            }
        }
        return nil
    }
}
