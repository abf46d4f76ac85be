import Configuration
import Foundation
import Testing

@testable import SyncService

struct FileExposureTests {
    @Test(
        arguments: [
            (0o700, 0o640, []), (0o700, 0o644, []), (0o750, 0o640, ["may look into"]), (0o777, 0o640, ["may write to"]),
            (0o700, 0o660, ["may write"]), (0o701, 0o602, ["may write", "may look into"]),
        ] as [(Int, Int, [String])]
    )
    func whatOthersCanGetAtIsNamed(cache: Int, file: Int, words: [String]) throws {
        let folder = try ConflictFolder.filled()
        var configuration = try Configuration.load(path: folder.options.configurationPath)
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("exposure-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: place) }
        try Data().write(to: URL(fileURLWithPath: "\(place)/syncline.yaml"))
        configuration.cachePath = place
        configuration.file = "\(place)/syncline.yaml"
        try FileManager.default.setAttributes([.posixPermissions: file], ofItemAtPath: configuration.file)
        try FileManager.default.setAttributes([.posixPermissions: cache], ofItemAtPath: place)
        let problems = FileExposure.problems(configuration)
        #expect(problems.count == words.count)
        for (problem, words) in zip(problems, words) {
            #expect(problem.seen.contains(words), "\(problem)")
            #expect(problem.remedy.contains("chmod"))
        }
    }
}
