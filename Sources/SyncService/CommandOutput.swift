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

    /// Where the service listens, or nil after the configuration's errors were printed. Who steers the service need be able to read neither
    /// the passwords nor the configuration: without it, the usual place is meant.
    static func adminSocket(at path: String) -> String? {
        if access(path, R_OK) != 0, errno == EACCES { return Configuration.defaultAdminSocket }
        do throws(ConfigurationErrors) {
            return try Configuration.adminSocket(path: path)
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
