internal import LDAPClient
internal import SyncModel

/// Understands what an entry tells of when, where and how often its attributes were set: pure.
struct StampReading {
    /// Attributes by which a server tells of stamps. They are no part of an entry's state.
    static let replicationMetadata = "replPropertyMetaData"
    static let attributeFragments = "msDS-ReplAttributeMetaData"
    static let valueFragments = "msDS-ReplValueMetaData"
    static let changed = "whenChanged"

    /// Times are in whole seconds.
    private static let granularity: Int64 = 1000

    private let words: ServerDictionary.Words
    private let metadata: ReplicationMetadata?
    /// By attribute.
    private let fragments: [String: MetadataFragment]
    /// The last one of each link.
    private let lastValues: [String: MetadataFragment]
    private let changed: Timestamp?

    init(_ entry: LDAPEntry, words: ServerDictionary.Words) {
        self.words = words
        // What can't be understood is as good as not told.
        metadata = entry.first(Self.replicationMetadata).flatMap { try? ReplicationMetadata(decoding: $0) }
        let attributes = (entry[Self.attributeFragments] ?? []).compactMap(MetadataFragment.init(parsing:))
        fragments = Dictionary(attributes.map { ($0.attribute, $0) }, uniquingKeysWith: Self.later)
        // Of some values, as in a large group, it can't be told which came last.
        let told = entry[Self.valueFragments] ?? []
        let values = told.compactMap(MetadataFragment.init(parsing:))
        lastValues =
            values.count == told.count
            ? Dictionary(values.map { ($0.attribute, $0) }, uniquingKeysWith: Self.later) : [:]
        let time = entry.first(Self.changed).flatMap(GeneralizedTime.init(parsing:))
        changed = time.map { Timestamp(milliseconds: $0.seconds * 1000) }
    }

    /// Whether replPropertyMetaData was told.
    var hasMetadata: Bool { metadata != nil }

    /// Those of which nothing can be told, not even when the entry was last changed, are left out.
    func stamps(of attributes: [String]) -> [AttributeStamp] {
        attributes.compactMap { name in stamp(of: name).map { AttributeStamp(attribute: name, stamp: $0) } }
    }

    private func stamp(of name: String) -> Stamp? {
        if name == AttributeStamp.entryName {
            return metadata?[.name].map(stamp) ?? fragments["name"].map { stamp($0, .attribute) } ?? entryStamp
        }
        let attribute = words.attributes[name] ?? .unknown
        let record = attribute.number.flatMap { metadata?[$0] }.map(stamp)
        let fragment = fragments[name].map { stamp($0, .attribute) }
        let own = record ?? fragment
        // A link of a forest of before 2003 may have both.
        if let value = lastValues[name].map({ stamp($0, .value) }), value.time >= own?.time ?? value.time {
            return value
        }
        return own ?? creationStamp(attribute) ?? entryStamp
    }

    /// A removed attribute keeps its record, so one without has been as it is since the entry was made.
    private func creationStamp(_ attribute: ServerDictionary.Attribute) -> Stamp? {
        guard attribute.number != nil, attribute.isReplicated, !attribute.isLink else { return nil }
        var stamp = metadata?[.whenCreated].map(stamp)
        stamp?.version = 0
        return stamp
    }

    /// It was set then or before, and nobody says where.
    private var entryStamp: Stamp? {
        changed.map { Stamp(time: $0, granularity: Self.granularity, source: .entry) }
    }

    private func stamp(_ record: ReplicationMetadata.Record) -> Stamp {
        Stamp(
            time: record.time,
            granularity: Self.granularity,
            source: .attribute,
            server: server(record.invocationID),
            version: record.version
        )
    }

    private func stamp(_ fragment: MetadataFragment, _ source: Stamp.Source) -> Stamp {
        Stamp(
            time: fragment.time,
            granularity: Self.granularity,
            source: source,
            server: server(fragment.invocationID),
            version: fragment.version
        )
    }

    /// One that has left the forest, or was restored since, has no name any more.
    private func server(_ invocationID: Anchor) -> String {
        words.servers[invocationID] ?? invocationID.text(on: .ad)
    }

    private static func later(_ one: MetadataFragment, _ other: MetadataFragment) -> MetadataFragment {
        (one.time, one.version) < (other.time, other.version) ? other : one
    }
}
