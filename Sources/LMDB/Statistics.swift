/// What one table holds. Pages are of `EnvironmentStatistics.pageOctets`.
package struct TableStatistics: Sendable, Equatable {
    package let entries: Int
    /// Levels of the B+ tree.
    package let depth: Int
    package let branchPages: Int
    package let leafPages: Int
    /// Pages of values that are too large for a leaf.
    package let overflowPages: Int

    package var pages: Int { branchPages + leafPages + overflowPages }
}

/// What an environment takes and may take.
package struct EnvironmentStatistics: Sendable, Equatable {
    package let pageOctets: Int
    package let mapOctets: Int
    /// Octets up to the last page ever used; free pages among them are used again before the file grows.
    package let usedOctets: Int
    package let lastTransaction: Int
    /// Reader slots taken, and how many there are.
    package let readers: Int
    package let maximumReaders: Int
}
