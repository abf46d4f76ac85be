import Foundation
import Hummingbird
import Logging
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#endif

/// The admin API: everything on a Unix socket that only the service's own user may open, health and metrics also on a loopback port.
struct AdminServer {
    var status: @Sendable () throws -> StatusReport
    var isAlive: @Sendable () -> Bool
    var setPaused: @Sendable (Bool) -> Void
    var resync: @Sendable (String?) throws -> String
    var metrics: @Sendable () -> String

    func socketApplication(path: String, logger: Logger) -> some Service {
        let router = Router()
        addPublicRoutes(to: router)
        router.get("status") { _, _ in
            try Self.json(self.status())
        }
        router.post("pause") { _, _ in
            self.setPaused(true)
            return Self.text("paused: changes are still taken in, nothing is written\n")
        }
        router.post("resume") { _, _ in
            self.setPaused(false)
            return Self.text("resumed\n")
        }
        router.post("resync") { request, _ in
            do {
                return Self.text(try self.resync(request.uri.queryParameters.get("entry")) + "\n")
            } catch let error as LookupError {
                return Self.text("\(error)\n", status: .notFound)
            }
        }
        return Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .unixDomainSocket(path: path),
                serverName: "synclined"
            ),
            onServerRunning: { _ in
                // The directory may be shared; the socket is not.
                chmod(path, 0o600)
            },
            logger: logger
        )
    }

    func loopbackApplication(host: String, port: Int, logger: Logger) -> some Service {
        let router = Router()
        addPublicRoutes(to: router)
        return Application(
            router: router,
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                serverName: "synclined"
            ),
            logger: logger
        )
    }

    private func addPublicRoutes(to router: Router<BasicRequestContext>) {
        router.get("healthz") { _, _ in
            self.isAlive()
                ? Self.text("ok\n")
                : Self.text("not in working order; see syncline status\n", status: .serviceUnavailable)
        }
        router.get("metrics") { _, _ in
            Self.text(self.metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    private static func json(_ report: StatusReport) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return text(String(decoding: try encoder.encode(report), as: UTF8.self) + "\n", type: "application/json")
    }

    private static func text(
        _ text: String,
        status: HTTPResponse.Status = .ok,
        type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
