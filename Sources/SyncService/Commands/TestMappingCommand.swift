import Cache
import Configuration
import Mapping
import SyncModel

/// `syncline test-mapping ENTRY`: both entries of one person, each rule, its result, and what would be written; writes nothing.
package struct TestMappingCommand {
    private let configurationPath: String
    private let json: Bool
    private let entry: String

    package init(configurationPath: String, json: Bool, entry: String) {
        self.configurationPath = configurationPath
        self.json = json
        self.entry = entry
    }

    /// 0: equal; 1: something would be written, or stands in the way; 2: not found, or it could not be told.
    package func run() async -> Int32 {
        guard let configuration = CommandOutput.configuration(at: configurationPath) else {
            return CommandOutput.untold
        }
        do {
            let report = try await TestMappingCommand.report(configuration, entry: entry)
            if json { CommandOutput.json(report) } else { CommandOutput.text(report.text) }
            return report.isEqual ? 0 : 1
        } catch {
            return CommandOutput.fail("\(error)")
        }
    }

    static func report(_ configuration: Configuration, entry: String) async throws
        -> MappingTestReport
    {
        let wiring = try Wiring(configuration)
        let cache = try openCache(configuration)
        defer { try? cache?.close() }
        let ad = try await LiveDirectory.connect(.ad, wiring)
        defer { ad.close() }
        let miniorange = try await LiveDirectory.connect(.miniorange, wiring)
        defer { miniorange.close() }
        let directories = PerSide(ad: ad, miniorange: miniorange)
        let finder = LivePairFinder(wiring: wiring, directories: directories, cache: cache)
        let live = try await finder.find(entry)
        var references = LiveReferences(cache: cache)
        var attributes = PerSide<Attributes?>(both: nil)
        for side in Side.allCases {
            guard let entry = live.entries[side] else { continue }
            attributes[side] = try await references.resolved(entry, side, live.mapping, finder)
        }
        let trial = MappingTrial(
            live: live,
            references: references,
            attributes: attributes,
            basePlace: try basePlace(of: live, cache),
            containers: try await containers(of: live, directories)
        )
        var report = try trial.report()
        if let pair = live.pair {
            report.memberships = try cache?.read { transaction in
                try MembershipTrial(wiring: wiring, transaction: transaction, pair: pair).report()
            }
        }
        return report
    }

    /// Where each side's entry would stand on the other side, as that side spells it.
    private static func containers(
        of live: LivePair,
        _ directories: PerSide<LiveDirectory>
    ) async throws -> PerSide<DistinguishedName?> {
        var containers = PerSide<DistinguishedName?>(both: nil)
        let scopes = live.mapping.specification.scopes
        for side in Side.allCases {
            let other = side.opposite
            guard let below = live.entries[other]?.name.parent?.relative(to: scopes[other].base) else { continue }
            let name = DistinguishedName(below + scopes[side].base.rdns)
            containers[side] = try await directories[side].entry(name)?.name
        }
        return containers
    }

    /// Nil where there is none yet. One that can't be read is an error: without its base the result would be another.
    private static func openCache(_ configuration: Configuration) throws -> Cache? {
        do {
            return try Cache.open(at: configuration.cachePath, mode: .readOnly, key: configuration.cacheKey)
        } catch let error as CacheError where error.kind == .missing {
            return nil
        }
    }

    /// Where both sides had the entry when they last agreed: where the cache's replicas stand, if that is the same.
    private static func basePlace(of live: LivePair, _ cache: Cache?) throws -> Octets? {
        guard let pair = live.pair, let cache else { return nil }
        return try cache.read { transaction in
            let places = try Side.allCases.compactMap { side -> Octets? in
                guard let anchor = pair.anchors[side],
                    let text = try EntryNaming(transaction).name(of: anchor, side),
                    let name = try? DistinguishedName(parsing: text)
                else { return nil }
                // The name ends with the base's own RDN; what is between it and the entry's is the place.
                let base = live.mapping.specification.scopes[side].base
                let below = DistinguishedName(Array(name.rdns.dropLast()) + base.rdns)
                return PlaceText.of(below, below: base)
            }
            return places.count == 2 && places[0] == places[1] ? places[0] : nil
        }
    }
}
