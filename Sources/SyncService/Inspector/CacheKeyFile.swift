import Cache
import Configuration
import Foundation
import SyncModel

extension Configuration {
    /// What the cache is encrypted with; nil where it is not to be.
    var cacheKey: CacheEncryptionKey? {
        cacheEncryption.map { CacheEncryptionKey(file: $0.keyFile, contents: $0.key.octets) }
    }
}

/// Why a key file that a command names does not serve.
struct CacheKeyFileError: Error, CustomStringConvertible {
    let description: String
}

extension CacheEncryptionKey {
    /// Reads a key file that a command names. Throws ``CacheKeyFileError``.
    init(readingFile file: String) throws {
        let attributes: [FileAttributeKey: Any]
        do {
            // A link says nothing of what it leads to.
            let target = URL(fileURLWithPath: file).resolvingSymlinksInPath().path
            attributes = try FileManager.default.attributesOfItem(atPath: target)
        } catch {
            throw CacheKeyFileError(description: "\(file) can't be read; \(Self.making(file))")
        }
        // Of a pipe or a device the reading might never end.
        guard attributes[.type] as? FileAttributeType == .typeRegular,
            let octets = attributes[.size] as? Int, Self.leastOctets...Self.mostOctets ~= octets
        else { throw CacheKeyFileError(description: "\(file) holds no key of 256 bits; \(Self.making(file))") }
        guard let mode = attributes[.posixPermissions] as? Int, mode & 0o077 == 0 else {
            throw CacheKeyFileError(
                description: "others than its owner may use \(file); run `chmod 600 \(file)`,"
                    + " and make a new key if others could read it"
            )
        }
        guard let contents = FileManager.default.contents(atPath: file) else {
            throw CacheKeyFileError(description: "\(file) can't be read; run this as the user who runs synclined")
        }
        self.init(file: file, contents: Octets([UInt8](contents)))
    }

    private static func making(_ file: String) -> String {
        "make one: `(umask 077 && openssl rand -base64 32 >\(file))`"
    }
}
