import CTestSupport
import Foundation
import Fuzzing
import Glibc

/// A client that knows nothing of HTTP.
enum UnixSocket {
    /// Sends the octets, says that no more come, and takes what is answered.
    static func exchange(_ octets: [UInt8], path: String) throws -> [UInt8] {
        let descriptor = try connect(path)
        defer { close(descriptor) }
        var sent = 0
        while sent < octets.count {
            let count = octets.withUnsafeBytes {
                send(descriptor, $0.baseAddress.map { $0 + sent }, octets.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return answer }
            answer.append(contentsOf: buffer.prefix(count))
        }
    }

    /// For tests within the server's process, whose few threads must not be waited on.
    ///
    /// - Parameter user: who asks, user and group; nil: who runs the tests.
    static func exchangeOnThread(_ octets: [UInt8], path: String, as user: UInt32? = nil) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        if let user, ctest_become(user, user) != 0 { throw Violation("can't be user \(user)") }
                        return try exchange(octets, path: path)
                    }
                )
            }
        }
    }

    /// Whether somebody takes connections there: the file is there a moment before.
    static func isOpen(_ path: String) -> Bool {
        guard let descriptor = try? connect(path) else { return false }
        close(descriptor)
        return true
    }

    static func connect(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else {
            close(descriptor)
            throw Violation("nobody listens at \(path)")
        }
        return descriptor
    }
}
