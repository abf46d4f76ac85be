import Configuration

#if canImport(Glibc)
    import Glibc
#endif

/// Who reads the cache for a command.
enum CacheReader {
    /// The command itself.
    case command
    /// The daemon, for who may read neither the cache nor the passwords that the configuration names.
    case daemon(AdminClient)
}

extension InspectorOptions {
    /// Throws `ConfigurationErrors`, `AdminClient.Failure`.
    func reader() throws -> CacheReader {
        if cachePath != nil { return .command }
        if !AdminClient.isClosed(configurationPath) {
            guard AdminClient.isClosed(try Configuration.cachePath(path: configurationPath), R_OK | X_OK) else {
                return .command
            }
        }
        return .daemon(try AdminClient(configurationPath: configurationPath))
    }

    /// Has the cache asked by who may read it. Throws what that throws.
    func answer<Query: CacheQuery>(_ query: Query) async throws -> Query.Answer {
        switch try reader() {
        case .command: try query.answer(InspectedCache(self))
        case .daemon(let client): try await client.answer(query)
        }
    }
}
