import BenchSamples
import Cache
import Foundation
import LMDB
import SyncModel

/// Makes a cache of many people and a configuration that fits it, for `syncline cache` to be measured on, and measures what a line of history costs.
/// Prints one line of JSON.
@main
struct CacheBench {
    static func main() throws {
        let words = CommandLine.arguments
        guard words.count == 3, let people = Int(words[2]), people > 0 else {
            FileHandle.standardError.write(Data("usage: cache-bench FOLDER PEOPLE\n".utf8))
            exit(64)
        }
        let folder = words[1]
        try writeConfiguration(folder)
        let population = try CachePopulation()
        // Nothing here outlives the measurement, so nothing is waited for.
        let cache = try Cache.open(
            at: folder + "/cache",
            options: CacheOptions(durability: .allButTheLast, initialMapOctets: 1 << 30)
        )
        try population.fill(cache, people: people)
        let costs = try RecordCosts(population, people: people).measure(cache)
        try cache.close()
        let fields = costs.map { "\"\($0.name)\": [\($0.microseconds.map { "\($0)" }.joined(separator: ", "))]" }
        print("{\"entries\": \(2 * people), \(fields.joined(separator: ", "))}")
    }

    /// Secrets are files, which nobody reads here.
    private static func writeConfiguration(_ folder: String) throws {
        let rules = Samples.attributes.map { "      - {ad: \($0.ad), miniorange: \($0.miniorange)}" }
        let text = """
            version: 1
            cache: {path: "\(folder)/cache"}
            admin: {socket: "\(folder)/admin.sock"}
            ad:
              servers: [ldaps://dc1.syncline.test]
              base: "DC=syncline,DC=test"
              bind: {dn: svc@syncline.test, passwordFile: "\(folder)/password"}
            miniorange:
              servers: [ldaps://ldap.syncline.test]
              base: "dc=syncline,dc=test"
              bind: {dn: "cn=syncline,dc=syncline,dc=test", passwordFile: "\(folder)/password"}
            objects:
              - name: people
                kind: user
                ad: {base: "\(Samples.bases.ad)"}
                miniorange: {base: "\(Samples.bases.miniorange)"}
                match: [{ad: sAMAccountName, miniorange: uid}]
                attributes:
            \(rules.joined(separator: "\n"))

            """
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, contents) in [("syncline.yaml", text), ("password", "none\n")] {
            let path = "\(folder)/\(name)"
            try contents.write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
    }
}
