import Foundation
import Support
import Synchronization

/// Runs parsers on many inputs in a process of its own, which may die of one; the process that started it then tells of which.
///
/// A test makes the campaign, hands its path to an exit test that calls ``run(_:path:)``, and expects ``verdict()`` to be nil.
package final class Campaign: Sendable {
    /// Of an ordinary subject, in a run of all tests.
    private static let inputs = 1_000
    /// Processor time for one input, a build without optimisation included.
    private static let longestSeconds = 2.0
    /// A parser that answers later than this doesn't answer.
    private static let patience = 30.0

    package let path: String

    package init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("syncline-fuzz-\(UUID().uuidString)").path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// What tools/fuzz asks for, by the environment.
    private enum Asked {
        static let environment = ProcessInfo.processInfo.environment
        static let minutes = environment["SYNCLINE_FUZZ_MINUTES"].flatMap { Double($0) }
        static let seed = environment["SYNCLINE_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
        static let subject = environment["SYNCLINE_FUZZ_SUBJECT"]
        static let input = environment["SYNCLINE_FUZZ_INPUT"].flatMap { $0.isEmpty ? nil : $0 }
    }

    // MARK: In the process that may die

    package static func run(_ subjects: [FuzzSubject], path: String) async throws {
        let recorder = try FlightRecorder(path: path)
        let chosen = subjects.filter { Asked.subject == nil || $0.name == Asked.subject }
        // A sanitizer reserves more address space than any limit of ours.
        if !Sanitizer.isUsed { limitMemory() }
        let runner = InputRunner(recorder: recorder, longestSeconds: longestSeconds, patience: patience)
        runner.watch()
        do {
            if let input = Asked.input {
                for subject in chosen { try await runner.run(subject, try octets(hexadecimal: input)) }
                return recorder.write(.done, chosen.map(\.name).joined(separator: " "))
            }
            recorder.write(.done, try await play(chosen, runner))
        } catch let violation as Violation {
            recorder.write(.failed, violation.description)
        }
    }

    /// One line for each subject.
    private static func play(_ subjects: [FuzzSubject], _ runner: InputRunner) async throws -> String {
        var mutators = subjects.map { Mutator($0, seed: Asked.seed) }
        var counts = subjects.map { _ in 0 }
        var seconds = subjects.map { _ in 0.0 }
        for subject in subjects {
            for sample in subject.samples { try await runner.run(subject, sample) }
        }
        let end = Asked.minutes.map { ContinuousClock.now + .seconds($0 * 60) }
        // In rounds, so that every subject gets its share of a time that ends.
        repeat {
            for index in subjects.indices {
                let begin = ContinuousClock.now
                let count = max(1, inputs / subjects[index].cost)
                for _ in 0..<count {
                    try await runner.run(subjects[index], mutators[index].next())
                }
                counts[index] += count
                seconds[index] += (ContinuousClock.now - begin) / .seconds(1)
            }
        } while end.map { ContinuousClock.now < $0 } ?? false
        return subjects.indices.map { index in
            "\(subjects[index].name): \(counts[index]) inputs, \(Int(Double(counts[index]) / max(seconds[index], 0.001)))/s"
        }.joined(separator: "\n")
    }

    /// A length field that is believed asks for more than this, and ends the process.
    private static func limitMemory() {
        let words = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        guard let pages = words.first.flatMap({ UInt($0) }) else { return }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        limit.rlim_cur = pages * 4096 + 2 << 30
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    }

    private static func octets(hexadecimal text: String) throws -> [UInt8] {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { throw Violation("the input is not hexadecimal") }
        return try stride(from: 0, to: digits.count, by: 2).map { index in
            let pair = String(decoding: digits[index..<(index + 2)], as: UTF8.self)
            guard let octet = UInt8(pair, radix: 16) else { throw Violation("the input is not hexadecimal") }
            return octet
        }
    }

    // MARK: In the process that looks on

    /// What went wrong, with the input and how to have it again; nil where nothing did.
    package func verdict() -> String? {
        guard let recorder = try? FlightRecorder(path: path) else { return "nothing was run" }
        defer { recorder.close() }
        if recorder.state == .done {
            if Asked.minutes != nil || Asked.input != nil { print(recorder.words) }
            return nil
        }
        guard recorder.state != .starting else { return "it ended before the first input" }
        let input = recorder.input.map { String(format: "%02x", $0) }.joined()
        let happened = recorder.words.isEmpty ? "the process died" : recorder.words
        return """
            \(recorder.subject), \(recorder.input.count) octets: \(happened)
            Replay: tools/fuzz --subject '\(recorder.subject)' --input \(input)
            """
    }
}
