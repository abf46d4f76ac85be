import Cache
import Foundation
import SyncModel

/// `syncline cache backup`: one consistent copy, while the daemon goes on.
package struct CacheBackupCommand {
    private let options: InspectorOptions
    private let destination: String
    private let isCompact: Bool

    /// - Parameter destination: a directory, which is made where there is none and must hold no database.
    package init(_ options: InspectorOptions, destination: String, isCompact: Bool = true) {
        self.options = options
        self.destination = destination
        self.isCompact = isCompact
    }

    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output) {
            let cache = try options.openCache()
            if FileManager.default.fileExists(atPath: destination + "/data.mdb") {
                output.complain("\(destination) holds a database already; name another directory, or remove that one")
                return CommandOutput.untold
            }
            try cache.backup(to: destination, compact: isCompact)
            // A copy that nobody can read is none.
            var place = options
            place.cachePath = destination
            let copy = try place.openCache()
            let pairs = try copy.read { try $0.count(.pairs) }
            let octets = try copy.statistics().usedOctets
            if options.isJSON {
                output.json(
                    .object([
                        ("path", .string(destination)), ("octets", .int(octets)), ("pairs", .int(pairs)),
                    ]),
                    isPretty: true
                )
            } else {
                output.line("\(destination): \(pairs) pairs, \(StatusReport.octets(octets))")
            }
            return 0
        }
    }
}
