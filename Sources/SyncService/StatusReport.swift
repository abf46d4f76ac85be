import Cache
import Foundation
import SyncEngine
package import SyncModel

/// What `syncline status` tells: the same facts for people and, as JSON, for machines.
package struct StatusReport: Codable, Sendable {
    /// How far a server's clock is from ours.
    package struct Clock: Codable, Sendable, Equatable {
        /// The server's is ahead by so much; negative: behind.
        package var offsetMilliseconds: Int
        /// So much `offsetMilliseconds` may be wrong by, either way.
        package var uncertaintyMilliseconds: Int
        package var measured: String

        package init(_ estimate: ClockEstimate) {
            offsetMilliseconds = Int(clamping: estimate.offset)
            uncertaintyMilliseconds = Int(clamping: estimate.uncertainty)
            measured = estimate.measured.text
        }
    }

    package struct SideReport: Codable, Sendable {
        package var state: String
        package var server: String?
        package var feed: String
        package var feedReason: String
        package var problem: String?
        package var loaded: Bool
        package var entries: Int
        package var entriesRead: Int?
        package var entriesExpected: Int?
        package var writesInFlight: Int
        package var changesSeen: Int
        package var writesMade: Int
        /// Who is in which group there, counted one by one.
        package var memberships: Int
        /// Nil: not measured.
        package var clock: Clock?
        /// When, and by what, the server was last seen to hold an older state. Nil: never.
        package var lastSetBack: String?
    }

    package struct Progress: Codable, Sendable {
        package var pairsLeft: Int
        package var pairsPerSecond: Double
        package var secondsLeft: Double?
    }

    /// A membership that a server would not take.
    package struct RefusedMember: Codable, Sendable {
        package var group: String
        package var member: String
        /// `ad` or `miniorange`: who refuses it.
        package var side: String
        /// `add` or `remove`.
        package var operation: String
        package var reason: String
        package var attempts: Int
        package var nextAttempt: String?
    }

    package struct QuarantineEntry: Codable, Sendable {
        package var pair: UInt64
        package var entry: String
        package var reason: String
        package var attempts: Int
        package var nextAttempt: String?
    }

    package var state: String
    package var problems: [String]
    package var uptimeSeconds: Double?
    package var ad: SideReport
    package var miniorange: SideReport
    package var pairs: Int
    /// Of the pairs.
    package var groups: Int
    /// Of the pairs: containers that are kept in agreement themselves.
    package var containers: Int
    package var backlog: Int
    package var lagSeconds: Double
    /// All that the report holds.
    package var conflicts: Int
    /// Those that wait for a person.
    package var openConflicts: Int
    /// Of the conflicts: differences that were found when entries were joined.
    package var joinDifferences: Int
    /// Those that are open.
    package var holds: [HoldEntry]
    /// Deletions that are not carried yet, besides those that are held.
    package var waitingDeletions: Int
    package var quarantined: Int
    package var quarantine: [QuarantineEntry]
    package var waitingReferences: Int
    /// Memberships of entries that are not, or not yet, in scope. They stand at their server and are never dropped.
    package var parkedMembers: Int
    package var refusedMembers: Int
    /// At most 20 of them.
    package var refused: [RefusedMember]
    package var progress: Progress?
    /// Nil where the daemon does not run, or is of a version that knows none.
    package var reconcile: Reconcile?
    /// Nil: there is none, or the daemon does not run.
    package var gateway: GatewayStatus?
    package var cachePath: String
    package var cacheOctets: Int

    /// Whether there is nothing that an admin should look at.
    package var isHealthy: Bool {
        problems.isEmpty && quarantined == 0 && openConflicts == 0 && holds.isEmpty && ["live", "idle"].contains(state)
    }
}

extension StatusReport {
    /// Fills in what the cache knows; the daemon adds what only it knows.
    init(cache: Cache, census: Census, now: Timestamp) throws {
        let statistics = try cache.statistics()
        let facts = try cache.read { transaction in
            (
                loaded: PerSide(
                    ad: try transaction.isLoaded(.ad),
                    miniorange: try transaction.isLoaded(.miniorange)
                ),
                entries: PerSide(
                    ad: try transaction.countReplicas(.ad),
                    miniorange: try transaction.countReplicas(.miniorange)
                ),
                pairs: try transaction.count(.pairs), backlog: try transaction.count(.dirty),
                intents: try transaction.count(.intents), conflicts: try transaction.count(.conflicts),
                joins: try transaction.countJoinDifferences(), open: try transaction.countOpenConflicts(),
                holds: try StatusReport.openHolds(transaction),
                waitingDeletions: try StatusReport.countDeletions(transaction).waiting,
                clocks: PerSide(
                    ad: try KeptClock.read(.ad, transaction),
                    miniorange: try KeptClock.read(.miniorange, transaction)
                ),
                quarantined: try transaction.count(.quarantine), waiting: try transaction.count(.waiting),
                lag: try StatusReport.lag(transaction, now: now),
                quarantine: try StatusReport.quarantine(transaction, limit: 20),
                parked: try transaction.count(.parkedLinks), refusedCount: try transaction.count(.refusedLinks),
                refused: try StatusReport.refused(transaction, limit: 20),
                problems: try StatusReport.doubts(transaction),
                setBacks: PerSide(
                    ad: try Engine.lastSetBack(.ad, transaction),
                    miniorange: try Engine.lastSetBack(.miniorange, transaction)
                )
            )
        }
        func side(_ side: Side) -> SideReport {
            SideReport(
                state: "not running",
                server: nil,
                feed: "",
                feedReason: "",
                problem: nil,
                loaded: facts.loaded[side],
                entries: facts.entries[side],
                entriesRead: nil,
                entriesExpected: nil,
                writesInFlight: 0,
                changesSeen: 0,
                writesMade: 0,
                memberships: census.memberships[side],
                clock: facts.clocks[side].map(Clock.init),
                lastSetBack: facts.setBacks[side].map { "\($0.since.text), \($0.cause.words): \($0.reason)" }
            )
        }
        self.init(
            state: "not running",
            problems: facts.problems,
            uptimeSeconds: nil,
            ad: side(.ad),
            miniorange: side(.miniorange),
            pairs: facts.pairs,
            groups: census.groups,
            containers: census.containers,
            backlog: facts.backlog + facts.intents,
            lagSeconds: facts.lag,
            conflicts: facts.conflicts,
            openConflicts: facts.open,
            joinDifferences: facts.joins,
            holds: facts.holds,
            waitingDeletions: facts.waitingDeletions,
            quarantined: facts.quarantined,
            quarantine: facts.quarantine,
            waitingReferences: facts.waiting,
            parkedMembers: facts.parked + census.ofStrangers,
            refusedMembers: facts.refusedCount,
            refused: facts.refused,
            progress: nil,
            reconcile: nil,
            cachePath: cache.path,
            cacheOctets: statistics.usedOctets
        )
    }

