import Foundation
import Glibc
import LDAPClient
import SyncModel
import Synchronization

/// A server that accepts every bind (or says something else first), answers whatever comes next with octets that the test gives, and
/// hangs up.
final class AnsweringServer: Sendable {
    static let bound: [UInt8] = [0x30, 12, 2, 1, 1, 0x61, 7, 0x0A, 1, 0, 4, 0, 4, 0]

    private let listener: TestListener
    private let first: [UInt8]
    private let each: (@Sendable (Int64) -> [UInt8])?
    private let answer = Mutex<[UInt8]>([])
    private let taken = Mutex<[UInt8]>([])
    var endpoint: LDAPEndpoint { LDAPEndpoint(transport: .ldap, host: "127.0.0.1", port: listener.port) }

    /// - Parameter each: what every request after the bind is answered with, by its message id, until the client goes.
    init(first: [UInt8] = bound, each: (@Sendable (Int64) -> [UInt8])? = nil) throws {
        self.first = first
        self.each = each
        listener = try TestListener()
        let thread = Thread { [weak self, descriptor = listener.descriptor] in
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0, let self else { return }
                self.serve(client)
                Glibc.close(client)
            }
        }
        thread.start()
    }

    /// What the next connections are answered with.
    func send(_ octets: [UInt8]) { answer.withLock { $0 = octets } }

    /// What came before the answers, as far as it is text.
    var received: String { String(decoding: taken.withLock(\.self), as: UTF8.self) }

    private func serve(_ client: Int32) {
        var request = [UInt8](repeating: 0, count: 4096)
        guard take(client, &request), write(client, first, first.count) > 0, take(client, &request) else { return }
        if let each { return serve(client, &request, each) }
        let octets = answer.withLock { $0 }
        var sent = 0
        while sent < octets.count {
            let count = octets.withUnsafeBytes {
                Glibc.send(client, $0.baseAddress.map { $0 + sent }, octets.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
        // What the client still sends is taken, so that its end does not overtake what was sent.
        shutdown(client, Int32(SHUT_WR))
        while read(client, &request, request.count) > 0 {}
    }

    /// A request is one message, and comes in one piece.
    private func serve(_ client: Int32, _ request: inout [UInt8], _ each: (Int64) -> [UInt8]) {
        var count = request.count
        repeat {
            var reader = BERReader(Octets(request.prefix(count)))
            guard var message = try? reader.constructed(), let number = try? message.integer() else { return }
            let octets = each(number)
            guard write(client, octets, octets.count) > 0 else { return }
            count = read(client, &request, request.count)
        } while count > 0
    }

    private func take(_ client: Int32, _ request: inout [UInt8]) -> Bool {
        let count = read(client, &request, request.count)
        guard count > 0 else { return false }
        taken.withLock { if $0.count < 1 << 16 { $0 += request.prefix(count) } }
        return true
    }
}
