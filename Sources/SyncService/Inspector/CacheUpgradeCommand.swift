import Cache
import SyncModel

/// `syncline cache upgrade`: what the daemon does when it starts, without starting it.
package struct CacheUpgradeCommand {
    private let options: InspectorOptions

    package init(_ options: InspectorOptions) { self.options = options }

    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output) {
            do {
                // Opened for writing, a cache would be made where there is none.
                try options.openCache().close()
            } catch let error as CacheError {
                guard case .olderFormat = error.kind else { throw error }
            }
            // In one transaction; a cache in this version's form already stays as it is.
            let cache = try options.openCache(mode: .readWrite)
            let pairs = try cache.read { try $0.count(.pairs) }
            try cache.close()
            if options.isJSON {
                output.json(.object([("format", .int(Cache.format)), ("pairs", .int(pairs))]), isPretty: true)
            } else {
                output.line("the cache has format \(Cache.format), \(pairs) pairs")
            }
            return 0
        }
    }
}
