import LMDB
import SyncModel
import Testing

@testable import Cache

/// The integrity check of memberships and of the index of history.
@Suite struct VerifyLinksTests {
    private static let link = LinkID(side: .ad, group: .number(1), member: .number(2))
    private static let long = Octets(String(repeating: "x", count: 600))

    enum Plant: CaseIterable, Sendable {
        case linkGone, linkUnreadable, linkOfUnknownServer, linkOfNoSide, backlinkGone, backlinkTooShort
        case parkedLinkGone, parkedLinkUnreadable, parkedLinkOfOtherName, parkedLinkTooShort
        case heldNameGone, heldNameUnreadable, heldNameOfOtherName, heldNameTooShort
        case pendingOfNone, pendingTooShort, refusedOfNone, refusedUnreadable
        case historyGone, historyIndexGone, historyIndexOfMemberGone, historyIndexOfOther, historyIndexTooShort

        /// Changes tables behind the cache's back.
        func plant(_ tables: CacheTables, _ transaction: WriteTransaction) throws {
            let key = CacheKey()
            let link = [UInt8](key.link(.ad, .number(1), .number(2)))
            let backlink = [UInt8](key.link(.ad, .number(2), .number(1)))
            let ofNone = [UInt8](key.link(VerifyLinksTests.link, of: PairID(77)))
            let time = Timestamp(milliseconds: 5)
            func put(_ table: SealedTable, _ key: [UInt8], _ value: [UInt8]) throws {
                try table.put(key, value, in: transaction)
            }
            func parked(_ name: Octets) -> [UInt8] { [UInt8](key.parkedLink(.ad, name: name, holder: .number(1))) }
            func held(_ name: Octets) -> [UInt8] { [UInt8](key.name(.ad, parent: .number(1), rdn: name)) }
            func index(_ pair: UInt64) -> [UInt8] { [UInt8](key.history(of: PairID(pair), time, sequence: 1)) }
            switch self {
            case .linkGone: try tables.links.delete(link, in: transaction)
            case .linkUnreadable: try put(tables.links, link, [1, 0xFF])
            case .linkOfUnknownServer: try put(tables.links, link, [1, 1 | 1 << 5, 7, 200, 1])
            case .linkOfNoSide: try put(tables.links, [9] + link[1...], [1, 0])
            case .backlinkGone: try tables.backlinks.delete(backlink, in: transaction)
            case .backlinkTooShort: try put(tables.backlinks, Array(backlink[..<20]), [])
            case .parkedLinkGone: try tables.parkedLinks.delete(parked("anna"), in: transaction)
            case .parkedLinkUnreadable: try put(tables.parkedLinks, parked(long), [1, 9])
            case .parkedLinkOfOtherName: try put(tables.parkedLinks, parked(long), [1, 1, 1, 0x61])
            case .parkedLinkTooShort: try put(tables.parkedLinks, [0, 0, 1], [])
            case .heldNameGone: try tables.heldNames.delete(held(long), in: transaction)
            case .heldNameUnreadable: try put(tables.heldNames, held(long), [])
            case .heldNameOfOtherName: try put(tables.heldNames, held("berta"), [])
            case .heldNameTooShort: try put(tables.heldNames, [0, 1], [])
            case .pendingOfNone: try put(tables.pendingLinks, ofNone, [])
            case .pendingTooShort: try put(tables.pendingLinks, Array(ofNone[..<40]), [])
            case .refusedOfNone:
                let writer = RecordWriter()
                RefusedLinkCodec.encode(NounGenerator.sampleRefusedLink, into: writer)
                try put(tables.refusedLinks, ofNone, [UInt8](writer.octets))
            case .refusedUnreadable:
                try put(tables.refusedLinks, [UInt8](key.link(VerifyLinksTests.link, of: PairID(1))), [1])
            case .historyGone:
                try tables.history.delete(key.history(time, sequence: 1, pair: PairID(1)), in: transaction)
            case .historyIndexGone: try tables.historyOf.delete(index(1), in: transaction)
            case .historyIndexOfMemberGone: try tables.historyOf.delete(index(3), in: transaction)
            case .historyIndexOfOther: try put(tables.historyOf, index(4), [])
            case .historyIndexTooShort: try put(tables.historyOf, Array(index(1)[..<16]), [])
            }
        }

        private var long: Octets { VerifyLinksTests.long }

        var finding: (table: CacheTable, problem: CacheFinding.Problem) {
            switch self {
            case .linkGone: (.backlinks, .linkMissing)
            case .linkUnreadable, .linkOfUnknownServer, .linkOfNoSide: (.links, .unreadable)
            case .backlinkGone: (.links, .backlinkMissing)
            case .backlinkTooShort: (.backlinks, .unreadable)
            case .parkedLinkGone: (.heldNames, .parkedLinkMissing)
            case .parkedLinkUnreadable, .parkedLinkOfOtherName, .parkedLinkTooShort: (.parkedLinks, .unreadable)
            case .heldNameGone: (.parkedLinks, .heldNameMissing)
            case .heldNameUnreadable, .heldNameTooShort: (.heldNames, .unreadable)
            case .heldNameOfOtherName: (.heldNames, .parkedLinkMissing)
            case .pendingOfNone: (.pendingLinks, .pairMissing)
            case .pendingTooShort: (.pendingLinks, .unreadable)
            case .refusedOfNone: (.refusedLinks, .pairMissing)
            case .refusedUnreadable: (.refusedLinks, .unreadable)
            case .historyGone, .historyIndexOfOther: (.historyOf, .historyIndexWrong)
            case .historyIndexGone, .historyIndexOfMemberGone: (.history, .historyIndexMissing)
            case .historyIndexTooShort: (.historyOf, .unreadable)
            }
        }
    }

