package import CoreMetrics
import Synchronization

/// Keeps what swift-metrics records and renders it in Prometheus' text format.
package final class PrometheusFactory: MetricsFactory {
    private struct Key: Hashable {
        var label: String
        var dimensions: [String]
    }
    private let counters = Mutex<[Key: PrometheusCounter]>([:])
    private let recorders = Mutex<[Key: PrometheusRecorder]>([:])
    private let timers = Mutex<[Key: PrometheusTimer]>([:])

    package init() {}

    private func key(_ label: String, _ dimensions: [(String, String)]) -> Key {
        Key(label: label, dimensions: dimensions.map { "\($0.0)=\"\(Self.escaped($0.1))\"" })
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
        return text
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let key = key(label, dimensions)
        return counters.withLock { counters in
            if let known = counters[key] { return known }
            let counter = PrometheusCounter()
            counters[key] = counter
            return counter
        }
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        let key = key(label, dimensions)
        return recorders.withLock { recorders in
            if let known = recorders[key] { return known }
            let recorder = PrometheusRecorder()
            recorders[key] = recorder
            return recorder
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let key = key(label, dimensions)
        return timers.withLock { timers in
            if let known = timers[key] { return known }
            let timer = PrometheusTimer()
            timers[key] = timer
            return timer
        }
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// Everything recorded so far, sorted, in the text exposition format 0.0.4.
    package func render() -> String {
        var families: [String: (type: String, lines: [String])] = [:]
        func add(_ label: String, _ type: String, _ line: String) {
            families[label, default: (type, [])].lines.append(line)
        }
        func labelled(_ key: Key, _ suffix: String = "", extra: [String] = []) -> String {
            let dimensions = key.dimensions + extra
            return key.label + suffix + (dimensions.isEmpty ? "" : "{\(dimensions.joined(separator: ","))}")
        }
        for (key, counter) in counters.withLock({ $0 }) {
            add(key.label, "counter", "\(labelled(key)) \(counter.value)")
        }
        for (key, recorder) in recorders.withLock({ $0 }) {
            add(key.label, "gauge", "\(labelled(key)) \(recorder.value)")
        }
        for (key, timer) in timers.withLock({ $0 }) {
            let state = timer.state
            for (position, limit) in PrometheusTimer.limits.enumerated() {
                add(
                    key.label,
                    "histogram",
                    "\(labelled(key, "_bucket", extra: ["le=\"\(limit)\""])) \(state.buckets[position])"
                )
            }
            add(key.label, "histogram", "\(labelled(key, "_bucket", extra: ["le=\"+Inf\""])) \(state.count)")
            add(key.label, "histogram", "\(labelled(key, "_sum")) \(state.sum)")
            add(key.label, "histogram", "\(labelled(key, "_count")) \(state.count)")
        }
        var text = ""
        for (label, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# TYPE \(label) \(family.type)\n"
            // Buckets are in ascending order already; sorting is by series, not by bucket.
            text +=
                family.type == "histogram"
                ? family.lines.joined(separator: "\n") : family.lines.sorted().joined(separator: "\n")
            text += "\n"
        }
        return text
    }
}

final class PrometheusCounter: CounterHandler {
    private let total = Mutex<Int64>(0)
    var value: Int64 { total.withLock { $0 } }
    func increment(by amount: Int64) { total.withLock { $0 &+= amount } }
    func reset() { total.withLock { $0 = 0 } }
}

final class PrometheusRecorder: RecorderHandler {
    private let last = Mutex<Double>(0)
    var value: Double { last.withLock { $0 } }
    func record(_ value: Int64) { last.withLock { $0 = Double(value) } }
    func record(_ value: Double) { last.withLock { $0 = value } }
}

final class PrometheusTimer: TimerHandler {
    struct State {
        var buckets = [Int64](repeating: 0, count: PrometheusTimer.limits.count)
        var sum = 0.0
        var count: Int64 = 0
    }
    /// Seconds.
    static let limits = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private let recorded = Mutex(State())
    var state: State { recorded.withLock { $0 } }

    func recordNanoseconds(_ duration: Int64) {
        let seconds = Double(duration) / 1e9
        recorded.withLock { state in
            for (position, limit) in PrometheusTimer.limits.enumerated() where seconds <= limit {
                state.buckets[position] += 1
            }
            state.sum += seconds
            state.count += 1
        }
    }
}
