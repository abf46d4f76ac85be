import Cache
import Configuration
import Mapping
import SyncModel

/// How a command of the inspector ends.
enum InspectorRun {
    /// Something was found that an admin should look at.
    static let found: Int32 = 1

    /// Runs `body`, says what went wrong, and gives the exit code.
    ///
    /// - Parameter isStream: whether it prints as long as it runs, and asks in between whether it shall end.
    static func perform(
        _ output: InspectorOutput,
        isStream: Bool = false,
        _ body: () throws -> Int32
    ) -> Int32 {
        if isStream { Interruption.watch() }
        do {
            let code = try body()
            try output.flush()
            return code
        } catch InspectorOutput.End.readerGone {
            return 0
        } catch InspectorOutput.End.interrupted {
            return fail("interrupted; what was printed is not all", output)
        } catch InspectorOutput.End.failed(let reason) {
            return fail(reason, output)
        } catch {
            // What was found before it is true nevertheless.
            try? output.flush()
            return fail(words(of: error), output)
        }
    }

    private static func fail(_ text: String, _ output: InspectorOutput) -> Int32 {
        output.complain(text)
        return CommandOutput.untold
    }

    private static func words(of error: any Error) -> String {
        switch error {
        case let error as CacheError: "\(error)"
        case let error as ConfigurationErrors: "\(error)"
        case let error as MappingError: "\(error)"
        case let error as LookupError: "\(error)"
        case let error as FilterError: "\(error)"
        default: "\(error)"
        }
    }
}
