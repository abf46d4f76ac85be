import Foundation
import Synchronization

/// Plays history after history on every core until its time is over.
package final class Campaign: Sendable {
    package struct Outcome: Sendable {
        package var histories = 0
        package var failed: [World.Options] = []
        package var seconds = 0.0
        package var clean: Int { histories - failed.count }
    }

    private struct State {
        var next: UInt64
        var outcome = Outcome()
    }

    private let state: Mutex<State>
    private let deadline: Date
    private let steps: Int
    private let last: UInt64
    private let tell: @Sendable (String) -> Void

    /// Plays seeds from `first` on, at most `count` of them and for `seconds`. `tell` is handed what failed, as soon as it did.
    package init(
        first: UInt64,
        count: UInt64 = .max,
        steps: Int,
        seconds: Double,
        tell: @escaping @Sendable (String) -> Void
    ) {
        state = Mutex(State(next: first))
        last = first.addingReportingOverflow(count - 1).overflow ? .max : first + (count - 1)
        self.steps = steps
        self.tell = tell
        deadline = Date(timeIntervalSinceNow: seconds)
    }

    package func run(cores: Int = ProcessInfo.processInfo.activeProcessorCount) async -> Outcome {
        let start = Date.now
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, cores) { group.addTask { self.work() } }
        }
        return state.withLock { state in
            state.outcome.seconds = Date.now.timeIntervalSince(start)
            return state.outcome
        }
    }

    private func work() {
        while Date.now < deadline {
            let seed = state.withLock { state -> UInt64? in
                guard state.next <= last else { return nil }
                state.next += 1
                return state.next - 1
            }
            guard let seed else { return }
            var options = World.Options(seed: seed, steps: steps)
            options.keepsTrace = false
            let failure = Self.failure(of: options)
            state.withLock { state in
                state.outcome.histories += 1
                if failure != nil { state.outcome.failed.append(options) }
            }
            if let failure { tell("seed \(seed): \(failure) [\(options.hazards.text)]\n  \(Replay.command(options))") }
        }
    }

    private static func failure(of options: World.Options) -> String? {
        do {
            let world = try World(options)
            world.play()
            return world.failures.first
        } catch {
            return "the world could not be made: \(error)"
        }
    }
}
