import ActiveDirectory
import Configuration
import Logging
import Mapping
import MiniOrange
import SyncEngine
import SyncModel

/// The feeds and writers that a configuration calls for.
/// The feeds of both sides; each can also read its side as a whole beside its stream.
struct Feeds {
    let ad: ActiveDirectoryFeed
    let miniorange: MiniOrangeFeed

    subscript(side: Side) -> any DirectoryFeed { side == .ad ? ad : miniorange }

    var scanners: PerSide<any DirectoryScanner> { PerSide(ad: ad, miniorange: miniorange) }
}

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
            // A poll is a search through an index at best; the pulse is meant for questions that cost nothing.
            pollInterval: max(side.pulse, .milliseconds(500)),
            writesInFlight: side.writesInFlight
        )
    }

    private func miniOrangeWriterSettings() throws -> MiniOrangeSettings {
        var settings = try miniOrangeSettings()
        // As many as the engine may have on their way.
        settings.writesInFlight += EngineConfiguration.urgentWrites
        let users = mappings.map(\.specification).filter { $0.kind == .user }.map(\.name)
        settings.passwords = (Set(users), passwords(.miniorange))
        return settings
    }

    func feeds(
        logger: Logger,
        status: @escaping @Sendable (FeedStatus) -> Void
    ) throws -> Feeds {
        Feeds(
            ad: try ActiveDirectoryFeed(
                settings: try activeDirectorySettings(),
                view: views.ad,
                logger: logger,
                choice: domainController,
                ownWrites: ownWrites,
                status: { status($0.feedStatus) }
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
            ad: try ActiveDirectoryWriter(
                settings: try activeDirectorySettings(),
                view: views.ad,
                logger: logger,
                choice: domainController,
                ownWrites: ownWrites,
                passwords: passwords(.ad)
            ),
            miniorange: MiniOrangeWriter(
                settings: try miniOrangeWriterSettings(),
                view: views.miniorange,
                logger: logger
            )
        )
    }
}
