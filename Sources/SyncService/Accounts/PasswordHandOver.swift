import Configuration
import Cryptography
import Foundation
import SyncModel
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Keeps initial passwords for whoever hands them on: each sealed to a certificate's key and appended to a file, in the order in which they were made. Nothing
/// of them is ever on the disk in the clear.
final class PasswordHandOver: Sendable {
    private let recipient: MessageRecipient
    private let file: String
    /// One at a time, so that messages never mix.
    private let turn = Mutex(())

    init(_ settings: AccountSettings.HandOver) throws {
        let path = settings.certificateFile
        guard let pem = FileManager.default.contents(atPath: path) else {
            throw PasswordHandOverError(
                description: "\(path) can't be read; let the account that Syncline runs as read it"
            )
        }
        do {
            recipient = try MessageRecipient(pem: [UInt8](pem))
        } catch {
            throw PasswordHandOverError(
                description:
                    "\(path): \(error); accounts.handOver.certificateFile wants one with a key of RSA or an elliptic curve"
            )
        }
        file = settings.file
    }

    /// Returns once it is on the disk.
    func keep(_ password: InitialPassword) throws {
        let sealed = try recipient.seal(HandedPassword(password, at: Date()).encoded())
        try turn.withLock { _ in try append(Array(sealed.utf8)) }
    }

    private func append(_ octets: [UInt8]) throws {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        let descriptor = open(file, flags, 0o600)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("examine") }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0 else {
            throw PasswordHandOverError(
                description: "\(file) is not a file of its owner alone; run `chmod 600 \(file)`"
            )
        }
        var written = 0
        while written < octets.count {
            let count = octets[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let error = failure("write to")
                // What is cut short would spoil the message that follows.
                ftruncate(descriptor, status.st_size)
                throw error
            }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw failure("write to") }
    }

    private func failure(_ operation: String) -> PasswordHandOverError {
        PasswordHandOverError(description: "cannot \(operation) \(file): \(String(cString: strerror(errno)))")
    }
}

struct PasswordHandOverError: Error, CustomStringConvertible {
    var description: String
}

/// What is sealed of an initial password: JSON, whose keys `initial-passwords --json` promises.
struct HandedPassword: Codable, Hashable {
    /// When it was made, ISO 8601 in UTC.
    var time: String
    var side: String
    /// The account's DN then.
    var entry: String
    var account: String
    var password: String

    init(_ password: InitialPassword, at time: Date) {
        self.time = time.formatted(.iso8601)
        side = password.side.name
        entry = password.name.description
        account = password.account
        self.password = String(decoding: password.password, as: UTF8.self)
    }

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self))
    }
}
