import Cache
import Configuration
import CoreMetrics
import Foundation
import LMDB
import Logging
import Mapping
import ServiceLifecycle
import SyncEngine
import SyncModel

#if canImport(Glibc)
    import Glibc
#endif

/// The daemon from configuration to exit code.
package struct Daemon {
    /// sysexits(3) EX_CONFIG: a service manager must not try again.
    package static let exitConfiguration: Int32 = 78
    private static let metrics = PrometheusFactory()

    private let configurationPath: String

    package init(configurationPath: String) { self.configurationPath = configurationPath }

    /// Runs in the foreground until SIGTERM or SIGINT. SIGHUP loads the configuration anew; a bad one is reported and the old one stays.
    package func run() async -> Int32 {
        // What the service makes is for its own user only; a core dump would hold passwords.
        umask(0o077)
        var noCore = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)

        var configuration: Configuration
        do throws(ConfigurationErrors) {
            configuration = try Configuration.load(path: configurationPath)
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            return Daemon.exitConfiguration
        }
        let level = Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .info
        LoggingSystem.bootstrap { label in
            var handler = BoundedLogHandler(StreamLogHandler.standardError(label: label))
            handler.logLevel = label == AuditLog.label ? min(level, .notice) : level
            return handler
        }
        MetricsSystem.bootstrap(Daemon.metrics)
        let logger = Logger(label: "synclined")
        // A reload leaves its connections standing.
        let gateway = GatewayHost(logger: logger)
        let course = Course(configurationPath: configurationPath, logger: logger)

        while true {
            do {
                try await session(configuration, course, gateway, logger)
            } catch let error as CacheError {
                logger.critical("\(error)")
                return EXIT_FAILURE
            } catch {
                logger.critical("Could not go on", metadata: ["error": "\(error)"])
                return EXIT_FAILURE
            }
            guard let next = course.takeNext() else { break }
            configuration = next
            logger.notice("Going on with the new configuration")
        }
        // The end may have been asked for after the gateway was told to wait for the next session.
        await gateway.close()
        logger.notice("Stopped")
        return EXIT_SUCCESS
    }

    /// One run with one configuration.
    private func session(
        _ configuration: Configuration,
        _ course: Course,
        _ gateway: GatewayHost,
        _ logger: Logger
    ) async throws {
        let wiring = try Wiring(configuration)
        try AdminSocketOwner.check(configuration.adminAccess)
        for problem in FileExposure.problems(configuration) {
            logger.warning(
                "Files are less closed than they should be",
                metadata: ["problem": "\(problem.seen)", "remedy": "\(problem.remedy)"]
            )
        }
        // A power cut may undo the last transactions. The feeds then go on from the older cursor, and comparing the
        // states finds what was written already.
        let cache = try Cache.open(
            at: configuration.cachePath,
            mode: .readWrite,
            options: CacheOptions(durability: .allButTheLast),
            key: configuration.cacheKey
        )
        defer { try? cache.close() }
        var engine = Engine(configuration: wiring.engineConfiguration())
        engine = try cache.write { transaction in
            var attempt = engine
            try attempt.recover(
                transaction,
                mapping: Octets(configuration.mappingDigest),
                conflicts: Octets(configuration.conflictDigest),
                now: .now
            )
            return attempt
        }
        let session = try Session(wiring: wiring, cache: cache, gateway: gateway, logger: logger)
        let admin = session.adminServer(metrics: Daemon.metrics)
        try removeStaleSocket(configuration.adminSocket)
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)

        var services: [any Service] = [EngineService(loop: session.loop, engine: engine, writers: session.writers)]
        for side in Side.allCases { services.append(session.feedService(side)) }
        services.append(session.progressService())
        services.append(session.comparisonService())
        services.append(HoldAlarmService(loop: session.loop, logger: logger))
        services.append(
            RetentionService(
                cache: cache,
                keepsConflicts: configuration.conflicts.retention,
                keepsHistory: configuration.historyRetention,
                logger: logger
            )
        )
        services.append(admin.socketApplication(path: configuration.adminSocket, logger: quiet))
        if let http = configuration.adminHTTP {
            services.append(admin.loopbackApplication(host: http.host, port: Int(http.port), logger: quiet))
        }
        services.append(
            GatewayService(host: gateway, wiring: wiring, cache: cache, course: course, logger: logger)
        )
        services.append(CourseService(course: course))
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(
                        service: $0,
                        successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup
                    )
                },
                logger: quiet
            )
        )
        logger.notice(
            "Syncline is starting",
            metadata: ["objects": "\(configuration.objects.map(\.name).joined(separator: ", "))"]
        )
        await course.heedSignals()
        ServiceNotification.send("READY=1")
        try await group.run()
        ServiceNotification.send(course.next == nil ? "STOPPING=1" : "RELOADING=1")
        unlink(configuration.adminSocket)
    }

    /// A socket that a killed daemon left behind. The cache is ours alone, so nobody can be listening.
    private func removeStaleSocket(_ path: String) throws {
        guard let status = try? FileManager.default.attributesOfItem(atPath: path) else { return }
        guard status[.type] as? FileAttributeType == .typeSocket else {
            throw DaemonError(description: "\(path) exists and is no socket; change admin.socket or remove it")
        }
        unlink(path)
    }
}

struct DaemonError: Error, CustomStringConvertible {
    var description: String
}
