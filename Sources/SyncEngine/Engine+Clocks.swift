import SyncModel

/// What is known of the servers' clocks.
extension Engine {
    /// A write of ours bears the server's time: between when it was sent and when its answer came.
    mutating func readClock(
        _ intent: Intent,
        _ snapshot: EntrySnapshot,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        // A write that found nothing left to do bears the time of an earlier one, and our own clock may have been set meanwhile.
        guard case .csn(let number) = snapshot.version, intent.since <= now else { return }
        switch intent.write.operation {
        case .add: break
        case .modify(_, _, let planned, _), .rename(_, _, let planned, _): if planned == snapshot.version { return }
        default: return
        }
        let shown = Timestamp(milliseconds: number.microseconds / 1000)
        let side = intent.write.side
        var clock = clocks[side]
        clock?.narrow(shown: shown, granularity: 1, sent: intent.since, received: now)
        try note(
            clock ?? ClockEstimate(shown: shown, granularity: 1, sent: intent.since, received: now),
            side,
            store
        )
    }

    /// Takes in a clock, and keeps it for after a restart where it differs enough: a server that is seldom written to is not measured again for long.
    mutating func note(_ clock: ClockEstimate, _ side: Side, _ store: any StoreTransaction) throws {
        clocks[side] = clock
        if let kept = keptClocks[side], abs(kept.earliest - clock.earliest) < Engine.noticeable,
            abs(kept.latest - clock.latest) < Engine.noticeable,
            clock.measured.milliseconds - kept.measured.milliseconds < Engine.keptAnew
        {
            return
        }
        keptClocks[side] = clock
        let parts = [clock.earliest, clock.latest, clock.measured.milliseconds]
        let octets = parts.flatMap { UInt64(bitPattern: $0).bigEndianOctets }
        try store.setFact(Engine.clockFact(side), Octets(octets))
    }

    mutating func recallClocks(_ store: any StoreTransaction) throws {
        for side in Side.allCases {
            guard let octets = try store.fact(Engine.clockFact(side))?.bytes, octets.count == 24 else { continue }
            let parts = [0, 8, 16].compactMap { UInt64(bigEndianOctets: Array(octets[$0..<$0 + 8])) }
                .map { Int64(bitPattern: $0) }
            guard parts.count == 3, parts[0] <= parts[1] else { continue }
            clocks[side] = ClockEstimate(
                earliest: parts[0],
                latest: parts[1],
                measured: Timestamp(milliseconds: parts[2])
            )
            keptClocks[side] = clocks[side]
        }
    }

    private static func clockFact(_ side: Side) -> String { "clock.\(side.name)" }
    /// Milliseconds.
    private static let noticeable: Int64 = 50
    private static let keptAnew: Int64 = 3_600_000
}
