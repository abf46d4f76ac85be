import Glibc

@testable import Cache

/// A cache in a directory of its own, removed with it.
final class TemporaryCache: Sendable {
    let path: String

    init() throws {
        var template = Array("/dev/shm/syncline-cache-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CacheError(.permission, path: "/dev/shm") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } + "/cache"
    }

    deinit { remove(String(path.dropLast("/cache".count))) }

    func open(
        _ mode: Cache.Mode = .readWrite,
        options: CacheOptions = CacheOptions(),
        key: CacheEncryptionKey? = nil
    ) throws -> Cache {
        try Cache.open(at: path, mode: mode, options: options, key: key)
    }

    private func remove(_ directory: String) {
        guard let stream = opendir(directory) else { return }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            let path = directory + "/" + name
            if entry.pointee.d_type == UInt8(DT_DIR) { remove(path) } else { unlink(path) }
        }
        closedir(stream)
        rmdir(directory)
    }
}
