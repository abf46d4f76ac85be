import Foundation
import SyncModel
import Testing

@testable import SyncService

/// Who may ask the daemon and not read its cache is told the same.
struct QueryTests {
    private static let reports: [any InspectorReport] = [
        HoldsReport(showsEnded: true), HoldsReport(id: 1, cause: "CN=HR", showsEnded: false), QuarantineReport(),
        ConflictListReport(selection: ConflictSelection(), order: .entry, isReversed: true, limit: 1),
        ConflictShowReport(id: 1), ExplainReport(pairs: [1], entry: "anna", attribute: "sn", note: "as it was"),
        ExplainReport(pairs: [5, 2], entry: "staff", attribute: "member"),
    ]

    @Test(arguments: [false, true]) func theDaemonPrintsWhatTheCommandPrints(isJSON: Bool) async throws {
        let folder = try SchemaSamples.holds()
        let screen = Screen(isJSON: isJSON, columns: 100, isColoured: !isJSON)
        try await AdminStandIn.look(folder) {
            for report in Self.reports { try await compare(report, screen, folder) }
        }
    }

    private func compare(_ report: some InspectorReport, _ screen: Screen, _ folder: InspectorFolder) async throws {
        let own = try folder.run { output in
            InspectorRun.perform(output) { try report.print(InspectedCache(folder.options), screen, output) }
        }
        let told = try await AdminClient(socket: folder.socketPath)
            .answer(ReportQuery(report: report, screen: screen))
        #expect(told.text == own.output && told.code == own.code && told.complaints.isEmpty)
        #expect(!told.text.isEmpty, "\(report)")
    }

    @Test func whatIsNotThereIsNamed() async throws {
        let folder = try SchemaSamples.holds()
        try await AdminStandIn.look(folder) {
            let client = AdminClient(socket: folder.socketPath)
            let screen = Screen.current(isJSON: false)
            let conflict = await #expect(throws: AdminClient.Failure.self) {
                try await client.answer(ReportQuery(report: ConflictShowReport(id: 99), screen: screen))
            }
            #expect(conflict?.description.hasPrefix("there is no conflict 99") == true)
            let entry = await #expect(throws: AdminClient.Failure.self) {
                try await client.answer(NamedPairs(entries: ["anna", "nobody"]))
            }
            #expect(entry?.description == "no entry in the cache is known as nobody")
            let pairs = try await client.answer(NamedPairs(entries: ["bert", "anna"]))
            #expect(pairs == [2, 1])
        }
    }

    @Test func whatIsNoQueryIsRefused() async throws {
        let folder = try SchemaSamples.holds()
        try await AdminStandIn.look(folder) {
            let error = await #expect(throws: AdminClient.Failure.self) {
                try await AdminClient(socket: folder.socketPath).post("/queries/holds")
            }
            #expect(error?.description.hasPrefix("the daemon does not understand the query holds") == true)
        }
    }

    // MARK: Limits

    private struct Flood: InspectorReport {
        static let name = "flood"
        var octets: Int

        func print(_: InspectedCache, _ screen: Screen, _ output: InspectorOutput) throws -> Int32 {
            output.text(String(repeating: "x", count: octets))
            output.noteRest(of: octets)
            return Int32(screen.columns)
        }
    }

    @Test func anAnswerHasALimit() throws {
        let folder = try InspectorFolder()
        let screen = Screen(isJSON: false, columns: .max, isColoured: false)
        let most = InspectorOutput.Limits.answer.octets
        let printed = try ReportQuery(report: Flood(octets: most), screen: screen)
            .answer(InspectedCache(folder.options))
        #expect(printed.text.utf8.count == most)
        #expect(printed.complaints.first?.hasPrefix("these are the first 2000 of") == true)
        #expect(printed.code == 1_000, "as wide as screens are")
        #expect(throws: LookupError.self) {
            try ReportQuery(report: Flood(octets: most + 1), screen: screen).answer(InspectedCache(folder.options))
        }
    }

    /// A page ends before its values are too many, and goes on with what it left out.
    @Test(arguments: [0, 20, 60, 1_000]) func aPageOfConflictsHasALimitOfOctets(octets: Int) throws {
        let folder = try ConflictFolder.filled()
        try InspectedCache(folder.options).read { view in
            let filter = try ConflictFilter(ConflictSelection(), view, now: .now)
            let pages = ConflictPages(filter: filter, order: .time, isReversed: false, octets: octets)
            var (found, next): ([UInt64], ConflictID?) = ([], nil)
            repeat {
                let page = try pages.page(view, after: next, limit: 5)
                #expect((1...5).contains(page.conflicts.count))
                if octets == 0 {
                    #expect(page.conflicts.count == 1 || page.conflicts.allSatisfy { $0.values.ad.isEmpty })
                }
                found += page.conflicts.map(\.id)
                next = page.next
            } while next != nil
            #expect(found == [12, 11, 10, 6, 5, 4, 3, 2, 1])
        }
    }
}
