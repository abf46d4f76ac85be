import Cache
import SyncModel
import Testing

@testable import Gateway
@testable import SyncService

/// Reports in which nothing is left out, and a cache in which something is in every table that commands show.
enum SchemaSamples {
    static var plan: PlanReport {
        PlanReport(
            usedCache: true,
            pairs: 3,
            ad: PlanReport.Counts(create: 1),
            miniorange: PlanReport.Counts(members: 1),
            writes: [
                PlanReport.PlannedWrite(
                    side: "ad",
                    operation: "rename",
                    name: "CN=a",
                    newName: "CN=b",
                    attributes: ["cn"],
                    reason: "changed at miniorange"
                ),
                PlanReport.PlannedWrite(
                    side: "miniorange",
                    operation: "members",
                    name: "cn=g",
                    attributes: [],
                    added: 1,
                    removed: 2,
                    reason: "differs"
                ),
            ],
            setAside: [PlanReport.SetAside(entry: "ad: CN=c", reason: "too long")],
            setAsideCount: 1,
            waiting: 0,
            newConflicts: 1
        )
    }

    static var trial: MappingTestReport {
        let entry = MappingTestReport.Entry(name: "CN=a", anchor: "0", attributes: ["cn": ["a"]])
        var report = MappingTestReport(
            object: "people",
            ad: entry,
            miniorange: entry,
            pairing: "known",
            usedCache: true
        )
        report.rules = [
            MappingTestReport.Rule(
                origin: "syncline.yaml:1",
                ad: "cn",
                miniorange: "cn",
                direction: "both",
                adValues: ["a"],
                miniorangeValues: ["b"],
                base: ["b"],
                result: ["a"],
                verdict: "ad -> miniorange"
            )
        ]
        report.writes = [
            MappingTestReport.PlannedWrite(
                side: "miniorange",
                operation: "modify",
                name: "uid=a",
                newName: "uid=b",
                attributes: [MappingTestReport.Change(name: "cn", old: ["b"], new: ["a"])]
            )
        ]
        var memberships = MappingTestReport.Memberships(of: "groups")
        memberships.names = ["ad: CN=g"]
        memberships.changes = [
            MappingTestReport.Memberships.Change(side: "miniorange", operation: "add", entry: "miniorange: cn=g")
        ]
        report.memberships = memberships
        report.obstacles = ["no container"]
        report.notes = ["set aside"]
        return report
    }

    static var comparison: StatusReport.Comparison {
        var comparison = StatusReport.Comparison(Comparison(began: ConflictFolder.noon), now: ConflictFolder.noon)
        comparison.ended = ConflictFolder.noon.text
        return comparison
    }

    static var verification: VerifyReport {
        VerifyReport(
            usedCache: true,
            entries: VerifyReport.Entries(ad: 1, miniorange: 1),
            drift: 1,
            findings: [
                VerifyReport.Finding(
                    pair: 1,
                    object: "people",
                    entry: "ad: CN=a",
                    differs: ["title"],
                    isDrift: true,
                    reason: "unknown"
                )
            ]
        )
    }

    static var status: StatusReport {
        let estimate = ClockEstimate(earliest: -7, latest: 1, measured: ConflictFolder.noon)
        let side = StatusReport.SideReport(
            state: "loading",
            server: "ldaps://dc1",
            feed: "usn",
            feedReason: "configured",
            problem: "slow",
            loaded: false,
            entries: 1,
            entriesRead: 1,
            entriesExpected: 2,
            writesInFlight: 0,
            changesSeen: 1,
            writesMade: 1,
            memberships: 2,
            clock: StatusReport.Clock(estimate),
            lastSetBack: "2026-01-01T12:00:00Z, the server holds an older state: restored"
        )
        return StatusReport(
            state: "live",
            problems: ["ad: slow"],
            uptimeSeconds: 1.5,
            ad: side,
            miniorange: side,
            pairs: 1,
            groups: 1,
            containers: 0,
            backlog: 0,
            lagSeconds: 0,
            conflicts: 2,
            openConflicts: 1,
            joinDifferences: 0,
            holds: [
                StatusReport.HoldEntry(
                    id: 1,
                    kind: "deletions",
                    object: "people",
                    side: "ad",
                    cause: "more than the limit",
                    since: ConflictFolder.noon.text,
                    held: 812
                )
            ],
            waitingDeletions: 3,
            quarantined: 1,
            quarantine: [
                StatusReport.QuarantineEntry(
                    pair: 1,
                    entry: "ad: CN=a",
                    reason: "too long",
                    attempts: 1,
                    nextAttempt: ConflictFolder.noon.text
                )
            ],
            waitingReferences: 0,
            parkedMembers: 0,
            refusedMembers: 1,
            refused: [
                StatusReport.RefusedMember(
                    group: "CN=g",
                    member: "CN=a",
                    side: "ad",
                    operation: "add",
                    reason: "no",
                    attempts: 1,
                    nextAttempt: ConflictFolder.noon.text
                )
            ],
            progress: StatusReport.Progress(pairsLeft: 1, pairsPerSecond: 10, secondsLeft: 0.1),
            reconcile: StatusReport.Reconcile(
                schedule: "daily 02:00",
                mode: "live",
                next: ConflictFolder.noon.text,
                isRequested: false,
                running: StatusReport.Comparison(Comparison(began: ConflictFolder.noon), now: ConflictFolder.noon),
                last: comparison,
                problem: "ad is away"
            ),
            gateway: GatewayStatus(
                GatewayReport(
                    listening: ["127.0.0.1:636"],
                    connections: 1,
                    refusedConnections: 0,
                    certificateNotAfter: 0,
                    problem: nil
                ),
                [
                    PendingPasswordReport(
                        account: "CN=a",
                        side: .miniorange,
                        age: .seconds(1),
                        left: .seconds(2),
                        attempts: 1,
                        reason: "away"
                    )
                ],
                problem: nil,
                now: ConflictFolder.noon
            ),
            cachePath: "/var/lib/syncline",
            cacheOctets: 1
        )
    }

