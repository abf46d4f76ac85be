package import LMDB

/// How a cache is opened.
package struct CacheOptions: Sendable {
    /// What a power cut may undo. Whole transactions at most, whichever is chosen.
    package var durability: EnvironmentOptions.Durability
    /// Octets of address space at first. It doubles when it is full.
    package var initialMapOctets: Int
    /// Octets beyond which the cache does not grow.
    package var maximumMapOctets: Int

    package init(
        durability: EnvironmentOptions.Durability = .everyCommit,
        initialMapOctets: Int = 64 << 20,
        maximumMapOctets: Int = 1 << 42
    ) {
        self.durability = durability
        self.initialMapOctets = initialMapOctets
        self.maximumMapOctets = maximumMapOctets
    }
}
