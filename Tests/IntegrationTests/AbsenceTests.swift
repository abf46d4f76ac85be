import Foundation
import SyncModel
import Testing

/// Entries that the account may not see any more are not deleted entries.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct AbsenceTests {
    struct Feeding: Sendable, CustomTestStringConvertible {
        var name: String
        var keys: String
        var testDescription: String { name }
    }

    @Test(
        "a container whose entries the account may not see any more deletes none of them, and status says so",
        arguments: [
            Feeding(name: "accesslog", keys: ""),
            Feeding(name: "polling", keys: "feed: polling"),
        ]
    )
    func lostSight(_ feeding: Feeding) async throws {
        var settings = Ground.Settings()
        settings.miniorange = feeding.keys
        settings.hasContainers = true
        let ground = try await Ground.make("ls\(feeding.name.prefix(1))", settings)
        try await ground.ad.apply(ground.ad.newPerson(ground.person("seen")))
        try await ground.ad.addContainer("Sales")
        let sales = "OU=Sales,\(ground.ad.base)"
        try await ground.ad.apply((0..<3).map { ground.ad.newPerson(ground.person("p\($0)"), under: sales) })
        try await withDaemon(ground) { daemon in
            try await eventually("all are there") { try await ground.miniorange.people().count == 4 }
            try await daemon.settled()
            let container = "ou=Sales,\(ground.miniorange.base)"
            try await ground.lab.hide(container, true)
            _ = try await daemon.tool("reconcile")
            try await eventually("all three are set aside") { try await daemon.status()?.quarantined == 3 }
            let status = try #require(try await daemon.status())
            #expect(status.quarantine.allSatisfy { $0.reason.contains("nothing proves that it was deleted") })
            #expect(try await ground.ad.people().count == 4)
            // A real delete is one nevertheless.
            try await ground.miniorange.apply(.delete(ground.miniorange.dn(ground.person("seen"))))
            try await eventually("the delete is carried", within: .seconds(240)) {
                try await ground.ad.people().count == 3
            }
            try await ground.lab.hide(container, false)
            _ = try await daemon.tool("reconcile")
            try await eventually("all show again") { try await daemon.status()?.quarantined == 0 }
            #expect(try await ground.ad.people().count == 3)
            #expect(try await ground.miniorange.people().count == 3)
        }
    }
}
