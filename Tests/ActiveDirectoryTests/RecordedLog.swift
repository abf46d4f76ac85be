import Logging

/// Keeps what is logged: the level, the words, and the metadata's.
struct RecordedLog: LogHandler {
    struct Line: Sendable {
        let level: Logger.Level
        let words: String
    }

    let lines: Collected<Line>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.add(Line(level: event.level, words: "\(event.message) \(event.metadata ?? [:])"))
    }

    static func logger(_ lines: Collected<Line>) -> Logger {
        Logger(label: "tests", factory: { _ in RecordedLog(lines: lines) })
    }
}
