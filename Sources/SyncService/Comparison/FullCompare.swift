import SyncEngine
import SyncModel

/// One full compare: both sides are read beside their feeds, then all pairs are looked at.
struct FullCompare {
    let loop: EngineLoop
    let scanners: PerSide<any DirectoryScanner>
    /// How long feeds may take to tell what the servers showed already.
    var grace = Duration.seconds(5)
    /// Whether to wait as long as was worked: nobody waits for it, and others use the servers and the engine.
    var isPolite = true

    private static let pairsPerStep = 256
    private static let longestPause = Duration.seconds(1)
    private static let settling = Duration.seconds(60)

    /// Returns when it has ended. What it throws is why a side can't be read now; what was read as a whole stays read.
    func run() async throws {
        do {
            try await read()
            while loop.current.comparison?.isWalked == false {
                try await politely { try await loop.compare(.pairs(limit: Self.pairsPerStep)) }
            }
            try await Task.sleep(for: grace)
            try await waitUntilQuiet()
            try await loop.compare(.end)
        } catch {
            try? await loop.compare(.interrupted)
            throw error
        }
    }

    /// Begins, and reads both sides.
    func read() async throws {
        try await loop.compare(.begin)
        for side in Side.allCases where loop.current.comparison?.sides[side].isRead == false { try await scan(side) }
    }

    private func scan(_ side: Side) async throws {
        let loop = loop
        let present: [Anchor]
        do {
            present = try await scanners[side].scan { page in
                try await politely { try await loop.compare(.scanned(side, page)) }
            }
        } catch let error where !(error is CancellationError) {
            throw Unreadable(side: side, reason: error)
        }
        try await loop.compare(.complete(side, present: present))
    }

    private func politely(_ work: () async throws -> Void) async throws {
        let begin = ContinuousClock.now
        try await work()
        guard isPolite else { return }
        try await Task.sleep(for: min(ContinuousClock.now - begin, Self.longestPause))
    }

    /// What was found is to be repaired before it is counted, as far as that does not wait for anything.
    private func waitUntilQuiet() async throws {
        let end = ContinuousClock.now + Self.settling
        while !loop.current.isQuiet, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(100)) }
    }

    /// Why a side can't be read, with its name.
    private struct Unreadable: Error, CustomStringConvertible {
        let side: Side
        let reason: any Error

        var description: String { "\(side.name) can't be read as a whole: \(reason)" }
    }
}
