import Cache
import SyncModel

@testable import SyncService

/// Conflicts of all sorts in the cache of `InspectorFolder`, whose own is number 1: bert's title, at noon of 2026-01-01.
enum ConflictFolder {
    static let noon = Timestamp(milliseconds: 1_767_268_800_000)
    static let hostile = "=HYPERLINK(\"http://127.0.0.1/\")<script>alert(1)</script>&'\u{202E}"

    /// 2: held; 3: hostile values; 4: existence; 5: membership; 6: a binary value, settled by a person; 7: when joined; 8: the place; 9: over; 10: a reference.
    static func filled() throws -> InspectorFolder {
        let folder = try InspectorFolder()
        try folder.change { transaction in try fill(transaction) }
        return folder
    }

    private static func fill(_ transaction: CacheTransaction) throws {
        let ad = Stamp(
            time: noon.advanced(byMilliseconds: -5_000),
            granularity: 1_000,
            source: .attribute,
            server: "dc1",
            author: "CN=Admin,DC=syncline,DC=test",
            version: 3
        )
        let miniorange = Stamp(
            time: noon.advanced(byMilliseconds: -65_250),
            granularity: 1,
            source: .log,
            server: "001",
            author: "cn=hr,dc=syncline,dc=test"
        )
        func append(
            _ pair: UInt64,
            _ subject: ConflictRecord.Subject,
            _ values: PerSide<[Octets]>,
            base: [Octets] = [],
            winner: Side = .ad,
            _ decision: ConflictRecord.Decision,
            rule: ConflictRule = .newest,
            isJoin: Bool = false,
            hours: Int64
        ) throws -> ConflictID {
            try transaction.append(
                ConflictRecord(
                    pair: PairID(pair),
                    object: pair == 5 ? "teams" : "people",
                    subject: subject,
                    base: base,
                    values: values,
                    winner: winner,
                    decision: decision,
                    rule: rule,
                    stamps: decision == .later ? PerSide(ad: ad, miniorange: miniorange) : PerSide(both: nil),
                    isJoin: isJoin,
                    time: noon.advanced(byMilliseconds: hours * 3_600_000)
                )
            )
        }
        let held = try append(
            2,
            .attribute("mail"),
            PerSide(ad: ["b@syncline.test"], miniorange: ["bert@syncline.test"]),
            .held,
            rule: .hold,
            hours: 1
        )
        try transaction.setHeldConflict(held, of: PairID(2), "mail")
        _ = try append(
            1,
            .attribute("sn"),
            PerSide(ad: [Octets(hostile)], miniorange: ["Müller-Lüdenscheidt, 李"]),
            base: ["Berg"],
            .later,
            hours: 2
        )
        _ = try append(3, .existence, PerSide(ad: ["x"], miniorange: []), .changeWins, hours: 3)
        _ = try append(
            5,
            .member(PairID(2)),
            PerSide(ad: ["x"], miniorange: []),
            winner: .miniorange,
            .provenance,
            hours: 26
        )
        let photo = try append(
            1,
            .attribute("thumbnailphoto"),
            PerSide(ad: [Octets([0xFF, 0x00])], miniorange: [Octets([0xFE, 0x01])]),
            winner: .miniorange,
            .configuredSide,
            rule: .miniorange,
            hours: 27
        )
        try transaction.resolve(photo, ConflictResolution(choice: .side(.ad), time: noon))
        for number in 0..<3 {
            _ = try append(
                1,
                .attribute("mail"),
                PerSide(ad: [Octets("a\(number)")], miniorange: []),
                .preferredSide,
                isJoin: true,
                hours: 28
            )
        }
        let place = Octets(PairID(4).rawValue.bigEndianOctets)
        _ = try append(
            1,
            .attribute(parentAttribute),
            PerSide(ad: [Octets([0])], miniorange: [place]),
            .ownWrite,
            hours: 29
        )
        let over = try append(1, .attribute("sn"), PerSide(ad: ["a"], miniorange: ["b"]), .oscillation, hours: 30)
        try transaction.resolve(over, ConflictResolution(choice: .agreement, time: noon))
        let boss = Octets(PairID(1).rawValue.bigEndianOctets)
        _ = try append(2, .attribute("manager"), PerSide(ad: [boss], miniorange: []), .direction, hours: 31)
    }
}
