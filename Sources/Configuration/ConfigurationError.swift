/// One thing that is wrong with a configuration file, and what to write instead.
package struct ConfigurationError: Hashable, Sendable {
    /// The file as it was named to ``Configuration/load(path:)``.
    package var file: String
    /// Where in the file; nil where the file as a whole could not be read.
    package var position: Position?
    package var message: String
    /// What to write or do instead.
    package var remedy: String

    package init(file: String, position: Position?, message: String, remedy: String) {
        self.file = file
        self.position = position
        self.message = message
        self.remedy = remedy
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// `file:line:column: message — what to write instead`
    package var description: String {
        let place = position.map { "\(file):\($0)" } ?? file
        return "\(place): \(message) — \(remedy)"
    }
}

/// Everything that is wrong with a configuration file, in the order of the file.
package struct ConfigurationErrors: Error, Hashable, Sendable {
    /// Never empty.
    package var errors: [ConfigurationError]

    package init(_ errors: [ConfigurationError]) {
        self.errors = errors
    }
}

extension ConfigurationErrors: CustomStringConvertible {
    /// One line for each error.
    package var description: String {
        errors.map(\.description).joined(separator: "\n")
    }
}