    /// Deletions that are held, one hold that is decided, and what is set aside.
    static func holds() throws -> InspectorFolder {
        let folder = try folder()
        try folder.change { transaction in
            let noon = ConflictFolder.noon
            let kind = Hold.Kind.deletions(object: "people", at: .miniorange)
            let id = try transaction.append(Hold(kind: kind, since: noon, cause: "more than 500 in an hour"))
            _ = try transaction.append(
                Hold(kind: kind, since: noon, cause: "more than 500 in an hour", state: .approved, ended: noon)
            )
            for (pair, author) in [(PairID(1), "CN=HR"), (PairID(2), nil)] {
                try transaction.put(
                    Deletion(
                        side: .miniorange,
                        object: "people",
                        learned: noon,
                        author: author,
                        state: .held(id)
                    ),
                    of: pair
                )
            }
            let refusal = Refusal(reason: .invalid, code: 19, message: "too long")
            for (pair, reason) in [
                (PairID(3), QuarantineReason.refused(.ad, refusal)), (PairID(4), .vanished(.ad)),
                (PairID(5), .vanished(.ad)),
            ] {
                try transaction.put(
                    QuarantineRecord(reason: reason, attempts: 2, since: noon, next: pair == PairID(3) ? noon : nil),
                    for: pair
                )
            }
        }
        return folder
    }

    /// The pairs 1 to 5 are anna, bert, carla, dora and the group staff.
    static func folder() throws -> InspectorFolder {
        let folder = try ConflictFolder.filled()
        try folder.change { transaction in
            let noon = ConflictFolder.noon
            let bert = try #require(try transaction.pair(PairID(2)))
            let staff = try #require(try transaction.pair(PairID(5)))
            let stamp = Stamp(
                time: noon,
                granularity: 1_000,
                source: .attribute,
                server: "dc1",
                author: "CN=HR",
                version: 2
            )
            for side in Side.allCases {
                let anchor = try #require(bert.anchors[side])
                try transaction.put(AttributeStamp(attribute: "title", stamp: stamp), side, anchor)
                let group = try #require(staff.anchors[side])
                try transaction.put(AttributeStamp(attribute: "member", stamp: stamp), side, group)
            }
            try transaction.setSettlement(
                Settlement(conflict: ConflictID(12), values: [], seen: PerSide(both: []), time: noon),
                of: bert.id,
                "manager"
            )
            try transaction.wait(on: PairID(4), waiter: bert.id)
            let write = Write(
                id: try transaction.makeIntentID(),
                pair: bert.id,
                side: .ad,
                object: "people",
                operation: .read(try #require(bert.anchors.ad))
            )
            try transaction.put(Intent(write: write, target: [], since: noon))
            let link = LinkID(
                side: .miniorange,
                group: try #require(staff.anchors.miniorange),
                member: try #require(bert.anchors.miniorange)
            )
            let refusal = Refusal(reason: .other, code: 53, message: "not now")
            let refused = RefusedLink(refusal: refusal, isAddition: true, attempts: 1, since: noon, next: noon)
            try transaction.put(refused, for: link, of: staff.id)
            // Number 13: of values that nobody may see.
            try transaction.append(
                ConflictRecord(
                    pair: bert.id,
                    object: "people",
                    subject: .attribute("userpassword"),
                    base: [],
                    values: PerSide(ad: ["a"], miniorange: ["b"]),
                    winner: .ad,
                    decision: .preferredSide,
                    isJoin: false,
                    time: noon
                )
            )
        }
        return folder
    }
}