    private func sound(_ directory: TemporaryCache) throws -> Cache {
        let cache = try directory.open()
        try cache.write { transaction throws in
            var pair = Pair(id: try transaction.makePairID(), object: nil, kind: .group)
            pair.anchors.ad = .number(1)
            try transaction.put(pair, replacing: nil)
            let version = Version.usn(7, invocationID: .number(50))
            try transaction.put(Link(sources: .group, version: version), for: Self.link)
            for name in ["anna", Self.long] { try transaction.parkLink(.ad, name: name, holder: .number(1)) }
            try transaction.pend(Self.link, of: pair.id)
            try transaction.put(NounGenerator.sampleRefusedLink, for: Self.link, of: pair.id)
            try transaction.append(
                HistoryRecord(
                    pair: pair.id,
                    time: Timestamp(milliseconds: 5),
                    event: .membersChanged,
                    side: .ad,
                    cause: .membership,
                    attributes: [],
                    members: [2, 3].map { HistoryRecord.MemberChange(member: PairID($0), isPresent: true) }
                )
            )
        }
        return cache
    }

    @Test func aSoundCacheHasNoFindings() throws {
        let directory = try TemporaryCache()
        #expect(try sound(directory).verify() == [])
    }

    @Test(arguments: Plant.allCases)
    func whatWasPlantedIsFound(plant: Plant) throws {
        let directory = try TemporaryCache()
        let cache = try sound(directory)
        try cache.environment.write { try plant.plant(cache.tables, $0) }
        let found = try cache.verify()
        #expect(found.contains { $0.table == plant.finding.table && $0.problem == plant.finding.problem })
    }

    @Test func aDamagedRowIsAnErrorWithoutItsContents() throws {
        let directory = try TemporaryCache()
        let cache = try sound(directory)
        for plant in [Plant.linkUnreadable, .parkedLinkUnreadable, .heldNameUnreadable, .refusedUnreadable] {
            try cache.environment.write { try plant.plant(cache.tables, $0) }
        }
        try cache.write { transaction throws in
            func isDamaged(_ table: CacheTable, _ body: () throws -> Void) {
                let error = #expect(throws: CacheError.self) { try body() }
                guard case .damaged(table, _, _) = error?.kind else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(error?.description.contains("xxx") == false)
            }
            isDamaged(.links) { _ = try transaction.link(Self.link) }
            isDamaged(.links) { try transaction.forEachLink(.ad, ofGroup: .number(1), after: nil) { _, _ in true } }
            isDamaged(.parkedLinks) { _ = try transaction.takeParkedLinks(.ad, name: Self.long) }
            isDamaged(.heldNames) { _ = try transaction.parkedLinks(.ad, holder: .number(1)) }
            isDamaged(.refusedLinks) { _ = try transaction.refusedLinks(of: PairID(1), limit: 9) }
        }
    }

    /// Nobody has found two such names; whoever does must not turn one entry's member into another's.
    @Test func namesThatShareADigestAreKeptApart() throws {
        let directory = try TemporaryCache()
        let cache = try sound(directory)
        let other = Octets("the other name")
        let writer = RecordWriter()
        writer.begin()
        writer.append([other, Self.long])
        let key = CacheKey()
        try cache.environment.write {
            let value = [UInt8](writer.octets)
            try cache.tables.parkedLinks.put(
                [UInt8](key.parkedLink(.ad, name: Self.long, holder: .number(1))),
                value,
                in: $0
            )
            try cache.tables.heldNames.put([UInt8](key.name(.ad, parent: .number(1), rdn: Self.long)), value, in: $0)
        }
        try cache.write { transaction throws in
            #expect(try transaction.parkedLinks(.ad, holder: .number(1)) == ["anna", other, Self.long])
            #expect(try transaction.takeParkedLinks(.ad, name: Self.long) == [.number(1)])
            #expect(try transaction.takeParkedLinks(.ad, name: Self.long) == [])
            #expect(try transaction.parkedLinks(.ad, holder: .number(1)) == ["anna", other])
            try transaction.parkLink(.ad, name: Self.long, holder: .number(1))
            #expect(try transaction.parkedLinks(.ad, holder: .number(1)) == ["anna", other, Self.long])
        }
    }
}

extension NounGenerator {
    fileprivate static var sampleRefusedLink: RefusedLink {
        var generator = NounGenerator(seed: 3)
        return generator.refusedLink()
    }
}
