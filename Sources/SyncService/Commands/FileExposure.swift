import Configuration
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Files that others than the service's account can get at. Those with secrets are refused when the configuration is read; these are not secrets
/// by themselves, and what may be seen of them is the admin's choice.
enum FileExposure {
    /// What is wrong and what to do; empty where nothing is.
    static func problems(_ configuration: Configuration) -> [(seen: String, remedy: String)] {
        var problems: [(String, String)] = []
        if let mode = mode(configuration.file), mode & 0o022 != 0 {
            problems.append(
                (
                    "others than its owner may write \(configuration.file) (mode \(text(mode))): what the accounts may do, they may do",
                    "run `chmod go-w \(configuration.file)`"
                )
            )
        }
        if let mode = mode(configuration.cachePath), mode & 0o077 != 0 {
            let reach = mode & 0o022 != 0 ? "may write to" : "may look into"
            problems.append(
                (
                    "others than its owner \(reach) \(configuration.cachePath) (mode \(text(mode))), where both directories' contents are",
                    "run `chmod 700 \(configuration.cachePath)`"
                )
            )
        }
        return problems
    }

    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    private static func text(_ mode: mode_t) -> String { String(mode & 0o777, radix: 8) }
}
