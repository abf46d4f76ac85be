import AsyncHTTPClient
import Configuration
import Foundation
import NIOCore
import NIOHTTP1
import SyncModel

#if canImport(Glibc)
    import Glibc
#endif

/// Talks to a running daemon over its admin socket.
package struct AdminClient: Sendable {
    /// Why there was no answer.
    package enum Failure: Error, CustomStringConvertible {
        case notRunning(socket: String)
        case notPermitted(socket: String)
        /// Where it listens stands in a file that can't be read, and at the usual place is nothing.
        case unknownSocket(configuration: String)
        case late(socket: String)
        case refused(String)

        package var description: String {
            switch self {
            case .notRunning(let socket): "no daemon answers at \(socket); start synclined, or look at its log"
            case .notPermitted(let socket):
                "you may not open \(socket): admin.group and admin.roles in the configuration say who may; root always does"
            case .unknownSocket(let configuration):
                "no daemon answers at \(Configuration.defaultAdminSocket), the usual place; "
                    + "where else it may listen says \(configuration), which you may not read"
            case .late(let socket): "the daemon at \(socket) does not answer in time; look at its log"
            case .refused(let text): text
            }
        }
    }

    /// How long a question about the whole cache may take.
    private static let queryTimeout = TimeAmount.seconds(120)

    private let socket: String

    package init(socket: String) { self.socket = socket }

    /// The daemon that runs with this configuration. Who asks it needs to be able to read neither the passwords nor the configuration itself: where it
    /// can't be read, the usual place is meant.
    ///
    /// Throws `ConfigurationErrors`, `Failure`.
    package init(configurationPath: String) throws {
        guard Self.isClosed(configurationPath) else {
            self.init(socket: try Configuration.adminSocket(path: configurationPath))
            return
        }
        guard access(Configuration.defaultAdminSocket, F_OK) == 0 else {
            throw Failure.unknownSocket(configuration: configurationPath)
        }
        self.init(socket: Configuration.defaultAdminSocket)
    }

    /// Whether a file is there, or may be, and is not for this user.
    static func isClosed(_ path: String, _ mode: Int32 = R_OK) -> Bool { access(path, mode) != 0 && errno == EACCES }

    /// Has the daemon look into its cache.
    func answer<Query: CacheQuery>(_ query: Query) async throws -> Query.Answer {
        let answer = try await request(
            "/queries/\(Query.name)",
            post: true,
            body: try JSONEncoder().encode(query),
            timeout: Self.queryTimeout
        )
        return try JSONDecoder().decode(Query.Answer.self, from: Data(answer.utf8))
    }

    package func status() async throws -> StatusReport {
        let body = try await request("/status", post: false)
        return try JSONDecoder().decode(StatusReport.self, from: Data(body.utf8))
    }

    package func post(_ path: String) async throws -> String {
        try await request(path, post: true)
    }

    /// Has a person's decision on a conflict carried out.
    func resolve(_ id: UInt64, _ choice: ResolutionRequest) async throws -> ResolutionReply {
        let body = try JSONEncoder().encode(choice)
        let answer = try await request("/conflicts/\(id)/resolve", post: true, body: body)
        return try JSONDecoder().decode(ResolutionReply.self, from: Data(answer.utf8))
    }

    /// Has a person's decision carried out.
    func decide(
        _ question: HoldDecision,
        _ verdict: HoldVerdict,
        _ pairs: [UInt64]
    ) async throws -> HoldDecisionReply {
        let body = try JSONEncoder().encode(HoldDecisionRequest(pairs: pairs))
        let answer = try await request(question.path(verdict), post: true, body: body)
        return try JSONDecoder().decode(HoldDecisionReply.self, from: Data(answer.utf8))
    }

    /// Has entries in quarantine tried now, or no more. Says of each whether it was in quarantine.
    func quarantine(_ action: QuarantineAction, _ pairs: [UInt64]) async throws -> [Bool] {
        let body = try JSONEncoder().encode(HoldDecisionRequest(pairs: pairs))
        let answer = try await request("/quarantine/\(action.rawValue)", post: true, body: body)
        return try JSONDecoder().decode([Bool].self, from: Data(answer.utf8))
    }

    /// Has the daemon ask both servers when, where and by whom a pair's values were set; its cache has the answer then.
    func fetchStamps(of pair: UInt64) async throws {
        _ = try await request("/stamps?pair=\(pair)", post: true)
    }

    private func request(
        _ path: String,
        post: Bool,
        body: Data? = nil,
        timeout: TimeAmount = .seconds(10)
    ) async throws -> String {
        guard access(socket, R_OK | W_OK) == 0 else {
            throw errno == EACCES ? Failure.notPermitted(socket: socket) : Failure.notRunning(socket: socket)
        }
        let host = socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? socket
        var request = HTTPClientRequest(url: "http+unix://\(host)\(path)")
        request.method = post ? .POST : .GET
        // One that is kept open would be found dead at the next request, where the daemon was started again meanwhile.
        request.headers.add(name: "connection", value: "close")
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let response: HTTPClientResponse
        do {
            response = try await HTTPClient.shared.execute(request, timeout: timeout)
        } catch let error as HTTPClientError where error == .deadlineExceeded {
            throw Failure.late(socket: socket)
        } catch {
            throw Failure.notRunning(socket: socket)
        }
        let body = try await response.body.collect(upTo: 64 << 20)
        let text = String(buffer: body)
        guard response.status == .ok else {
            let words = text.trimmingCharacters(in: .whitespacesAndNewlines)
            throw Failure.refused(words.isEmpty ? "the daemon answers with the HTTP status \(response.status)" : words)
        }
        return text
    }
}
