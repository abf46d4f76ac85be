import Hummingbird
import Logging
import NIOCore

/// A request with the channel that it came by.
struct AdminRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// Lets a request pass whose sender has the role for it, and writes down who steers.
struct AdminGate: RouterMiddleware {
    typealias Context = AdminRequestContext

    /// Of a path, in the log.
    private static let shownCharacters = 200

    let policy: AdminPolicy
    /// Notes who did what, without what was sent: values may be secret.
    let audit: Logger

    func handle(
        _ request: Request,
        context: AdminRequestContext,
        next: (Request, AdminRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let peer = try await AdminPeer.of(context.channel) else { return try await next(request, context) }
        let needed = AdminRole.needed(
            forReading: request.method == .get || request.method == .head,
            path: request.uri.path
        )
        let (name, groups) = try await peer.lookUp()
        let role = policy.role(user: peer.user, groups: groups)
        let isAllowed = role.map { $0 >= needed } ?? false
        if needed > .look || !isAllowed {
            audit.log(
                level: isAllowed ? .notice : .warning,
                isAllowed ? "Asked for" : "Refused",
                metadata: [
                    "user": "\(name)", "process": "\(peer.process)",
                    "request":
                        "\(request.method.rawValue) \(String(request.uri.path.prefix(Self.shownCharacters)).printable)",
                ]
            )
        }
        guard isAllowed else {
            let allowed = policy.groups(with: needed)
            let who =
                allowed.isEmpty ? "root and the service's own account" : "members of \(allowed.joined(separator: ", "))"
            let words =
                "\(name) may not do this: it takes the role \(needed.rawValue), which \(who) have (admin.roles)\n"
            return Response(
                status: .forbidden,
                headers: [.contentType: "text/plain; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: words))
            )
        }
        return try await next(request, context)
    }
}