    /// How long the oldest of the pairs that are looked at next has waited, in seconds. Pairs that are set aside do not count.
    static func lag(_ transaction: CacheTransaction, now: Timestamp) throws -> Double {
        let anyQuarantined = try transaction.count(.quarantine) > 0
        var oldest = now
        for pair in try transaction.dirty(after: nil, limit: 1_000) {
            guard try !anyQuarantined || transaction.quarantine(pair) == nil, let record = try transaction.dirty(pair)
            else { continue }
            oldest = min(oldest, record.since)
        }
        return max(0, Double(now.milliseconds - oldest.milliseconds) / 1_000)
    }

    /// The memberships that were refused, group by group.
    static func refused(_ transaction: CacheTransaction, limit: Int) throws -> [RefusedMember] {
        guard try transaction.count(.refusedLinks) > 0 else { return [] }
        let naming = EntryNaming(transaction)
        var found: [RefusedMember] = []
        var last: PairID?
        while found.count < limit {
            let page = try transaction.quarantined(after: last, limit: 100)
            for (pair, record) in page {
                guard case .members = record.reason else { continue }
                for (link, refused) in try transaction.refusedLinks(of: pair, limit: limit - found.count) {
                    found.append(
                        RefusedMember(
                            group: try naming.name(of: link.group, link.side) ?? "an unknown group",
                            member: try naming.name(of: link.member, link.side) ?? "an unknown entry",
                            side: link.side.name,
                            operation: refused.isAddition ? "add" : "remove",
                            reason: refused.refusal.words,
                            attempts: refused.attempts,
                            nextAttempt: refused.next.text
                        )
                    )
                }
            }
            guard page.count == 100, let end = page.last?.0 else { break }
            last = end
        }
        return found
    }

    static func quarantine(_ transaction: CacheTransaction, limit: Int) throws -> [QuarantineEntry] {
        try transaction.quarantined(after: nil, limit: limit).map { pair, record in
            QuarantineEntry(
                pair: pair.rawValue,
                entry: try EntryNaming(transaction).label(of: pair),
                reason: try EntryNaming(transaction).refusedMember(of: pair, record.reason) + record.reason.explanation,
                attempts: record.attempts,
                nextAttempt: record.next.map { $0.text }
            )
        }
    }
}

extension Timestamp {
    /// ISO 8601 in UTC.
    package var text: String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1_000).formatted(.iso8601)
    }
}

extension QuarantineReason {
    /// What happened and what to do, for a person.
    package var explanation: String {
        switch self {
        case .refused(let side, let refusal):
            return "\(side.name) refuses the write\(refusal.explanation)"
        case .ambiguousMatch(let rule, let candidates):
            return """
                match rule \(rule + 1) finds \(candidates.count) candidates and none is guessed; make the matching value unique, \
                or correct the entry
                """
        case .noCounterpartForParent:
            return "its container does not exist on the other side; create it there, and the entry follows"
        case .missingRequiredValue(let name):
            return "\(name) is required on the other side and has no value here; set it"
        case .members(let side, let count, let refusal):
            let what = count == 1 ? "one of the group's members" : "\(count) of the group's members"
            return "\(side.name) refuses \(what)\(refusal.explanation)"
        case .vanished(let side):
            return """
                \(side.name) does not show the entry any more, and nothing proves that it was deleted there; let the account see it again, \
                or decide: syncline approve --vanished \(side.name) has the other side follow, syncline reject --vanished \(side.name) has it made again
                """
        case .returned(let side):
            return """
                it is from before \(side.name)'s server was set back, and both sides had agreed that it is deleted; delete it there again, or have it \
                created on the other side by syncline resync ENTRY
                """
        case .unreadable(let side, let attributes):
            let names = attributes.joined(separator: ", ")
            return """
                \(side.name) does not show \(names) of the entry any more, and the account may not read it, so that nobody knows whether it was emptied; \
                the rest is carried; let the account read it again, and this is tried again by itself, or at once by syncline quarantine retry
                """
        case .protected(let side):
            return "the entry on \(side.name) is protected (adminCount=1) and is never written; the difference stays"
        }
    }
}
