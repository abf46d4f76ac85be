import Cache
import Foundation
import Hummingbird

// What the daemon tells of its cache, by the same code as commands that may read the cache themselves.
extension AdminServer {
    func addQueryRoutes(to router: Router<AdminRequestContext>) {
        addQuery(NamedPairs.self, to: router)
        addQuery(QuarantinedPairs.self, to: router)
        addQuery(ReportQuery<QuarantineReport>.self, to: router)
        addQuery(ReportQuery<HoldsReport>.self, to: router)
        addQuery(HoldDecisionQuery.self, to: router)
        addQuery(ReportQuery<ConflictListReport>.self, to: router)
        addQuery(ReportQuery<ConflictShowReport>.self, to: router)
        addQuery(ConflictResolveQuery.self, to: router)
        addQuery(ReportQuery<ExplainReport>.self, to: router)
    }

    private func addQuery<Query: CacheQuery>(_: Query.Type, to router: Router<AdminRequestContext>) {
        router.post("queries/\(Query.name)") { request, _ in
            let body = try await request.body.collect(upTo: Self.bodyOctets)
            guard let query = try? JSONDecoder().decode(Query.self, from: Data(String(buffer: body).utf8)) else {
                return Self.text(
                    "the daemon does not understand the query \(Query.name); is syncline of its version?\n",
                    status: .badRequest
                )
            }
            do {
                return try Self.json(try await desk.answer { try query.answer(try inspected()) })
            } catch let error as LookupError {
                return Self.text("\(error)\n", status: .notFound)
            } catch let error as CacheError {
                return Self.text("\(error)\n", status: .internalServerError)
            }
        }
    }
}
