internal import LDAPClient
internal import SyncModel

/// The way that was chosen at one server, and why.
struct FeedChoice: Sendable {
    var way: FeedWay
    var reason: String

    /// `kept` is the way of the cursor: another one would cost a complete read, so under `auto` it stays while it can be had.
    static func choose(
        _ settings: MiniOrangeSettings,
        _ server: DirectoryServer,
        kept: FeedWay?
    ) async throws -> FeedChoice {
        switch settings.feed {
        case .accesslog:
            if let obstacle = try await accesslogObstacle(settings, server, isForced: true) {
                throw MiniOrangeError.wayUnavailable(.accesslog, reason: obstacle)
            }
            return FeedChoice(way: .accesslog, reason: "configured")
        case .syncrepl:
            if let obstacle = try await syncObstacle(server, server.searchBase) {
                throw MiniOrangeError.wayUnavailable(.syncrepl, reason: obstacle)
            }
            return FeedChoice(way: .syncrepl, reason: "configured")
        case .polling:
            return FeedChoice(way: .polling, reason: "configured")
        case .auto:
            break
        }
        let syncObstacle = try await syncObstacle(server, server.searchBase)
        if kept == .syncrepl, syncObstacle == nil {
            return FeedChoice(way: .syncrepl, reason: "it was used before, and changing would cost a complete read")
        }
        guard let obstacle = try await accesslogObstacle(settings, server, isForced: false) else {
            return FeedChoice(way: .accesslog, reason: "the access log is there and has every change")
        }
        guard let syncObstacle else {
            return FeedChoice(way: .syncrepl, reason: "content synchronisation is offered; no access log: \(obstacle)")
        }
        return FeedChoice(
            way: .polling,
            reason: "no content synchronisation: \(syncObstacle); no access log: \(obstacle)"
        )
    }

    /// Why a tree can't be followed by content synchronisation; nil where it can.
    private static func syncObstacle(
        _ server: DirectoryServer,
        _ base: DistinguishedName
    ) async throws -> String? {
        guard server.rootDSE.supportsSync else { return "the server does not know content synchronisation" }
        // Every slapd with the module says that it knows the control, but only a database with the overlay takes it.
        let cookie = try await server.position(of: base)
        let probe = SearchRequest(
            base: base.description,
            scope: .base,
            filter: "(!(objectClass=*))",
            attributes: ["1.1"],
            controls: [SyncRequest(mode: .refreshOnly, cookie: cookie?.octets).control]
        )
        do {
            _ = try await server.connection.search(probe)
            return nil
        } catch {
            guard error.serverResult != nil, error.disposition != .reconnect else { throw error }
            return error.code == .syncRefreshRequired ? nil : "\(base): \(error)"
        }
    }

    /// Why the access log can't be followed; nil where it can.
    private static func accesslogObstacle(
        _ settings: MiniOrangeSettings,
        _ server: DirectoryServer,
        isForced: Bool
    ) async throws -> String? {
        let base = settings.accesslogBase
        do {
            let request = SearchRequest(base: base.description, scope: .base, attributes: ["1.1"])
            guard try await !server.connection.search(request).entries.isEmpty else { return "\(base) can't be read" }
        } catch {
            guard error.serverResult != nil, error.disposition != .reconnect else { throw error }
            return "\(base): \(error.code.name)"
        }
        if let obstacle = try await syncObstacle(server, base) { return obstacle }
        return try await recordObstacle(settings, server, isForced)
    }

    /// The records must tell all: looked at by one of them, and by whether the newest change of the directory is among them.
    private static func recordObstacle(
        _ settings: MiniOrangeSettings,
        _ server: DirectoryServer,
        _ isForced: Bool
    ) async throws -> String? {
        let request = SearchRequest(
            base: settings.accesslogBase.description,
            scope: .subtree,
            filter: "(&(objectClass=auditModify)(reqResult=0))",
            attributes: LogRecord.requested,
            sizeLimit: 1
        )
        // A size limit of one is exceeded where there are two: what came is what counts.
        let stream = server.connection.stream(request, capacity: 8)
        var record: LogRecord?
        do {
            while case let events = try await stream.nextBatch(limit: 4), !events.isEmpty {
                for case .entry(let entry, _) in events { record = record ?? LogRecord(entry) }
            }
        } catch {
            guard error.serverResult != nil, error.disposition != .reconnect else { throw error }
            guard error.code == .sizeLimitExceeded else { return "\(settings.accesslogBase): \(error.code.name)" }
        }
        if let record {
            guard record.entry["reqEntryUUID"] != nil else { return "its records lack reqEntryUUID" }
            guard record.entry["reqMod"] != nil else { return "its records' reqMod can't be read" }
        }
        if isForced { return nil }
        guard let directory = try await server.position(of: server.searchBase) else {
            return record == nil ? "it has no record, and contextCSN can't be read" : nil
        }
        for attempt in 0..<5 {
            // A write is logged a moment after it was done.
            if attempt > 0 { try await Task.sleep(for: .milliseconds(50)) }
            if let log = try await server.position(of: settings.accesslogBase), log.covers(directory) { return nil }
        }
        return "it does not have the latest change"
    }
}
