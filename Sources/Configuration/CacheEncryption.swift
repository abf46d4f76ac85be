/// With what the cache is encrypted.
package struct CacheEncryption: Sendable, Hashable {
    /// The path of the file with the key, absolute.
    package var keyFile: String
    /// What is in the file, to the last octet. In which form it holds the key is not known here.
    package var key: Secret
}

/// Reads how the cache is encrypted.
struct CacheEncryptionReader {
    /// `cache` of the file.
    let section: Section
    /// The directory of the cache, absolute.
    let directory: String

    /// Nil where the cache is not to be encrypted, or something was reported.
    func read() -> CacheEncryption? {
        let encrypt = section["encrypt"]?.asFlag()
        // What is wrong with that one has been reported, and decides what the other means.
        if encrypt == nil, section.mentions("encrypt") { return nil }
        guard encrypt == true else {
            section.refuse("keyFile", "has a meaning only with `encrypt: true`", remedy: "remove it, or add that")
            return nil
        }
        guard section.mentions("keyFile") else {
            section["encrypt"]?.report(
                "`\(section.path).encrypt: true` needs a file with the key",
                remedy: "add `\(Grammar.example(of: "\(section.path).keyFile"))`"
            )
            return nil
        }
        guard let value = section["keyFile"], let file = section.reading.files.key(value) else { return nil }
        if file.path.hasPrefix("\(directory)/") {
            value.report(
                "`\(value.path)`: \(file.path) lies in the cache's own directory, so whoever gets the one has the other",
                remedy: "move it to a place of its own: `\(Grammar.example(of: value.path))`"
            )
        }
        return CacheEncryption(keyFile: file.path, key: file.key)
    }
}
