/// When a connection has been silent for too long. Time is handed in.
struct ConnectionDeadline: Sendable {
    typealias Instant = ContinuousClock.Instant

    private let limits: GatewaySettings.Limits
    private let begin: Instant
    private var isSecure = false
    private var lastRequest: Instant
    private var partSince: Instant?
    private var isBusy = false

    init(_ limits: GatewaySettings.Limits, now: Instant) {
        self.limits = limits
        begin = now
        lastRequest = now
    }

    /// The TLS handshake is done.
    mutating func secured(at now: Instant) {
        isSecure = true
        lastRequest = now
    }

    /// Octets have come in: `hasPart` where they end within a request.
    mutating func received(hasPart: Bool, isBusy: Bool, at now: Instant) {
        partSince = hasPart ? partSince ?? now : nil
        noted(isBusy: isBusy, at: now)
    }

    mutating func noted(isBusy: Bool, at now: Instant) {
        self.isBusy = isBusy
        lastRequest = now
    }

    /// Nil as long as the gateway itself is what is waited for.
    var instant: Instant? {
        // Whatever is said in the clear, TLS has to come soon.
        guard isSecure else { return begin + limits.handshake }
        if isBusy { return nil }
        if let partSince { return partSince + limits.message }
        return lastRequest + limits.idle
    }
}
