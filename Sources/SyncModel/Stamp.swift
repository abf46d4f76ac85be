/// When, where and by whom a value was set, and how well that is known.
package struct Stamp: Hashable, Sendable {
    /// Where a stamp was found, from the most to the least telling.
    package enum Source: UInt8, Hashable, Sendable, CaseIterable {
        /// Told of this very value of a membership: msDS-ReplValueMetaData.
        case value = 0
        /// Told of the attribute: replPropertyMetaData, msDS-ReplAttributeMetaData ([MS-ADTS] 3.1.1.2.3).
        case attribute = 1
        /// The server's log of writes has the one that set it.
        case log = 2
        /// We saw it come between two versions of the entry, and the later one has this time.
        case observed = 3
        /// Only the entry's last change is known: entryCSN, modifyTimestamp, whenChanged. The attribute was set then or before.
        case entry = 4
    }

    /// By the server's own clock.
    package var time: Timestamp
    /// Milliseconds that the time was rounded down by at most: it was set at `time` or less than this later.
    package var granularity: Int64
    package var source: Source
    /// The server where it was set: an invocationId, or the server id of a CSN.
    package var server: String?
    /// The name by which the server knows who set it.
    package var author: String?
    /// How often the attribute was set so far, where the server counts.
    package var version: UInt32?
    /// Set by Syncline.
    package var isOurs: Bool

    package init(
        time: Timestamp,
        granularity: Int64,
        source: Source,
        server: String? = nil,
        author: String? = nil,
        version: UInt32? = nil,
        isOurs: Bool = false
    ) {
        self.time = time
        self.granularity = granularity
        self.source = source
        self.server = server
        self.author = author
        self.version = version
        self.isOurs = isOurs
    }
}

/// The stamp of one attribute of an entry, by the side's lower-cased name. `entryName` stands for the entry's name and place.
package struct AttributeStamp: Hashable, Sendable {
    /// The RDN and the container: one thing for a server, since one modDN sets both.
    package static let entryName = "@name"

    package var attribute: String
    package var stamp: Stamp

    package init(attribute: String, stamp: Stamp) {
        self.attribute = attribute
        self.stamp = stamp
    }
}
