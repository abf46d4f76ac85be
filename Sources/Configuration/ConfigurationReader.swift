import Mapping
import SyncModel
import Yams

/// Reads the whole file.
struct ConfigurationReader {
    let reading: Reading

    /// Nil if something was reported that leaves nothing to read.
    func read() -> Configuration? {
        guard let root = reading.document.root, !root.isNull else {
            reading.problems.report("the file is empty", at: .start, remedy: "begin with `version: 1`")
            return nil
        }
        guard let top = Value(node: root, path: "", reading: reading).asSection() else { return nil }
        readVersion(top)
        let cache = top["cache"]?.asSection()
        let cachePath = cache?["path"].flatMap(reading.files.resolve) ?? Configuration.defaultCachePath
        let cacheEncryption = cache.flatMap { CacheEncryptionReader(section: $0, directory: cachePath).read() }
        let admin = top["admin"]?.asSection()
        let log = top["log"]?.asSection()
        let ad = readSide(.ad, top)
        let miniorange = readSide(.miniorange, top)
        let (reconcile, isLive) = readSchedule(top)
        let conflicts = top["conflicts"]?.asSection()
        let objects = ObjectsReader(
            defaults: readDefaults(top, conflicts: conflicts),
            bases: PerSide(ad: ad?.base, miniorange: miniorange?.base)
        ).read(top)
        let accountsReader = AccountSettingsReader(section: top["accounts"]?.asSection())
        let accounts = accountsReader.read()
        let gateway = top["gateway"]?.asSection().flatMap {
            GatewayReader(section: $0).read(ad: ad, miniorange: miniorange)
        }
        guard let ad, let miniorange else { return nil }
        let files = reading.files
        return Configuration(
            file: reading.problems.file,
            cachePath: cachePath,
            cacheEncryption: cacheEncryption,
            historyRetention: cache?["history"].map { $0.asRetention() } ?? 90 * 86_400_000,
            adminSocket: admin?["socket"].flatMap(files.resolve) ?? Configuration.defaultAdminSocket,
            adminAccess: admin.map { AdminAccessReader(section: $0).read() } ?? AdminAccess(),
            adminHTTP: admin?["http"].flatMap(readAddress),
            logLevel: log?["level"].flatMap(readLogLevel) ?? .info,
            ad: ad,
            miniorange: miniorange,
            conflicts: conflicts.map { ConflictSettingsReader(section: $0).read() } ?? ConflictSettings(),
            reconcile: reconcile,
            isLive: isLive,
            accounts: accounts,
            gateway: gateway,
            objects: accountsReader.apply(accounts, to: objects)
        )
    }

    private func readVersion(_ top: Section) {
        guard let value = top.require("version"), let text = value.asText(), text != "1" else { return }
        value.report("`version: \(text)` is unknown to this version of Syncline", remedy: "write `version: 1`")
    }

    private func readSide(_ side: Side, _ top: Section) -> SideConfiguration? {
        top.require(side.name)?.asSection().map { SideReader(side: side, section: $0).read() }
    }

    private func readLogLevel(_ value: Value) -> LogLevel? {
        value.asChoice([
            "trace": .trace, "debug": .debug, "info": .info, "notice": .notice, "warning": .warning, "error": .error,
            "critical": .critical,
        ])
    }

    private func readAddress(_ value: Value) -> HostAndPort? {
        guard let text = value.asText() else { return nil }
        guard let address = HostAndPort(configured: text) else {
            let remedy = "write `\(Grammar.example(of: value.path))`, or `http: \"[::1]:8389\"`"
            value.report("`\(value.path)` must be host:port, not `\(text)`", remedy: remedy)
            return nil
        }
        guard HostAndPort.isLoopback(address.host) else {
            value.report(
                "`\(value.path)`: `\(address.host)` can be reached from other machines, and the admin API asks nobody's name",
                remedy: "write `http: 127.0.0.1:\(address.port)`, and put a proxy that authenticates in front"
            )
            return nil
        }
        return address
    }

    private func readSchedule(_ top: Section) -> (reconcile: Schedule, isLive: Bool) {
        guard let section = top["schedule"]?.asSection() else { return (.off, true) }
        var reconcile = Schedule.off
        if let value = section["reconcile"], let text = value.asText() {
            if let schedule = Schedule(configured: text) {
                reconcile = schedule
            } else {
                value.report("`\(value.path)` does not know `\(text)`", remedy: "write \(Schedule.forms)")
            }
        }
        guard let mode = section["mode"], let isLive = mode.asChoice(["live": true, "scheduled": false]) else {
            return (reconcile, true)
        }
        if !isLive && reconcile == .off {
            mode.report(
                "`\(mode.path): scheduled` follows no changes in between, and without a time nothing would ever be done",
                remedy: "write `schedule: {mode: scheduled, reconcile: hourly}`, or `mode: live`"
            )
        }
        return (reconcile, isLive)
    }

    private func readDefaults(_ top: Section, conflicts: Section?) -> ObjectDefaults {
        var defaults = ObjectDefaults()
        defaults.direction = top["direction"]?.asDirection() ?? .both
        if let conflicts {
            defaults.conflicts =
                ConflictPolicyReader(section: conflicts, ruleKey: "rule", outer: ConflictPolicy()).read()
        }
        if let deletes = top["deletes"]?.asSection() {
            defaults.deletions = DeletionsReader(section: deletes, outer: defaults.deletions).read()
        }
        return defaults
    }
}

/// What an object takes over where it says nothing itself.
struct ObjectDefaults {
    var direction = Direction.both
    var conflicts = ConflictPolicy()
    var deletions = DeletionRule(limit: .usual)
}

extension Value {
    func asDirection() -> Direction? {
        asChoice(["both": .both, "to-ad": .toAD, "to-miniorange": .toMiniOrange])
    }

    func asDeletePolicy() -> DeletePolicy? {
        asChoice(["delete": .delete, "disable": .disable, "move": .move, "keep": .keep])
    }

    /// The direction here, within that of what holds it: it narrows, and never widens.
    func asDirection(within outer: Direction) -> Direction? {
        guard let direction = asDirection() else { return nil }
        guard outer != .both, direction != outer else { return direction }
        report(
            "`\(path): \(direction.configured)` is wider than the `\(outer.configured)` that holds around it",
            remedy: "remove it, or widen the outer `direction`"
        )
        return nil
    }
}

extension Direction {
    /// The word in the file.
    var configured: String {
        switch self {
        case .both: "both"
        case .toAD: "to-ad"
        case .toMiniOrange: "to-miniorange"
        }
    }
}
