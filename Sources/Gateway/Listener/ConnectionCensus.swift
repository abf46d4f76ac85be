internal import NIOCore
internal import Synchronization

/// The connections that are open, and whether another may be.
final class ConnectionCensus: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var counts: [String: Int] = [:]
        var refused = 0
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.channels.count } }
    /// Since the start.
    var refused: Int { state.withLock { $0.refused } }
    var channels: [any Channel] { state.withLock { Array($0.channels.values) } }

    /// False where there are too many, of all or of this address.
    func admit(_ channel: any Channel, from address: String, _ limits: GatewaySettings.Limits) -> Bool {
        state.withLock { state in
            let count = state.counts[address, default: 0]
            guard state.channels.count < limits.connections, count < limits.connectionsPerAddress else {
                state.refused += 1
                return false
            }
            state.channels[ObjectIdentifier(channel)] = channel
            state.counts[address] = count + 1
            return true
        }
    }

    func leave(_ channel: any Channel, from address: String) {
        state.withLock { state in
            guard state.channels.removeValue(forKey: ObjectIdentifier(channel)) != nil else { return }
            let left = state.counts[address, default: 1] - 1
            state.counts[address] = left == 0 ? nil : left
        }
    }
}
