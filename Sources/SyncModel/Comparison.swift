/// A full compare of both live directories with the cache: how far it has come, and what it has found.
package struct Comparison: Hashable, Sendable {
    /// What was found at one side.
    package struct Counts: Hashable, Sendable {
        /// Entries that its server showed.
        package var read = 0
        /// Entries of which the cache held something else, and of which the feed told nothing meanwhile either.
        package var drifted = 0
        /// Entries that the cache held and that are proven to be gone, though the feed told nothing of it.
        package var deleted = 0
        /// Values that stand for a membership.
        package var memberships = 0
        /// Memberships of which the cache held something else.
        package var driftedMemberships = 0
        /// All of the side was read.
        package var isRead = false

        package init() {}

        package var equal: Int { max(0, read - drifted) }
    }

    package var began: Timestamp
    /// Nil while it goes on, and where the process ended within it.
    package var ended: Timestamp?
    package var sides = PerSide<Counts>(both: Counts())
    /// Pairs that were looked at.
    package var pairs = 0
    /// Pairs of which both replicas were right, and that called for a write nevertheless.
    package var driftedPairs = 0
    /// Of everything that had drifted, what was in agreement at the end.
    package var repaired = 0
    /// All pairs were looked at.
    package var isWalked = false

    package init(began: Timestamp) { self.began = began }

    /// Everything that was not as it should be.
    package var drift: Int {
        Side.allCases.reduce(driftedPairs) {
            $0 + sides[$1].drifted + sides[$1].deleted + sides[$1].driftedMemberships
        }
    }
}

/// The form in which it is kept: 8 octets a number, in a fixed order. Other lengths are another version's, and not understood.
extension Comparison {
    private static let numbers = 3 + 2 * 6 + 4

    package var octets: Octets {
        var numbers: [Int64] = [1, began.milliseconds, ended?.milliseconds ?? .min]
        for side in Side.allCases {
            let counts = sides[side]
            numbers += [counts.read, counts.drifted, counts.deleted, counts.memberships, counts.driftedMemberships]
                .map(Int64.init)
            numbers.append(counts.isRead ? 1 : 0)
        }
        numbers += [Int64(pairs), Int64(driftedPairs), Int64(repaired), isWalked ? 1 : 0]
        return Octets(numbers.flatMap { UInt64(bitPattern: $0).bigEndianOctets })
    }

    package init?(_ octets: Octets) {
        let bytes = octets.bytes
        guard bytes.count == Self.numbers * 8 else { return nil }
        var numbers = stride(from: 0, to: bytes.count, by: 8)
            .compactMap { UInt64(bigEndianOctets: Array(bytes[$0..<$0 + 8])) }
            .map { Int64(bitPattern: $0) }[...]
        guard numbers.count == Self.numbers, numbers.popFirst() == 1 else { return nil }
        func next() -> Int64 { numbers.popFirst() ?? 0 }
        began = Timestamp(milliseconds: next())
        let end = next()
        ended = end == .min ? nil : Timestamp(milliseconds: end)
        for side in Side.allCases {
            var counts = Counts()
            counts.read = Int(next())
            counts.drifted = Int(next())
            counts.deleted = Int(next())
            counts.memberships = Int(next())
            counts.driftedMemberships = Int(next())
            counts.isRead = next() == 1
            sides[side] = counts
        }
        pairs = Int(next())
        driftedPairs = Int(next())
        repaired = Int(next())
        isWalked = next() == 1
    }
}
