import Foundation
import Hummingbird
import SyncEngine
import SyncModel

// What waits for a person, and what is set aside.
extension AdminServer {
    func addHoldRoutes(to router: Router<AdminRequestContext>) {
        for (word, verdict) in [("approve", HoldVerdict.approve), ("reject", .reject)] {
            router.post("holds/:id/\(word)") { request, context in
                guard let id = context.parameters.get("id", as: UInt64.self) else {
                    return Self.text("a hold is named by its number\n", status: .badRequest)
                }
                return try await self.decide(request) { .decide(HoldID(id), verdict, $0) }
            }
            router.post("vanished/:side/\(word)") { request, context in
                guard let side = Side.allCases.first(where: { $0.name == context.parameters.get("side") }) else {
                    return Self.text("a side is ad or miniorange\n", status: .badRequest)
                }
                return try await self.decide(request) { .judge(verdict, vanishedAt: side, $0) }
            }
        }
        for action in QuarantineAction.allCases {
            router.post("quarantine/\(action.rawValue)") { request, _ in
                guard let pairs = try await Self.pairs(of: request) else { return Self.pairsWanted }
                var found: [Bool] = []
                for pair in pairs {
                    let event: EngineEvent = action == .drop ? .drop(pair) : .retry(pair)
                    guard case .isQuarantined(let wasThere) = try await self.ask(event) else {
                        throw HTTPError(.internalServerError)
                    }
                    found.append(wasThere)
                }
                return try Self.json(found)
            }
        }
    }

    private func decide(_ request: Request, _ event: ([PairID]) -> EngineEvent) async throws -> Response {
        guard let pairs = try await Self.pairs(of: request) else { return Self.pairsWanted }
        guard case .hold(let answer) = try await ask(event(pairs)) else { throw HTTPError(.internalServerError) }
        return try Self.json(HoldDecisionReply(answer))
    }

    private static var pairsWanted: Response { text("send {\"pairs\": [NUMBER, …]}\n", status: .badRequest) }

    private static func pairs(of request: Request) async throws -> [PairID]? {
        let body = try await request.body.collect(upTo: bodyOctets)
        let wanted = try? JSONDecoder().decode(HoldDecisionRequest.self, from: Data(String(buffer: body).utf8))
        return wanted?.pairs.map { PairID($0) }
    }
}
