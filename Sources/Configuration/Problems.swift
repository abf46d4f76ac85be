/// Collects what is wrong while a file is read, so that one run names all of it.
final class Problems {
    let file: String
    private var errors: [ConfigurationError] = []
    private var reported: Set<ConfigurationError> = []

    init(file: String) {
        self.file = file
    }

    var count: Int { errors.count }

    func report(_ message: String, at position: Position?, remedy: String) {
        let error = ConfigurationError(file: file, position: position, message: message, remedy: remedy)
        // An alias makes one place of the file read several times.
        guard reported.insert(error).inserted else { return }
        errors.append(error)
    }

    /// Everything reported, in the order of the file; nil if nothing was.
    var collected: ConfigurationErrors? {
        guard !errors.isEmpty else { return nil }
        // `sort` is stable: two problems at one place stay in the order in which they were found.
        return ConfigurationErrors(errors.sorted { ($0.position ?? .start) < ($1.position ?? .start) })
    }
}
