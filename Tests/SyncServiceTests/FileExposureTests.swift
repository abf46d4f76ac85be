import Configuration
import Foundation
import SyncModel
import Testing

@testable import SyncService

struct FileExposureTests {
    /// The modes of what Syncline trusts; each test spoils one of them.
    struct Modes: Sendable {
        var cache = 0o700
        var file = 0o640
        var authority = 0o644
        var folder = 0o755
    }

    @Test(
        arguments: [
            (Modes(), []), (Modes(file: 0o644), []), (Modes(cache: 0o750), ["may look into"]),
            (Modes(cache: 0o777), ["may write to"]),
            (Modes(file: 0o660), ["syncline.yaml (mode 660): what the accounts"]),
            (Modes(cache: 0o701, file: 0o602), ["may write", "may look into"]),
            (Modes(authority: 0o664), ["ca.pem (mode 664): they may pass a server of theirs off as ad"]),
            (Modes(folder: 0o775), ["may replace what is in"]), (Modes(folder: 0o1777), []),
        ] as [(Modes, [String])]
    )
    func whatOthersCanGetAtIsNamed(modes: Modes, words: [String]) throws {
        let folder = try ConflictFolder.filled()
        var configuration = try Configuration.load(path: folder.options.configurationPath)
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("exposure-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: "\(place)/cache", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        configuration.cachePath = "\(place)/cache"
        configuration.file = "\(place)/syncline.yaml"
        configuration.adminSocket = "\(place)/admin.sock"
        configuration.ad.caFile = "\(place)/ca.pem"
        configuration.miniorange.caFile = "\(place)/ca.pem"
        for (path, mode) in [
            (configuration.file, modes.file), ("\(place)/ca.pem", modes.authority),
            (configuration.cachePath, modes.cache), (place, modes.folder),
        ] {
            if path.hasSuffix("l") || path.hasSuffix("m") { try Data().write(to: URL(fileURLWithPath: path)) }
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
        let problems = FileExposure.problems(configuration)
        #expect(problems.count == words.count, "\(problems)")
        for (problem, words) in zip(problems, words) {
            #expect(problem.seen.contains(words), "\(problem)")
            #expect(problem.remedy.contains("chmod"))
        }
    }
}
