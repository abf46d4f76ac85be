import Foundation
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#endif

/// Who is at the other end of a local socket, by the kernel's word.
struct AdminPeer: Sendable {
    var process: Int32
    var user: UInt32
    var group: UInt32

    /// As the kernel gives it: `struct ucred` of unix(7).
    private struct Credentials: Sendable {
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
    }

    /// Nil for a channel that is none of a local socket.
    static func of(_ channel: any Channel) async throws -> AdminPeer? {
        guard let provider = channel as? any SocketOptionProvider else { return nil }
        let found: Credentials = try await provider.unsafeGetSocketOption(
            level: SocketOptionLevel(SOL_SOCKET),
            name: SocketOptionName(SO_PEERCRED)
        ).get()
        return AdminPeer(process: found.process, user: found.user, group: found.group)
    }

    /// The user's name and all groups, by the machine's own user database, which may be a remote one: not to be asked on an event loop.
    func lookUp() async throws -> (name: String, groups: Set<String>) {
        try await NIOThreadPool.singleton.runIfActive { [user, group] in
            var record = passwd()
            var memory = [CChar](repeating: 0, count: 1 << 16)
            var found: UnsafeMutablePointer<passwd>?
            let code = getpwuid_r(user, &record, &memory, memory.count, &found)
            // A user without an entry has the one group that the kernel tells.
            guard code == 0, found != nil, let text = record.pw_name else {
                return ("\(user)", Set([Self.groupName(group)].compactMap(\.self)))
            }
            var count = Int32(65_536)
            var identifiers = [gid_t](repeating: 0, count: Int(count))
            guard getgrouplist(text, record.pw_gid, &identifiers, &count) >= 0 else {
                return (String(cString: text), [])
            }
            let groups = identifiers.prefix(Int(count)) + [group]
            return (String(cString: text), Set(groups.compactMap(Self.groupName)))
        }
    }

    private static func groupName(_ identifier: gid_t) -> String? {
        var record = Glibc.group()
        var memory = [CChar](repeating: 0, count: 1 << 16)
        var found: UnsafeMutablePointer<Glibc.group>?
        guard getgrgid_r(identifier, &record, &memory, memory.count, &found) == 0, found != nil,
            let name = record.gr_name
        else {
            return nil
        }
        return String(cString: name)
    }
}
