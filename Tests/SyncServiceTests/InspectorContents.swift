import Cache
import Mapping
import SyncModel
import Testing

@testable import SyncService

/// Fills the cache of `InspectorFolder`.
struct InspectorContents {
    private let transaction: CacheTransaction
    private static let noon = Timestamp(milliseconds: 1_767_268_800_000)

    init(_ transaction: CacheTransaction) { self.transaction = transaction }

    private func anchor(_ side: Side, _ number: UInt64) -> Anchor {
        if side == .ad && number == 11 { return InspectorFolder.annaAtAD }
        return Anchor(high: side == .ad ? 0 : 7, low: number)
    }

    func fill() throws {
        for side in Side.allCases {
            try base("OU=People,DC=syncline,DC=test", anchor(side, 1), side)
            try base("OU=Teams,DC=syncline,DC=test", anchor(side, 2), side)
            try transaction.setLoaded(side, true)
        }
        let photo = Octets([0xFF, 0xD8, 0x00, 0x01])
        let anna = try person(11, "anna", "Berg", both: ["mail": ["anna@syncline.test"]]) {
            $0[$1 == .ad ? "thumbnailphoto" : "jpegphoto"] = [photo]
        }
        let boss = Side.allCases.map { Reference.entry(anchor($0, 11)).octets }
        let bert = try person(12, "bert", "Müller", both: [:]) {
            $0["title"] = [$1 == .ad ? "Chief" : "Engineer"]
            $0["manager"] = [$1 == .ad ? boss[0] : boss[1]]
        } base: {
            $0["title"] = ["Engineer"]
            $0["manager"] = [Octets(anna.rawValue.bigEndianOctets)]
        }
        let carla = try person(13, "carla", "Berg", both: ["title": ["  Head   of Sales "]], sides: [.ad])
        _ = try person(14, "dora", "Klein", both: ["title": ["Agreed"]]) { _, _ in
        } base: {
            $0["title"] = ["Before"]
        }
        try group(members: PerSide(ad: [11, 12], miniorange: [11]))
        try transaction.markDirty(bert, DirtyRecord(since: Self.noon, cause: .changedAtAD))
        let refusal = Refusal(reason: .invalid, code: 19, message: "value is too long")
        try transaction.put(
            QuarantineRecord(reason: .refused(.miniorange, refusal), attempts: 3, since: Self.noon, next: nil),
            for: carla
        )
        try transaction.append(
            ConflictRecord(
                pair: bert,
                object: "people",
                subject: .attribute("title"),
                base: ["Clerk"],
                values: PerSide(ad: ["Engineer"], miniorange: ["Driver"]),
                winner: .ad,
                decision: .preferredSide,
                isJoin: false,
                time: Self.noon
            )
        )
        for (event, attributes) in [(HistoryRecord.Event.added, ["sn"]), (.modified, ["mail", "title"])] {
            try transaction.append(
                HistoryRecord(
                    pair: anna,
                    time: Self.noon,
                    event: event,
                    side: .miniorange,
                    cause: .changedAtAD,
                    attributes: attributes
                )
            )
        }
    }

    private func base(_ text: String, _ anchor: Anchor, _ side: Side) throws {
        let name = try DistinguishedName(parsing: text)
        try transaction.setFact("root.\(side.name).\(name.normalized.lossyText)", Octets(anchor.octets))
        let replica = Replica(
            side: side,
            anchor: anchor,
            object: nil,
            kind: .container,
            parent: .root,
            rdn: try #require(name.leaf),
            attributes: Attributes(),
            version: .unordered
        )
        try transaction.put(replica, replacing: nil)
    }

    @discardableResult
    func person(
        _ number: UInt64,
        _ uid: String,
        _ sn: String,
        both: Attributes,
        sides: [Side] = Side.allCases,
        _ adjust: (inout Attributes, Side) -> Void = { _, _ in },
        base adjustBase: (inout Attributes) -> Void = { _ in }
    ) throws -> PairID {
        var pair = Pair(id: try transaction.makePairID(), object: "people", kind: .user)
        for side in sides {
            var attributes = both
            attributes[side == .ad ? "samaccountname" : "uid"] = [Octets(uid)]
            attributes["sn"] = [Octets(sn)]
            adjust(&attributes, side)
            if side == .ad {
                var base = attributes
                base["manager"] = []
                base[parentAttribute] = [Octets([0])]
                adjustBase(&base)
                pair.base = sides.count == 2 ? base : nil
            }
            let rdn = RelativeDistinguishedName(type: side == .ad ? "CN" : "uid", value: Octets(uid))
            let replica = Replica(
                side: side,
                anchor: anchor(side, number),
                object: "people",
                kind: .user,
                parent: .entry(anchor(side, 1)),
                rdn: rdn,
                attributes: attributes,
                version: .usn(number, invocationID: anchor(side, 99)),
                keys: [Octets([0] + Array(uid.utf8)), ObjectMapping.commandKey(uid)]
            )
            try transaction.put(replica, replacing: nil)
            pair.anchors[side] = replica.anchor
            pair.presence[side] = .present
        }
        try transaction.put(pair, replacing: nil)
        return pair.id
    }

    private func group(members: PerSide<[UInt64]>) throws {
        var pair = Pair(id: try transaction.makePairID(), object: "teams", kind: .group)
        for side in Side.allCases {
            let name: Attributes = [side == .ad ? "samaccountname" : "cn": ["staff"]]
            let replica = Replica(
                side: side,
                anchor: anchor(side, 21),
                object: "teams",
                kind: .group,
                parent: .entry(anchor(side, 2)),
                rdn: RelativeDistinguishedName(type: "cn", value: "staff"),
                attributes: name,
                version: .unordered,
                keys: [ObjectMapping.commandKey("staff")]
            )
            try transaction.put(replica, replacing: nil)
            pair.anchors[side] = replica.anchor
            pair.presence[side] = .present
            for member in members[side] {
                let link = LinkID(side: side, group: replica.anchor, member: anchor(side, member))
                try transaction.put(Link(sources: .group, isAgreed: member == 11), for: link)
            }
        }
        let outside = Octets("dcn=outside,dc=syncline,dc=test")
        try transaction.parkLink(.ad, name: outside, holder: anchor(.ad, 21))
        pair.base = ["samaccountname": ["staff"], parentAttribute: [Octets([0])]]
        try transaction.put(pair, replacing: nil)
        let joined = [2, 3].map { HistoryRecord.MemberChange(member: PairID($0), isPresent: $0 == 2) }
        try transaction.append(
            HistoryRecord(
                pair: pair.id,
                time: Self.noon,
                event: .membersChanged,
                side: .ad,
                cause: .membership,
                attributes: ["member"],
                members: joined
            )
        )
    }
}
