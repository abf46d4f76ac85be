import Foundation
import Logging
import MiniOrange
import SyncModel
import Synchronization

/// Takes the events of a feed as the engine would, and lets a test wait for what must come.
final class FeedMirror: Sendable {
    struct Known: Sendable {
        var entries: [Anchor: EntrySnapshot] = [:]
        var deleted: Set<Anchor> = []
        var edits: [Anchor: [AttributeEdit]] = [:]
        var cursor: Cursor?
        var completes: [[Anchor]?] = []
        var connects = 0
        var disconnects = 0
        var stepBacks = 0
        var roots: [EntrySnapshot] = []
        var statuses: [FeedStatus] = []
        var lastChange: ContinuousClock.Instant?
        /// Values of member attributes that were told, whole or as edits.
        var membersTold = 0
        /// Entries that were told with their members.
        var wholeEntries = 0

        /// Polling and content synchronisation tell of entries outside, too, since one of them may have left.
        var inScope: [Anchor] {
            entries.values.filter { $0.name.description.hasSuffix(TestSlapd.people) }.map(\.anchor)
        }

        func entry(_ name: String) -> EntrySnapshot? {
            entries.values.first { $0.name.description.lowercased() == name.lowercased() }
        }
    }

    private let state = Mutex(Known())
    private let task = Mutex<Task<Void, any Error>?>(nil)

    init(cursor: Cursor? = nil) {
        state.withLock { $0.cursor = cursor }
    }

    var known: Known { state.withLock(\.self) }

    /// Follows until ``stop()``; may be called again after it.
    func start(_ settings: MiniOrangeSettings, _ view: DirectoryView, _ demand: ReadingDemand = .none) {
        let feed = MiniOrangeFeed(settings: settings, view: view, logger: Logger(label: "test")) { status in
            self.state.withLock { $0.statuses.append(status) }
        }
        let cursor = known.cursor
        task.withLock { task in
            task = Task { try await feed.run(from: cursor, demand) { self.take($0) } }
        }
    }

    func stop() async {
        await stopKeepingStatuses()
        state.withLock { $0.statuses = [] }
    }

    func stopKeepingStatuses() async {
        let running = task.withLock { task in
            defer { task = nil }
            return task
        }
        running?.cancel()
        _ = await running?.result
    }

    /// Waits until it holds, or a minute: a server that is only polled may be looked through every 20th of the time, and a look is slow on a busy machine.
    func until(_ fact: String, _ holds: @Sendable (Known) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while !holds(known) {
            guard ContinuousClock.now < end else {
                throw TestFailure("never: \(fact); last \(String(describing: known.statuses.last))")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func untilLive() async throws {
        try await until("live") { $0.statuses.last?.state == .live }
    }

    private func take(_ event: FeedEvent) {
        state.withLock { state in
            switch event {
            case .connected(_, let roots, let stepBack):
                state.connects += 1
                if stepBack != nil { state.stepBacks += 1 }
                state.roots = roots
            case .disconnected: state.disconnects += 1
            case .steppedBack: state.stepBacks += 1
            case .clock: break
            case .changes(let changes, let cursor):
                state.lastChange = .now
                for change in changes { Self.take(change, &state) }
                if let cursor { state.cursor = cursor }
            case .complete(let present, let cursor):
                state.completes.append(present)
                state.cursor = cursor
            }
        }
    }

    private static let memberAttributes = ["member", "memberuid", "uniquemember"]

    private static func take(_ change: Change, _ state: inout Known) {
        switch change {
        case .present(let entry):
            var entry = entry
            let old = state.entries[entry.anchor]
            if entry.tellsMembers {
                state.wholeEntries += 1
            } else if let old {
                for name in memberAttributes { entry.attributes[name] = old.attributes[name] }
            }
            if let old, !entry.version.supersedes(old.version), old.tellsMembers || !entry.tellsMembers { return }
            for name in memberAttributes where entry.tellsMembers {
                state.membersTold += entry.attributes[name].count
            }
            entry.tellsMembers = entry.tellsMembers || old?.tellsMembers == true
            state.entries[entry.anchor] = entry
        case .members: break
        case .deleted(let anchor, _):
            state.entries[anchor] = nil
            state.deleted.insert(anchor)
        case .edited(let anchor, let edits, _, let version, _):
            state.edits[anchor, default: []] += edits
            guard var entry = state.entries[anchor], version.supersedes(entry.version) else { return }
            entry.version = version
            for edit in edits {
                if memberAttributes.contains(edit.name) { state.membersTold += edit.values.count }
                switch edit.kind {
                case .replace: entry.attributes[edit.name] = edit.values
                case .add: entry.attributes[edit.name] += edit.values
                case .delete:
                    entry.attributes[edit.name] =
                        edit.values.isEmpty ? [] : entry.attributes[edit.name].filter { !edit.values.contains($0) }
                }
            }
            state.entries[anchor] = entry
        }
    }
}
