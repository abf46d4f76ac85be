internal import SyncModel
internal import Synchronization

/// What our own writer is doing to the entries of a side, and has done: one object for the writer and the feed.
///
/// A group that changed by our own write has no members that we would not know of, unless someone else changed it in the same moment.
package final class OwnWrites: Sendable {
    private struct State {
        var underWay: [Anchor: Int] = [:]
        var adds = 0
        /// As of which version entries hold what we wrote.
        var versions: [Anchor: Version] = [:]
        /// Those of entries that are told in full by the answer to our write; not of groups, whose members somebody else may have changed as well.
        var answered: [Version] = []
    }

    private static let mostVersions = 10_000
    private static let mostAnswered = 200
    private let state = Mutex(State())

    package init() {}

    /// What an operation changes; nil where it only reads, or deletes.
    private enum Target {
        case added
        case entry(Anchor)

        init?(_ operation: WriteOperation) {
            switch operation {
            case .add: self = .added
            case .modify(let anchor, _, _, _), .rename(let anchor, _, _, _), .editValues(let anchor, _, _):
                self = .entry(anchor)
            default: return nil
            }
        }
    }

    func begin(_ operation: WriteOperation) {
        guard let target = Target(operation) else { return }
        state.withLock { state in
            switch target {
            case .added: state.adds += 1
            case .entry(let anchor): state.underWay[anchor, default: 0] += 1
            }
        }
    }

    func end(_ operation: WriteOperation, _ outcome: WriteOutcome) {
        guard let target = Target(operation) else { return }
        state.withLock { state in
            switch target {
            case .added: state.adds -= 1
            case .entry(let anchor):
                let count = state.underWay[anchor, default: 1] - 1
                state.underWay[anchor] = count > 0 ? count : nil
            }
            switch outcome {
            case .done(let entry), .edited(let entry, _, _):
                if state.versions.count >= Self.mostVersions { state.versions = [:] }
                state.versions[entry.anchor] = entry.version
                guard !EntryReading.isGroup(entry.attributes["objectclass"]) else { break }
                if state.answered.count >= Self.mostAnswered { state.answered.removeFirst(Self.mostAnswered / 2) }
                state.answered.append(entry.version)
            default: break
            }
        }
    }

    /// USNs beyond `position` of which the feed need not tell: an entry that has one of them is as the answer to our write told it.
    func answered(after position: UInt64, at server: Anchor) -> [UInt64] {
        state.withLock { state in
            let numbers = state.answered.compactMap { version -> UInt64? in
                guard case .usn(let number, server) = version, number > position else { return nil }
                return number
            }
            state.answered = numbers.map { .usn($0, invocationID: server) }
            return numbers
        }
    }

    /// Whether it may be by a write of ours alone that an entry has this version.
    func mayHaveMade(_ version: Version, of anchor: Anchor) -> Bool {
        state.withLock { state in
            if state.underWay[anchor] != nil { return true }
            guard let last = state.versions[anchor] else { return state.adds > 0 }
            guard case .usn(let number, let server) = version, case .usn(let ownNumber, let ownServer) = last else {
                return false
            }
            return server == ownServer && number <= ownNumber
        }
    }
}
