import Configuration
import Foundation
import SyncModel

#if canImport(Glibc)
    import Glibc
#endif

/// Files that others than the service's account can get at. Those with secrets are refused when the configuration is read; these are not secrets
/// by themselves, and what may be seen of them is the admin's choice.
enum FileExposure {
    typealias Problem = (seen: String, remedy: String)

    /// What is wrong and what to do; empty where nothing is.
    static func problems(_ configuration: Configuration) -> [Problem] {
        var trusted = [(file: configuration.file, harm: "what the accounts may do, they may do")]
        for side in Side.allCases {
            guard let file = configuration[side].caFile, !trusted.contains(where: { $0.file == file }) else { continue }
            trusted.append((file, "they may pass a server of theirs off as \(side.name)"))
        }
        let files = trusted.compactMap { file, harm in
            problem(file, 0o022, "others than its owner may write \(file)", harm, "go-w")
        }
        // Whoever may write a folder may put another file into a file's place.
        var folders: [String] = []
        for path in trusted.map(\.file) + [configuration.adminSocket, configuration.cachePath] {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            if !folders.contains(folder) { folders.append(folder) }
        }
        let places = folders.compactMap { folder -> Problem? in
            // With the sticky bit only the owner of a file may replace it.
            guard let mode = mode(folder), mode & S_ISVTX == 0 else { return nil }
            let words = "others than its owner may replace what is in \(folder)"
            return problem(folder, 0o022, words, "which Syncline trusts", "go-w")
        }
        return files + places + [cacheProblem(configuration.cachePath)].compactMap(\.self)
    }

    private static func cacheProblem(_ path: String) -> Problem? {
        let reach = (mode(path) ?? 0) & 0o022 != 0 ? "may write to" : "may look into"
        let words = "others than its owner \(reach) \(path)"
        return problem(path, 0o077, words, "where both directories' contents are", "700")
    }

    /// Nil where none of the bits is set, or nothing is there.
    private static func problem(
        _ path: String,
        _ bits: mode_t,
        _ words: String,
        _ harm: String,
        _ change: String
    ) -> Problem? {
        guard let mode = mode(path), mode & bits != 0 else { return nil }
        return (
            "\(words) (mode \(String(mode & 0o777, radix: 8))): \(harm)",
            "run `chmod \(change) \(path)`"
        )
    }

    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }
}
