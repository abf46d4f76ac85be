/// One parser of octets that come from a server, a file or a client, and what valid input of it looks like.
package struct FuzzSubject: Sendable {
    package enum Parse: Sendable {
        /// What is returned is looked at for its size, and so is what it leaves behind.
        case whole(@Sendable ([UInt8]) throws -> Any?)
        /// A parser that waits for others, such as one behind a socket.
        case waiting(@Sendable ([UInt8]) async throws -> Void)
    }

    package let name: String
    /// Valid inputs, made by the encoders where there are any. Never empty.
    package let samples: [[UInt8]]
    /// Words of the language, to be strewn in.
    package let tokens: [[UInt8]]
    /// Inputs of an ordinary subject in whose place one of this is run.
    package let cost: Int
    package let parse: Parse

    /// Any error but ``Violation`` is a refusal, which is as good an answer as a value.
    package init(
        _ name: String,
        _ samples: [[UInt8]],
        tokens: [String] = [],
        cost: Int = 1,
        _ parse: @escaping @Sendable ([UInt8]) throws -> Any?
    ) {
        precondition(!samples.isEmpty, "\(name) has no samples")
        self.name = name
        self.samples = samples
        self.tokens = tokens.map { Array($0.utf8) }
        self.cost = cost
        self.parse = .whole(parse)
    }

    package init(
        _ name: String,
        waiting samples: [[UInt8]],
        tokens: [String] = [],
        cost: Int,
        _ parse: @escaping @Sendable ([UInt8]) async throws -> Void
    ) {
        precondition(!samples.isEmpty, "\(name) has no samples")
        self.name = name
        self.samples = samples
        self.tokens = tokens.map { Array($0.utf8) }
        self.cost = cost
        self.parse = .waiting(parse)
    }

    package static func text(
        _ name: String,
        _ samples: [String],
        tokens: [String] = [],
        cost: Int = 1,
        _ parse: @escaping @Sendable (String) throws -> Any?
    ) -> FuzzSubject {
        FuzzSubject(name, samples.map { Array($0.utf8) }, tokens: tokens, cost: cost) { octets in
            try parse(String(decoding: octets, as: UTF8.self))
        }
    }
}

/// What must never happen, whatever the input: a value that does not come back as it was, say.
package struct Violation: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    package static func unless(_ holds: Bool, _ description: @autoclosure () -> String) throws {
        if !holds { throw Violation(description()) }
    }
}

/// An entry as a fuzzer can damage it: lines of `name: value`, the same name again for further values.
package func attributeLines(_ octets: [UInt8]) -> [(name: String, values: [[UInt8]])] {
    var attributes: [(name: String, values: [[UInt8]])] = []
    for line in octets.split(separator: 0x0A) {
        guard let colon = line.firstIndex(of: 0x3A) else { continue }
        let name = String(decoding: line[..<colon], as: UTF8.self)
        let value = Array(line[(colon + 1)...].drop { $0 == 0x20 })
        if let index = attributes.firstIndex(where: { $0.name == name }) {
            attributes[index].values.append(value)
        } else {
            attributes.append((name, [value]))
        }
    }
    return attributes
}
