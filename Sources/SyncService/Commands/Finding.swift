import SyncModel

/// One thing that `syncline check` has looked at. `check --json` prints an array of these.
package struct Finding: Codable, Hashable, Sendable {
    package enum Level: String, Codable, Hashable, Sendable {
        case ok
        /// Syncline works, but less well, or something wants attention soon.
        case warning
        /// Syncline, or one of the configured rules, will not work.
        case error
    }

    package var level: Level
    /// `ad` or `miniorange`; absent where it concerns neither directory alone.
    package var side: String?
    /// What was looked at: `connection`, `certificate`, `clock`, `base`, `schema`, `rights`, …
    package var subject: String
    /// What was seen. Never a value of an entry, never a password.
    package var seen: String
    /// What to do about it; absent where there is nothing to do.
    package var remedy: String?

    init(_ level: Level, _ side: Side?, _ subject: String, _ seen: String, remedy: String? = nil) {
        self.level = level
        self.side = side?.name
        self.subject = subject
        self.seen = seen
        self.remedy = remedy
    }
}

/// Collects what is found out about one directory.
struct Findings {
    let side: Side?
    private(set) var all: [Finding] = []

    init(_ side: Side?) { self.side = side }

    mutating func ok(_ subject: String, _ seen: String) {
        all.append(Finding(.ok, side, subject, seen))
    }

    mutating func warning(_ subject: String, _ seen: String, remedy: String?) {
        all.append(Finding(.warning, side, subject, seen, remedy: remedy))
    }

    mutating func error(_ subject: String, _ seen: String, remedy: String?) {
        all.append(Finding(.error, side, subject, seen, remedy: remedy))
    }

    mutating func append(_ findings: [Finding]) { all += findings }
}
