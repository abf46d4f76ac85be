import Configuration
import Foundation
import Fuzzing
import Glibc
import Logging
import SyncEngine
import Testing

@testable import SyncService

struct AdminRoleTests {
    private static let access = AdminAccess(
        roles: AdminAccess.Roles(look: ["helpdesk"], operate: ["operators"], approve: ["admins", "chiefs"])
    )
    private static let policy = AdminPolicy(access: access, ownUser: 990)

    @Test(
        arguments: [
            (0, [], .approve), (990, [], .approve), (1000, [], nil), (1000, ["users"], nil),
            (1000, ["helpdesk", "users"], .look), (1000, ["operators"], .operate),
            (1000, ["helpdesk", "operators"], .operate),
            (1000, ["chiefs"], .approve), (65_534, ["nogroup"], nil),
        ] as [(UInt32, Set<String>, AdminRole?)]
    )
    func aRoleComesFromTheGroups(user: UInt32, groups: Set<String>, role: AdminRole?) {
        #expect(Self.policy.role(user: user, groups: groups) == role)
    }

    /// The file system has let them in.
    @Test func withoutRolesWhoeverMayOpenTheSocketMayDoAll() {
        let policy = AdminPolicy(access: AdminAccess(group: "admins"), ownUser: 990)
        #expect(policy.role(user: 1000, groups: []) == .approve)
    }

    @Test(
        arguments: [
            (true, "/status", .look), (true, "/anything", .look), (false, "/stamps", .look),
            (false, "/queries/hold-decision", .look),
            (false, "/pause", .operate),
            (false, "/resume", .operate), (false, "/resync", .operate), (false, "/conflicts/7/resolve", .approve),
            (false, "/holds/1/approve", .approve), (false, "/whatever/comes", .approve), (false, "", .approve),
            (false, "//pause", .operate),
        ] as [(Bool, String, AdminRole)]
    )
    func aRequestTakesARole(isRead: Bool, path: String, role: AdminRole) {
        #expect(AdminRole.needed(forReading: isRead, path: path) == role)
    }

    @Test(
        arguments: [(AdminAccess(), 0o600), (AdminAccess(group: "x"), 0o660), (access, 0o666)]
            as [(AdminAccess, mode_t)]
    )
    func theSocketIsAsOpenAsItMustBe(access: AdminAccess, mode: mode_t) {
        #expect(AdminSocketOwner.mode(access) == mode)
    }

    @Test func aGroupThatIsNotThereIsAnErrorBeforeAnythingStarts() {
        let error = #expect(throws: DaemonError.self) {
            try AdminSocketOwner.check(AdminAccess(group: "no-such-group-here"))
        }
        #expect(error?.description.contains("there is no group no-such-group-here") == true)
    }

    private static func server(_ access: AdminAccess) -> AdminServer {
        AdminServer(
            status: { throw CancellationError() },
            isAlive: { true },
            setPaused: { _ in },
            resync: { _ in "all" },
            metrics: { "" },
            ask: { _ in .resolution(.accepted) },
            fetchStamps: { _ in },
            reconcile: { "" },
            inspected: { throw LookupError(description: "no cache") },
            access: access
        )
    }

    private func listening(_ access: AdminAccess, _ body: (String) async throws -> Void) async throws {
        // The folder of the tests may be closed to other users.
        let folder = "/tmp/syncline-roles-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o755]
        )
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/admin.sock"
        let service = Self.server(access).socketApplication(
            path: path,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        // The mode comes last.
        try await AdminStandIn.serve(
            service,
            whenReady: { Self.mode(path) == AdminSocketOwner.mode(access) },
            { try await body(path) }
        )
    }

    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    private static let nobody: UInt32 = 65_534

    /// By the kernel's word for who asks: another user, with that user's groups.
    @Test(
        .enabled(if: geteuid() == 0, "only root can be somebody else"),
        arguments: [
            (["nogroup"], [], "GET /healthz", "200"), (["nogroup"], [], "POST /pause", "403"),
            ([], ["nogroup"], "POST /pause", "200"), ([], ["nogroup"], "POST /conflicts/1/resolve", "403"),
            ([], ["root"], "GET /healthz", "403"),
        ] as [([String], [String], String, String)]
    )
    func anotherUserMayDoWhatTheRoleSays(look: [String], operate: [String], request: String, code: String) async throws
    {
        try await listening(AdminAccess(roles: AdminAccess.Roles(look: look, operate: operate))) { path in
            let text = "\(request) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            let octets = try await UnixSocket.exchangeOnThread(Array(text.utf8), path: path, as: Self.nobody)
            let answer = String(decoding: octets, as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 \(code)"), "\(answer)")
            #expect(code == "200" || answer.contains("nobody may not do this: it takes the role"))
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can be somebody else"))
    func withoutGroupAndRolesNobodyElseComesIn() async throws {
        try await listening(AdminAccess()) { path in
            await #expect(throws: Violation.self) {
                try await UnixSocket.exchangeOnThread([], path: path, as: Self.nobody)
            }
        }
    }

    @Test func moreConnectionsThanPermittedWait() async throws {
        try await listening(AdminAccess()) { path in
            let silent = try (0..<64).map { _ in try UnixSocket.connect(path) }
            // The kernel still takes it, and nobody answers.
            let request = Array("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)
            async let waiting = UnixSocket.exchangeOnThread(request, path: path)
            for descriptor in silent { close(descriptor) }
            #expect(try await waiting.starts(with: "HTTP/1.1 200".utf8))
        }
    }

    /// A body without an end is not collected.
    @Test func aBodyThatIsTooLargeIsRefused() async throws {
        try await listening(AdminAccess()) { path in
            let head = "POST /conflicts/1/resolve HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n"
            let body = [UInt8](repeating: 0x20, count: 3_000_000)
            let answer = try await UnixSocket.exchangeOnThread(Array(head.utf8) + body, path: path)
            // Who goes on sending may find the connection closed instead of the answer.
            #expect(
                answer.isEmpty || answer.starts(with: "HTTP/1.1 413".utf8),
                "\(String(decoding: answer.prefix(100), as: UTF8.self))"
            )
        }
    }
}
