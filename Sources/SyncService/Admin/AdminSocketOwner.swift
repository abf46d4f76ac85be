import Configuration
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Who may open the admin socket at all, by the file system.
enum AdminSocketOwner {
    /// What the kernel lets in. With roles and no group everybody comes in, and is then asked who they are.
    static func mode(_ access: AdminAccess) -> mode_t {
        access.group != nil ? 0o660 : access.roles != nil ? 0o666 : 0o600
    }

    /// Before anything listens: whether what is configured can be had here.
    static func check(_ access: AdminAccess) throws {
        guard let name = access.group else { return }
        guard let group = getgrnam(name) else {
            throw DaemonError(description: "admin.group: there is no group \(name) here; make it, or remove the key")
        }
        var count = getgroups(0, nil)
        var own = [gid_t](repeating: 0, count: Int(max(count, 0)))
        count = getgroups(count, &own)
        guard geteuid() == 0 || getegid() == group.pointee.gr_gid || own.contains(group.pointee.gr_gid) else {
            throw DaemonError(
                description:
                    "admin.group: the service's account is no member of \(name), so that it can't give it the socket; "
                    + "write SupplementaryGroups=\(name) into the unit, or add the account to the group"
            )
        }
    }

    /// Narrow from its first moment, since it was made under the service's umask, and then as wide as configured.
    static func apply(_ access: AdminAccess, to path: String) throws {
        if let name = access.group, let group = getgrnam(name) {
            guard chown(path, uid_t.max, group.pointee.gr_gid) == 0 else {
                throw DaemonError(
                    description: "\(path) can't be given to the group \(name): \(String(cString: strerror(errno)))"
                )
            }
        }
        guard chmod(path, mode(access)) == 0 else {
            throw DaemonError(description: "\(path): its mode can't be set: \(String(cString: strerror(errno)))")
        }
    }
}
