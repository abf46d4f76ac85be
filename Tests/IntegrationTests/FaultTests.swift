import Foundation
import Support
import SyncModel
import Synchronization
import Testing

/// A network that can't be relied on, servers and a daemon that are killed, and people who go on working at both sides all the while.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct FaultTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// tools/faults asks for more, and for other seeds.
    private static let minutes = environment["SYNCLINE_FAULT_MINUTES"].flatMap { Double($0) } ?? 0.25
    private static let seed = environment["SYNCLINE_FAULT_SEED"].flatMap { UInt64($0) } ?? 1
    private static let people = 20
    /// Somebody who came leaves again so many rounds later.
    private static let stay = 4

    @Test("whatever the network and the processes do, both sides agree in the end, and every value is accounted for")
    func faults() async throws {
        let lab = try #require(Lab.current)
        let proxies = PerSide(
            ad: try FaultProxy(to: lab["AD_HOST"], port: 636, seed: Self.seed),
            miniorange: try FaultProxy(to: lab["LDAP_HOST"], port: Self.port(lab["LDAPS_URI"]), seed: Self.seed &+ 1)
        )
        defer { for side in Side.allCases { proxies[side].close() } }
        var settings = Ground.Settings()
        settings.conflicts = "rule: newest"
        settings.deletes = "limit: none"
        settings.servers = PerSide(ad: [proxies.ad.uri], miniorange: [proxies.miniorange.uri])
        // Shorter than a stall, so that both ends of an operation are met: no answer in time, and a lost connection.
        settings.ad = "timeouts: {connect: 2s, operation: 4s}"
        settings.miniorange = settings.ad
        let ground = try await Ground.make("fa", settings)
        try await ground.ad.apply((0..<Self.people).map { ground.ad.newPerson(ground.person("p\($0)")) })
        try await withDaemon(ground) { _ in try await Agreement.reached(ground) }
        let both = PerSide(
            ad: try await Contestant.make(ground, .ad, people: Self.people),
            miniorange: try await Contestant.make(ground, .miniorange, people: Self.people)
        )

        for side in Side.allCases { proxies[side].setFaulty(true) }
        let shift = Shift()
        async let ad = work(both.ad, ground, shift)
        async let miniorange = work(both.miniorange, ground, shift)
        do {
            try await mishaps(ground)
        } catch {
            shift.end()
            throw error
        }
        shift.end()
        let stayed = try await ad.union(miniorange)
        for side in Side.allCases { proxies[side].setFaulty(false) }

        try await withDaemon(ground, isLive: false) { daemon in
            try await daemon.settled(within: .seconds(240))
            try await Agreement.reached(ground, within: .seconds(240))
            let status = try await daemon.settled()
            #expect(status.quarantined == 0, "seed \(Self.seed): \(status.quarantine)")
            try await Contestant.expectNothingLost(ground, both, conflicts: status.conflicts)
            let here = try await ground.ad.people().compactMap { $0.text("samaccountname") }
            #expect(Set(here) == stayed.union(both.ad.people.map(\.name)), "seed \(Self.seed): who came and left")
        }
        for side in Side.allCases {
            let counts = proxies[side].counts
            print(
                "\(side.name): \(proxies[side].connections) connections, \(counts.map { "\($0.value) × \($0.key)" }.sorted())"
            )
            #expect(counts.values.reduce(0, +) >= 5, "seed \(Self.seed): hardly anything went wrong")
        }
    }

    /// How long people work.
    private final class Shift: Sendable {
        private let state = Mutex(false)
        var isOver: Bool { state.withLock(\.self) }
        func end() { state.withLock { $0 = true } }
    }

    private static func port(_ uri: String) -> UInt16 { uri.split(separator: ":").last.flatMap { UInt16($0) } ?? 636 }

    /// Writes, has people come and leave, and says who stayed.
    private func work(
        _ contestant: Contestant,
        _ ground: Ground,
        _ shift: Shift
    ) async throws -> Set<String> {
        let directory = contestant.directory
        var stayed: [String] = []
        var round = 0
        // The last round is one in which the title is written.
        while !shift.isOver || round % Contestant.titleRounds != 1 {
            try await contestant.write(patience: .seconds(240))
            let name = ground.person("\(directory.side == .ad ? "a" : "m")\(round)")
            try await insist {
                try await directory.person(name) != nil
            } try: {
                try await directory.applyWhatIsTaken([directory.newPerson(name)])
            }
            stayed.append(name)
            if round >= Self.stay, round.isMultiple(of: 2) {
                let leaver = stayed.remove(at: stayed.count - Self.stay)
                try await insist {
                    try await directory.person(leaver) == nil
                } try: {
                    try await directory.applyWhatIsTaken([.delete(directory.dn(leaver))])
                }
            }
            round += 1
        }
        return Set(stayed)
    }

    /// Tries until it is so; a server that is away is tried again.
    private func insist(_ isSo: () async throws -> Bool, try action: () async throws -> Void) async throws {
        let deadline = ContinuousClock.now + .seconds(240)
        while true {
            do {
                try await action()
                if try await isSo() { return }
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
            }
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Kills the daemon and the servers, over and over, for the time that was asked for.
    private func mishaps(_ ground: Ground) async throws {
        var random = SplitMix64(seed: Self.seed)
        let end = ContinuousClock.now + .seconds(Self.minutes * 60)
        var daemon = try Daemon.start(ground)
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(500 + random.below(2_500)))
            #expect(daemon.isRunning, "seed \(Self.seed): it ended by itself: \(daemon.log.suffix(2_000))")
            switch random.below(5) {
            case 0, 1:
                await daemon.kill()
                daemon = try Daemon.start(ground)
            case 2, 3:
                try await ground.lab.server(.stop, .miniorange, kill: true)
                try await Task.sleep(for: .milliseconds(random.below(1_500)))
                try await ground.lab.server(.start, .miniorange)
            default:
                try await ground.lab.server(.stop, .ad, kill: true)
                try await ground.lab.server(.start, .ad)
            }
        }
        await daemon.kill()
    }
}
