/// How an environment is opened.
package struct EnvironmentOptions: Sendable {
    package enum Durability: Sendable {
        /// A commit that returned survives a power cut.
        case everyCommit
        /// A power cut may undo the last commit, never more and never half of one. One flush less for each commit.
        case allButTheLast
    }

    package enum Access: Sendable {
        /// The only writer; refused while another one has the directory open.
        case exclusiveWriter
        case readOnly
    }

    package var access: Access
    package var durability: Durability
    /// Number of named tables that may be opened.
    package var maximumTables: Int
    /// Octets of address space at first; doubled whenever a transaction does not fit.
    package var initialMapOctets: Int
    /// Octets beyond which the map does not grow: then writes throw `mapFull`.
    package var maximumMapOctets: Int
    /// Reading transactions at one time, of all processes together.
    package var maximumReaders: Int

    package init(
        access: Access = .exclusiveWriter,
        durability: Durability = .everyCommit,
        maximumTables: Int = 64,
        initialMapOctets: Int = 64 << 20,
        maximumMapOctets: Int = 1 << 42,
        maximumReaders: Int = 512
    ) {
        self.access = access
        self.durability = durability
        self.maximumTables = maximumTables
        self.initialMapOctets = initialMapOctets
        self.maximumMapOctets = maximumMapOctets
        self.maximumReaders = maximumReaders
    }
}
