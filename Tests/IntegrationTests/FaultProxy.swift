import Foundation
import Support
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Stands between a client and a server and forwards octets, also those of TLS, which it can't read; while it is faulty it delays, cuts,
/// truncates, stalls and resets connections. The laboratory's certificates hold for 127.0.0.1, where it listens.
final class FaultProxy: Sendable {
    private struct State {
        var random: SplitMix64
        var isFaulty = false
        var isClosed = false
        var counts: [FaultPlan.Fault: Int] = [:]
        var connections = 0
    }

    let port: UInt16
    private let listener: Int32
    private let target: sockaddr_in
    private let state: Mutex<State>

    /// - Parameter address: of the server, an IPv4 address.
    init(to address: String, port target: UInt16, seed: UInt64) throws {
        state = Mutex(State(random: SplitMix64(seed: seed)))
        self.target = Self.address(address, target)
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        var own = Self.address("127.0.0.1", 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) | listen(listener, 64) | getsockname(listener, address, &size)
            }
        }
        guard code == 0 else { throw ProgramFailure(words: "no port for the proxy") }
        port = UInt16(bigEndian: own.sin_port)
        Thread.detachNewThread { self.accept() }
    }

    var uri: String { "ldaps://127.0.0.1:\(port)" }
    /// What has befallen how many connections.
    var counts: [FaultPlan.Fault: Int] { state.withLock { $0.counts } }
    var connections: Int { state.withLock { $0.connections } }

    func setFaulty(_ isFaulty: Bool) { state.withLock { $0.isFaulty = isFaulty } }

    /// Ends what is open and takes nothing more.
    func close() {
        state.withLock { $0.isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    fileprivate var isFaulty: Bool { state.withLock { $0.isFaulty } }
    fileprivate var isClosed: Bool { state.withLock { $0.isClosed } }
    fileprivate func plan() -> FaultPlan { state.withLock { FaultPlan(&$0.random) } }
    fileprivate func count(_ fault: FaultPlan.Fault) { state.withLock { $0.counts[fault, default: 0] += 1 } }

    private func accept() {
        while !isClosed {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { continue }
            state.withLock { $0.connections += 1 }
            Thread.detachNewThread { self.serve(client) }
        }
        Glibc.close(listener)
    }

    private func serve(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var target = target
        let code = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if code == 0 { FaultyConnection(self, client: client, server: server).run() }
        Glibc.close(client)
        Glibc.close(server)
    }

    private static func address(_ text: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, text, &address.sin_addr)
        return address
    }
}

/// One connection through the proxy. Each direction has a thread; both descriptors are closed after both have ended.
private final class FaultyConnection: Sendable {
    private enum End: Sendable { case open, closed, reset }

    private let proxy: FaultProxy
    private let client: Int32
    private let server: Int32
    private let state: Mutex<(plan: FaultPlan, end: End)>

    init(_ proxy: FaultProxy, client: Int32, server: Int32) {
        self.proxy = proxy
        self.client = client
        self.server = server
        state = Mutex((proxy.plan(), .open))
        for descriptor in [client, server] {
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        }
    }

    func run() {
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            self.pump(.toServer, from: self.client, to: self.server)
            done.signal()
        }
        pump(.toClient, from: server, to: client)
        done.wait()
        guard state.withLock({ $0.end }) == .reset else { return }
        for descriptor in [client, server] {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        }
    }

    private func finish(_ end: End) { state.withLock { if $0.end == .open { $0.end = end } } }
    private var isOpen: Bool { state.withLock { $0.end == .open } && !proxy.isClosed }

    private func pump(_ direction: FaultPlan.Direction, from source: Int32, to target: Int32) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        var passed = 0
        var late = 0
        while isOpen {
            var descriptor = pollfd(fd: source, events: Int16(POLLIN), revents: 0)
            // Short, so that the end of the other direction is seen.
            guard poll(&descriptor, 1, 50) != 0 else { continue }
            var count = read(source, &buffer, buffer.count)
            guard count > 0 else { return finish(.closed) }
            passed += count
            let plan = state.withLock { $0.plan }
            if proxy.isFaulty, plan.direction == direction, passed > plan.after {
                if late == 0 { proxy.count(plan.fault) }
                switch plan.fault {
                case .delay:
                    usleep(UInt32(plan.milliseconds * 1_000))
                    late += 1
                    if late == 8 {
                        state.withLock { $0.plan = proxy.plan() }
                        (late, passed) = (0, 0)
                    }
                case .cut: return finish(.closed)
                case .truncate: count = max(1, count / 2)
                case .stall: return stall(plan.milliseconds)
                case .reset: return finish(.reset)
                }
            }
            guard send(buffer.prefix(count), to: target) else { return finish(.closed) }
            if proxy.isFaulty, plan.direction == direction, plan.fault == .truncate, passed > plan.after {
                return finish(.closed)
            }
        }
    }

    private func stall(_ milliseconds: Int) {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while isOpen, proxy.isFaulty, ContinuousClock.now < end { usleep(20_000) }
        finish(.reset)
    }

    private func send(_ octets: ArraySlice<UInt8>, to target: Int32) -> Bool {
        var rest = octets
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
