internal import SyncModel
internal import Synchronization

/// Whether the access log can be asked. One that refuses is left alone for a while: rights may be granted, an index may be made.
final class LogAccess: Sendable {
    static let pause = Duration.seconds(60)

    let base: DistinguishedName
    private let closedUntil = Mutex<ContinuousClock.Instant?>(nil)

    init(base: DistinguishedName) {
        self.base = base
    }

    var isOpen: Bool {
        closedUntil.withLock { until in until.map { ContinuousClock.now >= $0 } ?? true }
    }

    func wasRefused() {
        closedUntil.withLock { $0 = .now + Self.pause }
    }
}
