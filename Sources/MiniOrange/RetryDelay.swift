internal import LDAPClient

/// The wait before the next attempt: from 0.2 s, doubled each time up to 2 s, a quarter of it by chance so that many clients don't come at once.
/// It stays short, since whatever changed meanwhile waits as long after the server is back.
package struct RetryDelay: Sendable {
    package static let first = 200
    package static let last = 2_000
    static let afterRefusedBind = Int(RefusalPause.length.components.seconds) * 1_000
    private var milliseconds = RetryDelay.first

    package init() {}

    /// Milliseconds to wait now.
    package mutating func next() -> Int {
        defer { milliseconds = min(milliseconds * 2, Self.last) }
        return milliseconds - Int.random(in: 0...(milliseconds / 4))
    }

    package mutating func reset() { milliseconds = Self.first }
}
