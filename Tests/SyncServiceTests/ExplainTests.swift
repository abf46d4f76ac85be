import Cache
import Foundation
import Reconcile
import SyncModel
import Testing

@testable import SyncService

/// What `syncline explain` tells, on a cache that was filled by hand.
struct ExplainTests {
    private func folder() throws -> InspectorFolder {
        let folder = try ConflictFolder.filled()
        try folder.change { transaction in
            let bert = try #require(try transaction.pair(PairID(2)))
            let ad = try #require(bert.anchors.ad)
            let miniorange = try #require(bert.anchors.miniorange)
            func put(_ side: Side, _ attribute: String, seconds: Int64, author: String?, isOurs: Bool = false) throws {
                let stamp = Stamp(
                    time: ConflictFolder.noon.advanced(byMilliseconds: seconds * 1_000),
                    granularity: 1_000,
                    source: .attribute,
                    server: side == .ad ? "dc1" : "001",
                    author: author,
                    isOurs: isOurs
                )
                let anchor = side == .ad ? ad : miniorange
                try transaction.put(AttributeStamp(attribute: attribute, stamp: stamp), side, anchor)
            }
            try put(.ad, "title", seconds: 60, author: "CN=HR")
            try put(.miniorange, "title", seconds: 0, author: nil, isOurs: true)
            try put(.ad, "sn", seconds: 0, author: nil, isOurs: true)
            try put(.miniorange, "sn", seconds: 0, author: "cn=hr,dc=syncline,dc=test")
            try transaction.setSettlement(
                Settlement(
                    conflict: ConflictID(12),
                    values: [],
                    seen: PerSide(ad: [], miniorange: []),
                    time: ConflictFolder.noon
                ),
                of: PairID(2),
                "manager"
            )
        }
        return folder
    }

    private func explain(
        _ folder: InspectorFolder,
        _ entry: String,
        _ attribute: String? = nil,
        _ member: String? = nil
    )
        async throws -> InspectorFolder.Answer
    {
        try await folder.finish {
            await ExplainCommand(folder.options, entry: entry, attribute: attribute, member: member).run($0)
        }
    }

    @Test(
        arguments: [
            (
                "title",
                [
                    "changed at ad since both agreed", "ad Chief", "set 2026-01-01T12:01:00Z by CN=HR at dc1",
                    "told of this very attribute, to 1 s", "miniorange Engineer", "by Syncline at 001",
                    "agreed Engineer",
                    "rule newest, then ad", "title <-> title (", "syncline.yaml:21)",
                    "to be looked at: changed at ad",
                    "1 2026-01-01T12:00:00Z title: ad stands",
                ]
            ),
            ("SN", ["in agreement; last set at miniorange, 2026-01-01T12:00:00Z by cn=hr,dc=syncline,dc=test"]),
            ("manager", ["a person decided conflict 12, and that is still to be written", "to stand no value"]),
            ("uid", ["sAMAccountName <-> uid", "in agreement; who set it last is not known"]),
            ("place", ["in agreement", "the object's base"]),
        ] as [(String, [String])]
    )
    func anAttributeIsExplained(_ row: (attribute: String, words: [String])) async throws {
        let answer = try await explain(try folder(), "bert", row.attribute)
        #expect(answer.code == 0, "\(answer.errors)")
        for words in row.words {
            #expect(answer.flat.contains(words), "\(words) in \(answer.output)")
        }
        #expect(answer.flat.contains("as the cache has them, since no daemon answers"))
    }

    @Test func withoutAnAttributeAllAreTold() async throws {
        let answer = try await explain(try folder(), "bert")
        #expect(answer.code == 0)
        for title in ["sAMAccountName", "sn", "title", "manager", "place"] {
            #expect(answer.lines.contains(title), "\(title) in \(answer.output)")
        }
        #expect(!answer.output.contains("thumbnailphoto"), "what has no value anywhere is left out")
        #expect(answer.output.contains("conflicts, the newest first"))
        #expect(answer.lines.allSatisfy { $0.count <= 80 || $0.split(separator: " ").count < 3 }, "\(answer.output)")
    }

    @Test(arguments: [
        ("telephoneNumber", "no rule of people carries telephoneNumber"),
        ("thumbnailPhoto", "thumbnailPhoto ("),
    ])
    func whatIsNotThereIsSaid(_ row: (attribute: String, words: String)) async throws {
        let answer = try await explain(try folder(), "bert", row.attribute)
        #expect(answer.code == 2)
        #expect(answer.errors.contains(row.words))
    }

    @Test(arguments: [
        ("anna", "a member on both sides, and both agreed on it"), ("bert", "added at ad since both agreed"),
        ("dora", "no member on either side"), ("carla", "the group or the member is not at miniorange"),
    ])
    func aMembershipIsExplained(_ row: (member: String, why: String)) async throws {
        let answer = try await explain(try folder(), "staff", "member", row.member)
        #expect(answer.code == 0, "\(answer.errors)")
        #expect(answer.flat.contains(row.why), "\(answer.output)")
        if row.member == "bert" {
            #expect(answer.flat.contains("5 2026-01-02T14:00:00Z member bert: miniorange stands"))
            #expect(answer.flat.contains("2026-01-01T12:00:00Z ad added (a membership changed)"))
        }
        let wrong = try await explain(try folder(), "bert", "member", "anna")
        #expect(wrong.code == 2)
        #expect(wrong.errors.contains("is no group whose members are synchronised"))
    }

