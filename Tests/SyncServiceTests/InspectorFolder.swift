import Cache
import Foundation
import Mapping
import SyncModel
import Testing

@testable import SyncService

/// A configuration and a cache that was filled by hand, in a folder of their own. No server is there.
///
/// anna is in agreement, bert's title was changed at ad, carla is at ad only and set aside, dora's base is behind. The group staff holds anna and bert at ad, at
/// miniorange anna alone, and at ad somebody who is not in scope.
final class InspectorFolder: Sendable {
    struct Answer {
        var code: Int32
        var output: String
        var errors: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }

        func object() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }

        /// One object a line.
        func objects() throws -> [[String: Any]] {
            try lines.map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
        }
    }

    static let annaAtAD = Anchor(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)
    static let peopleAtAD = Anchor(high: 0, low: 1)
    let path: String

    var options: InspectorOptions { InspectorOptions(configurationPath: path + "/syncline.yaml") }
    var jsonOptions: InspectorOptions {
        InspectorOptions(configurationPath: path + "/syncline.yaml", isJSON: true)
    }
    var cachePath: String { path + "/cache" }

    init(filled: Bool = true) throws {
        path = FileManager.default.temporaryDirectory.path + "/inspector-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try write("password", "secret\n")
        try write("syncline.yaml", Self.configuration)
        guard filled else { return }
        let cache = try Cache.open(at: cachePath)
        try cache.write { try InspectorContents($0).fill() }
        try cache.close()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        chmod("\(path)/\(name)", 0o600)
    }

    /// Changes the cache as a daemon would.
    func change(_ body: (CacheTransaction) throws -> Void) throws {
        let cache = try Cache.open(at: cachePath)
        try cache.write(body)
        try cache.close()
    }

    /// Runs a command and gives what it printed.
    func run(_ command: (InspectorOutput) -> Int32) throws -> Answer {
        let name = "\(path)/\(UUID().uuidString)"
        let output = open(name + ".out", O_WRONLY | O_CREAT, 0o600)
        let errors = open(name + ".err", O_WRONLY | O_CREAT, 0o600)
        defer {
            close(output)
            close(errors)
        }
        let code = command(InspectorOutput(descriptor: output, errorDescriptor: errors, isInterrupted: { false }))
        return Answer(
            code: code,
            output: try String(contentsOfFile: name + ".out", encoding: .utf8),
            errors: try String(contentsOfFile: name + ".err", encoding: .utf8)
        )
    }

    private static let configuration = """
        version: 1
        cache: {path: cache}
        ad:
          servers: [ldaps://127.0.0.1:9]
          base: DC=syncline,DC=test
          bind: {dn: svc@syncline.test, passwordFile: password}
        miniorange:
          servers: [ldaps://127.0.0.1:9]
          base: dc=syncline,dc=test
          bind: {dn: "cn=syncline,dc=syncline,dc=test", passwordFile: password}
        objects:
          - name: people
            kind: user
            ad: {base: "OU=People,DC=syncline,DC=test"}
            miniorange: {base: "ou=people,dc=syncline,dc=test"}
            match: [{ad: sAMAccountName, miniorange: uid}]
            attributes:
              - {ad: sAMAccountName, miniorange: uid}
              - {ad: sn, miniorange: sn}
              - {ad: title, miniorange: title}
              - {ad: mail, miniorange: mail}
              - {ad: thumbnailPhoto, miniorange: jpegPhoto}
              - {ad: manager, miniorange: manager, type: reference}
          - name: teams
            kind: group
            ad: {base: "OU=Teams,DC=syncline,DC=test"}
            miniorange: {base: "ou=teams,dc=syncline,dc=test", membership: member}
            match: [{ad: sAMAccountName, miniorange: cn}]
            attributes: [{ad: sAMAccountName, miniorange: cn}]
        """
}

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
