internal import CTestSupport
import Foundation
import Synchronization

/// Parses one input after the other, and watches what each costs.
///
/// Unchecked, since the recorder's memory is not Sendable: the watcher only writes to it when it ends the process.
final class InputRunner: @unchecked Sendable {
    /// What is kept of an input, for each of its octets, and beyond: names that are made once and stay.
    private static let keptOctetsPerOctet = 512
    private static let keptOctets = 4 << 20

    private let recorder: FlightRecorder
    private let longestSeconds: Double
    private let patience: Double
    /// When the input that is being parsed was begun, in nanoseconds; 0 where there is none.
    private let begun = Atomic<UInt64>(0)
    private var count = 0

    init(recorder: FlightRecorder, longestSeconds: Double, patience: Double) {
        self.recorder = recorder
        self.longestSeconds = longestSeconds
        self.patience = patience
    }

    func watch() {
        let thread = Thread { [self] in
            while true {
                Thread.sleep(forTimeInterval: 0.5)
                let start = begun.load(ordering: .acquiring)
                guard start != 0, Double(Self.now - start) / 1e9 > patience else { continue }
                recorder.write(.failed, "no answer within \(patience) s")
                _exit(1)
            }
        }
        thread.start()
    }

    func run(_ subject: FuzzSubject, _ input: [UInt8]) async throws {
        recorder.note(subject.name, input)
        begun.store(Self.now, ordering: .releasing)
        defer { begun.store(0, ordering: .releasing) }
        switch subject.parse {
        case .whole(let parse): try measure(input) { try Self.refusing { try parse(input) } }
        case .waiting(let parse):
            do { try await parse(input) } catch let violation as Violation { throw violation } catch {}
        }
    }

    private static func refusing(_ parse: () throws -> Any?) throws -> Any? {
        do { return try parse() } catch let violation as Violation { throw violation } catch { return error }
    }

    private func measure(_ input: [UInt8], _ parse: () throws -> Any?) throws {
        count += 1
        // It walks the allocator's lists, so not each time.
        let looksAtMemory = count.isMultiple(of: 16) || input.count > 4_096
        let before = looksAtMemory ? Self.allocated : 0
        let start = Self.processorSeconds
        let value = try parse()
        let seconds = Self.processorSeconds - start
        try Violation.unless(seconds < longestSeconds, "\(seconds) s of processor time")
        guard looksAtMemory else { return }
        let kept = withExtendedLifetime(value) { Self.allocated - before }
        let most = Self.keptOctets + input.count * Self.keptOctetsPerOctet
        try Violation.unless(kept < most, "\(kept) octets are kept of it")
    }

    private static var now: UInt64 { nanoseconds(of: CLOCK_MONOTONIC) }
    private static var processorSeconds: Double { Double(nanoseconds(of: CLOCK_THREAD_CPUTIME_ID)) / 1e9 }

    private static func nanoseconds(of clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static var allocated: Int {
        let information = mallinfo2()
        return Int(information.uordblks + information.hblkhd)
    }
}
