import Configuration
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Where commands print.
enum CommandOutput {
    static func text(_ text: String) {
        FileHandle.standardOutput.write(Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
    }

    static func json(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return }
        text(String(decoding: data, as: UTF8.self))
    }

    static func complain(_ text: String) {
        FileHandle.standardError.write(Data("syncline: \(text)\n".utf8))
    }

    /// The exit code of "could not tell".
    static let untold: Int32 = 2

    /// Says why and returns the exit code of "could not tell".
    static func fail(_ text: String) -> Int32 {
        complain(text)
        return untold
    }

    /// The daemon that runs with this configuration, or nil after it was said why that is not known.
    static func daemon(at path: String) -> AdminClient? {
        do {
            return try AdminClient(configurationPath: path)
        } catch {
            complain("\(error)")
            return nil
        }
    }

    /// The configuration, or nil after its errors were printed.
    static func configuration(at path: String) -> Configuration? {
        do throws(ConfigurationErrors) {
            return try Configuration.load(path: path)
        } catch {
            complain("\(error)")
            return nil
        }
    }
}
