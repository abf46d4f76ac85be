import Support

/// What befalls one connection: after so many octets in one direction, one fault. Drawn from a seed.
struct FaultPlan: Sendable {
    enum Fault: CaseIterable, Sendable {
        /// Everything comes, late.
        case delay
        /// The connection ends between two pieces, as when a process ends.
        case cut
        /// It ends in the middle of a piece.
        case truncate
        /// Nothing comes any more in one direction, for seconds; then the connection is reset.
        case stall
        /// It is reset.
        case reset
    }

    enum Direction: CaseIterable, Sendable { case toServer, toClient }

    let fault: Fault
    let direction: Direction
    /// Octets that pass before it.
    let after: Int
    let milliseconds: Int

    init(_ random: inout SplitMix64) {
        fault = Fault.allCases[random.below(Fault.allCases.count)]
        direction = Direction.allCases[random.below(2)]
        // In the handshake, in the bind, in the first answers, much later.
        let scale = random.pick([500, 3_000, 10_000, 40_000, 200_000]) ?? 1
        after = random.below(scale)
        milliseconds = fault == .stall ? 1_000 + random.below(6_000) : 20 + random.below(400)
    }
}
