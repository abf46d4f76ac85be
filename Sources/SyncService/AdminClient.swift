import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
package import SyncModel

#if canImport(Glibc)
    import Glibc
#endif

/// Talks to a running daemon over its admin socket.
package struct AdminClient: Sendable {
    /// Why there was no answer.
    package enum Failure: Error, CustomStringConvertible {
        case notRunning(socket: String)
        case notPermitted(socket: String)
        case refused(String)

        package var description: String {
            switch self {
            case .notRunning(let socket): "no daemon answers at \(socket); start synclined, or look at its log"
            case .notPermitted(let socket):
                "you may not open \(socket): admin.group and admin.roles in the configuration say who may; root always does"
            case .refused(let text): text
            }
        }
    }

    private let socket: String

    package init(socket: String) { self.socket = socket }

    package func status() async throws -> StatusReport {
        let body = try await request("/status", post: false)
        return try JSONDecoder().decode(StatusReport.self, from: Data(body.utf8))
    }

    package func post(_ path: String) async throws -> String {
        try await request(path, post: true)
    }

    /// Has a person's decision on a conflict carried out.
    func resolve(_ id: ConflictID, _ choice: ConflictChoice) async throws -> ResolutionReply {
        let body = try JSONEncoder().encode(ResolutionRequest(choice))
        let answer = try await request("/conflicts/\(id.rawValue)/resolve", post: true, body: body)
        return try JSONDecoder().decode(ResolutionReply.self, from: Data(answer.utf8))
    }

    /// Has a person's decision carried out.
    func decide(
        _ question: HoldDecision,
        _ verdict: HoldVerdict,
        _ pairs: [PairID]
    ) async throws -> HoldDecisionReply {
        let body = try JSONEncoder().encode(HoldDecisionRequest(pairs: pairs.map(\.rawValue)))
        let answer = try await request(question.path(verdict), post: true, body: body)
        return try JSONDecoder().decode(HoldDecisionReply.self, from: Data(answer.utf8))
    }

    /// Has entries in quarantine tried now, or no more. Says of each whether it was in quarantine.
    func quarantine(_ action: QuarantineAction, _ pairs: [PairID]) async throws -> [Bool] {
        let body = try JSONEncoder().encode(HoldDecisionRequest(pairs: pairs.map(\.rawValue)))
        let answer = try await request("/quarantine/\(action.rawValue)", post: true, body: body)
        return try JSONDecoder().decode([Bool].self, from: Data(answer.utf8))
    }

    /// Has the daemon ask both servers when, where and by whom a pair's values were set; its cache has the answer then.
    package func fetchStamps(of pair: PairID) async throws {
        _ = try await request("/stamps?pair=\(pair.rawValue)", post: true)
    }

    private func request(_ path: String, post: Bool, body: Data? = nil) async throws -> String {
        guard access(socket, R_OK | W_OK) == 0 else {
            throw errno == EACCES ? Failure.notPermitted(socket: socket) : Failure.notRunning(socket: socket)
        }
        let host = socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? socket
        var request = HTTPClientRequest(url: "http+unix://\(host)\(path)")
        request.method = post ? .POST : .GET
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let response: HTTPClientResponse
        do {
            response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        } catch {
            throw Failure.notRunning(socket: socket)
        }
        let body = try await response.body.collect(upTo: 64 << 20)
        let text = String(buffer: body)
        guard response.status == .ok else {
            throw Failure.refused(text.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return text
    }
}
