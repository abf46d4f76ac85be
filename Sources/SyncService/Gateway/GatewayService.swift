import Cache
import Configuration
import Gateway
import Logging
import ServiceLifecycle
import SyncModel

/// Runs the password gateway with one configuration. A port that is taken keeps nothing else from running: it is tried again.
struct GatewayService: Service {
    let host: GatewayHost
    let wiring: Wiring
    let cache: Cache
    let course: Course
    let logger: Logger

    private static let retry = Duration.seconds(5)
    /// Between two looks at the certificate's files.
    private static let look = Duration.seconds(5)
    private static let settleLimit = Duration.seconds(5)

    func run() async throws {
        guard let configuration = wiring.configuration.gateway else {
            await host.close()
            try? await gracefulShutdown()
            return
        }
        let directories = try GatewayDirectories(configuration, wiring: wiring, cache: cache)
        await cancelWhenGracefulShutdown { await serve(configuration, directories) }
        await directories.close()
    }

    private func serve(_ configuration: GatewayConfiguration, _ directories: GatewayDirectories) async {
        guard let (server, memory) = await open(configuration) else { return }
        let gateway = PasswordGateway(
            settings: configuration.settings,
            directories: directories,
            memory: memory,
            logger: logger,
            audit: Logger(label: "audit")
        )
        server.use(gateway)
        await withTaskGroup { group in
            group.addTask { await gateway.deliver() }
            group.addTask {
                while true {
                    do { try await Task.sleep(for: Self.look) } catch { return }
                    server.refreshCertificate()
                }
            }
        }
        // The end has come for this configuration, or for all. This task is cancelled, and what follows has to wait for others.
        await Task {
            if host.isKept(by: course.next) {
                server.release()
            } else {
                await host.close()
            }
            await gateway.settle(within: Self.settleLimit)
        }.value
    }

    /// Nil where the end came first.
    private func open(_ configuration: GatewayConfiguration) async -> (server: GatewayServer, memory: GatewayMemory)? {
        var last = ""
        while !Task.isCancelled {
            do {
                return try await host.open(configuration)
            } catch {
                if "\(error)" != last {
                    last = "\(error)"
                    logger.error("There is no password gateway yet", metadata: ["reason": "\(error)"])
                }
                try? await Task.sleep(for: Self.retry)
            }
        }
        return nil
    }
}