    @Test func theKeysAreStable() async throws {
        let folder = try folder()
        let answer = try await folder.finish {
            await ExplainCommand(folder.jsonOptions, entry: "bert", attribute: "title").run($0)
        }
        let object = try answer.object()
        #expect(
            object.keys.sorted() == [
                "ad", "attributes", "conflicts", "entry", "history", "kind", "miniorange", "object", "pair", "presence",
                "stampsNote", "waiting",
            ]
        )
        let attribute = try #require((object["attributes"] as? [[String: Any]])?.first)
        #expect(
            attribute.keys.sorted() == [
                "ad", "base", "difference", "heldConflict", "lastWriter", "miniorange", "name", "rule", "settlement",
                "title", "why",
            ]
        )
        #expect((attribute["ad"] as? [String: Any])?.keys.sorted() == ["attribute", "stamp", "values"])
        #expect(
            (attribute["rule"] as? [String: Any])?.keys.sorted() == [
                "conflict", "direction", "origin", "perValue", "prefer",
            ]
        )
        #expect((attribute["lastWriter"] as? [String: Any])?["side"] as? String == "ad")
        let member = try await folder.finish {
            await ExplainCommand(folder.jsonOptions, entry: "staff", attribute: "member", member: "bert").run($0)
        }
        #expect(
            try member.object().keys.sorted() == [
                "ad", "agreed", "conflicts", "group", "groupPair", "history", "lastWriter", "member", "memberPair",
                "miniorange", "rule", "stampsNote", "why",
            ]
        )
        let side = try #require(try member.object()["ad"] as? [String: Any])
        #expect(side.keys.sorted() == ["attribute", "holder", "isMember", "pending", "refused", "stamp"])
    }

    @Test func withoutStampsTheLastWriteTells() async throws {
        let answer = try await explain(try folder(), "anna", "mail")
        #expect(
            answer.flat.contains("in agreement; last set at ad; Syncline wrote it to the other side"),
            "\(answer.output)"
        )
    }

    /// AD keeps no authors: that Syncline made the entry its own history tells.
    @Test func whatSynclineMadeIsNobodysIntent() async throws {
        let folder = try ConflictFolder.filled()
        try folder.change { transaction in
            let dora = try #require(try transaction.pair(PairID(4)))
            for (side, seconds) in [(Side.ad, Int64(3)), (.miniorange, -90)] {
                let stamp = Stamp(
                    time: ConflictFolder.noon.advanced(byMilliseconds: seconds * 1_000),
                    granularity: 1_000,
                    source: side == .ad ? .attribute : .log,
                    author: side == .ad ? nil : "cn=hr",
                    version: side == .ad ? 1 : nil
                )
                let anchor = try #require(dora.anchors[side])
                try transaction.put(AttributeStamp(attribute: "sn", stamp: stamp), side, anchor)
            }
            try transaction.append(
                HistoryRecord(
                    pair: dora.id,
                    time: ConflictFolder.noon.advanced(byMilliseconds: 3_900),
                    event: .added,
                    side: .ad,
                    cause: .changedAtMiniOrange,
                    attributes: ["sn"]
                )
            )
        }
        let answer = try await explain(folder, "dora", "sn")
        #expect(answer.flat.contains("in agreement; last set at miniorange"), "\(answer.output)")
        #expect(answer.flat.contains("set 2026-01-01T12:00:03Z by Syncline"))
        let get = try folder.run { CacheGetCommand(folder.options, entry: "dora").run($0) }
        #expect(get.output.contains("  miniorange  sn: 2026-01-01T11:58:30Z by cn=hr"))
    }

    private static func stamp(_ seconds: Int64, isOurs: Bool = false) -> Stamp {
        Stamp(time: Timestamp(milliseconds: seconds * 1_000), granularity: 1_000, source: .log, isOurs: isOurs)
    }

    @Test(
        arguments: [
            (nil, nil, false, nil), (stamp(0), nil, true, .ad), (nil, stamp(0), true, .miniorange),
            (stamp(0, isOurs: true), nil, true, .miniorange), (stamp(0, isOurs: true), stamp(0), true, .miniorange),
            (stamp(99), stamp(0), true, .ad), (stamp(0), stamp(99), true, .miniorange), (stamp(1), stamp(0), true, nil),
            (stamp(0, isOurs: true), stamp(9, isOurs: true), false, nil),
        ] as [(Stamp?, Stamp?, Bool, Side?)]
    )
    func theLastWriterIsToldByStamps(_ row: (ad: Stamp?, miniorange: Stamp?, isKnown: Bool, side: Side?)) {
        let writer = LastWriter(PerSide(ad: row.ad, miniorange: row.miniorange), StampJudge())
        #expect((writer != nil) == row.isKnown)
        #expect(writer?.side == row.side)
    }

    // MARK: status

    @Test func statusTellsClocksAndWhatWaits() throws {
        let folder = try folder()
        try folder.change { transaction in
            let parts: [Int64] = [-1_500, -500, ConflictFolder.noon.milliseconds]
            let octets = parts.flatMap { UInt64(bitPattern: $0).bigEndianOctets }
            try transaction.setFact("clock.miniorange", Octets(octets))
        }
        let cache = try Cache.open(at: folder.cachePath, mode: .readOnly)
        let report = try StatusReport(cache: cache, census: cache.read { try Census($0) }, now: ConflictFolder.noon)
        #expect(report.text.contains("clock: not measured"))
        #expect(report.text.contains("clock: 1.0 s behind ours, ± 500 ms"))
        #expect(report.text.contains("conflicts   9, 1 waiting for a person: syncline conflicts list --state held"))
        #expect(report.text.contains("3 differences when entries were joined"))
        #expect(!report.isHealthy)
        let lines = report.text.split(separator: "\n").filter { $0.contains("clock") || $0.contains("conflicts") }
        #expect(lines.allSatisfy { $0.count <= 80 })
    }
}
