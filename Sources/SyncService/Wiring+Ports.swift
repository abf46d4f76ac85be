import ActiveDirectory
import Configuration
import Logging
import MiniOrange
import SyncModel

/// The feeds and writers that a configuration calls for.
extension Wiring {
    func activeDirectorySettings() throws -> ActiveDirectorySettings {
        let side = configuration.ad
        let feeding: ActiveDirectorySettings.Feeding =
            switch side.feed {
            case .usn: .usn
            case .dirsync: .dirsync
            default: .auto
            }
        return ActiveDirectorySettings(
            endpoints: try endpoints(.ad),
            tls: tls(.ad),
            credentials: credentials(.ad),
            timeouts: timeouts(.ad),
            pulse: side.pulse,
            writesInFlight: side.writesInFlight,
            feeding: feeding
        )
    }

    func miniOrangeSettings() throws -> MiniOrangeSettings {
        let side = configuration.miniorange
        let feed: MiniOrangeSettings.FeedChoice =
            switch side.feed {
            case .accesslog: .accesslog
            case .syncrepl: .syncrepl
            case .polling: .polling
            default: .auto
            }
        return MiniOrangeSettings(
            endpoints: try endpoints(.miniorange),
            tls: tls(.miniorange),
            credentials: credentials(.miniorange),
            timeouts: timeouts(.miniorange),
            feed: feed,
            accesslogBase: side.accesslogBase,
            pollInterval: side.pulse,
            writesInFlight: side.writesInFlight
        )
    }

    func feeds(
        logger: Logger,
        status: @escaping @Sendable (FeedStatus) -> Void
    ) throws -> PerSide<any DirectoryFeed> {
        PerSide(
            ad: try ActiveDirectoryFeed(
                settings: try activeDirectorySettings(),
                view: views.ad,
                logger: logger,
                status: { status(FeedStatus($0)) }
            ),
            miniorange: MiniOrangeFeed(
                settings: try miniOrangeSettings(),
                view: views.miniorange,
                logger: logger,
                onStatus: status
            )
        )
    }

    func writers(logger: Logger) throws -> PerSide<any DirectoryWriter> {
        PerSide(
            ad: try ActiveDirectoryWriter(settings: try activeDirectorySettings(), view: views.ad, logger: logger),
            miniorange: MiniOrangeWriter(
                settings: try miniOrangeSettings(),
                view: views.miniorange,
                logger: logger
            )
        )
    }
}

extension FeedStatus {
    init(_ status: ActiveDirectoryFeedStatus) {
        let state: State =
            switch status.phase {
            case .connecting: .connecting
            case .loading(let entries): .loading(read: entries, expected: nil)
            case .live: .live
            case .waiting(let delay): .waiting(retryInMilliseconds: delay.wholeNanoseconds / 1_000_000)
            }
        let remarks = ([status.reloadReason].compactMap { $0 } + status.remarks).joined(separator: "; ")
        self.init(
            side: .ad,
            server: status.server,
            way: "usn",
            reason: [status.way, remarks].filter { !$0.isEmpty }.joined(separator: "; "),
            state: state,
            problem: status.error
        )
    }
}
