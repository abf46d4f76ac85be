import SyncModel
import Testing

@testable import SyncService

struct PlanReportTests {
    private static let name = "uid=anna,ou=people,dc=syncline,dc=test"

    private func write(_ operation: WriteOperation) -> Write {
        Write(id: IntentID(1), pair: PairID(1), side: .miniorange, object: "people", operation: operation)
    }

    @Test func whatFollowsAnAddIsToldWithIt() throws {
        let name = try DistinguishedName(parsing: Self.name)
        let anchor = Anchor(high: 0, low: 1)
        let change = AttributeChange(name: "manager", old: [], new: ["x"])
        let merged = PlanReport.merged(
            [
                write(
                    .add(name: name, objectClasses: ["inetOrgPerson"], attributes: ["uid": ["anna"], "cn": ["Anna"]])
                ),
                write(.read(anchor)),
                write(.modify(anchor, name: name, version: .unordered, changes: [change])),
            ],
            .miniorange
        )
        #expect(merged.map(\.operation) == ["create"])
        #expect(merged.first?.attributes == ["cn", "manager", "uid"])
        #expect(merged.first?.line == "miniorange create \(Self.name): cn, manager, uid (only on ad)")
    }

    @Test func readsAreNoWrites() throws {
        let name = try DistinguishedName(parsing: Self.name)
        for operation in [
            WriteOperation.read(Anchor(high: 0, low: 1)), .confirmAbsence(Anchor(high: 0, low: 1), LastSeen()),
            .readName(name),
        ] {
            #expect(PlanReport.PlannedWrite(write(operation)) == nil)
        }
    }

    @Test func valuesAreNeverListed() throws {
        let name = try DistinguishedName(parsing: Self.name)
        let change = AttributeChange(name: "title", old: ["secret-old"], new: ["secret-new"])
        let line = try #require(
            PlanReport.PlannedWrite(
                write(.modify(Anchor(high: 0, low: 1), name: name, version: .unordered, changes: [change]))
            )
        )
        #expect(!line.line.contains("secret"))
    }

    /// What waits is no agreement.
    @Test(arguments: [
        (0, 0, "Nothing to write: both sides are in agreement."),
        (3, 0, "Deletions that wait for your decision (syncline holds): 3"),
        (0, 2, "Deletions that wait for the end of their grace: 2"), (3, 0, "Nothing else to write now."),
    ])
    func whatWaitsIsTold(_ row: (held: Int, waiting: Int, line: String)) {
        var report = PlanReport(
            usedCache: true,
            pairs: 5,
            ad: PlanReport.Counts(),
            miniorange: PlanReport.Counts(),
            writes: [],
            setAside: [],
            setAsideCount: 0,
            waiting: 0,
            newConflicts: 0
        )
        report.heldDeletions = row.held
        report.waitingDeletions = row.waiting
        #expect(report.text(limit: 0).split(separator: "\n").contains { $0 == row.line })
    }

    @Test(arguments: [(0, 5, false), (2, 2, true), (9, 5, false)])
    func theListHasItsLimit(_ row: (limit: Int, lines: Int, isCut: Bool)) {
        var report = PlanReport(
            usedCache: false,
            pairs: 5,
            ad: PlanReport.Counts(modify: 5),
            miniorange: PlanReport.Counts(),
            writes: [],
            setAside: [],
            setAsideCount: 0,
            waiting: 0,
            newConflicts: 0
        )
        report.writes = (0..<5).map {
            PlanReport.PlannedWrite(
                side: "ad",
                operation: "modify",
                name: "CN=\($0)",
                attributes: ["title"],
                reason: "r"
            )
        }
        let lines = report.text(limit: row.limit).split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("ad modify") } == row.lines)
        #expect(lines.contains { $0.contains("more; --limit 0") } == row.isCut)
    }
}
