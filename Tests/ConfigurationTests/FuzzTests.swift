import Foundation
import Fuzzing
import Testing

@testable import Configuration

@Suite struct FuzzTests {
    @Test func `Whatever a configuration holds, it is read or refused with a reason`() async {
        let campaign = Campaign()
        await #expect(processExitsWith: .success) { [path = campaign.path as String] in
            let workspace = try Workspace()
            try await Campaign.run([Self.file(in: workspace.path)] + Self.words, path: path)
            withExtendedLifetime(workspace) {}
        }
        let verdict = campaign.verdict()
        #expect(verdict == nil, "\(verdict ?? "")")
    }

    private static let tokens = [
        "&a ", "*a", "<<: *a", "!!binary ", "!!int ", "? ", "- ", ": ", "{", "}", "[", "]", "|\n", ">\n", "%YAML 1.2\n",
        "---\n", "...\n",
        "\t", "\"", "'", "#", "null", "~", "0x7fffffffffffffff", ".inf", "99999999999999999999s", "\u{85}", "\u{2028}",
        "\u{FEFF}",
        "ad:", "miniorange:", "objects:", "attributes:", "rules:", "filter: ", "${CREDENTIALS_DIRECTORY}", "conflicts:",
        "d", "h",
    ]

    /// An alias stands for all that it names: nine of nine of nine …
    private static let bomb =
        "version: 1\na: &a [x, x, x, x, x, x, x, x, x]\n"
        + zip("abcdefgh", "bcdefghi").map {
            "\($1): &\($1) [*\($0), *\($0), *\($0), *\($0), *\($0), *\($0), *\($0), *\($0), *\($0)]\n"
        }
        .joined()

    /// Keys that are given twice, hundreds of them.
    private static let twice = "version: 1\n" + String(repeating: "ad:\n se: 1\n", count: 700)

    private static func file(in directory: String) -> FuzzSubject {
        let file = "\(directory)/syncline.yaml"
        let samples = [Workspace.sound, Workspace.groups, Workspace.userAttribute, bomb, twice].map { Array($0.utf8) }
        return FuzzSubject("configuration", samples, tokens: tokens, cost: 5) { octets in
            try Data(octets).write(to: URL(fileURLWithPath: file))
            do throws(ConfigurationErrors) {
                return try Configuration.load(path: file, credentialsDirectory: directory)
            } catch {
                try Violation.unless(!error.errors.isEmpty, "it is refused without a reason")
                return error
            }
        }
    }

    private static let words: [FuzzSubject] = [
        .text("duration", ["250ms", "2s", "30d", "1h"], tokens: ["ms", "d"]) { Duration(configured: $0) },
        .text("schedule", ["off", "hourly", "daily 02:00", "weekly monday 23:59"], tokens: [":", "daily "]) {
            Schedule(configured: $0)
        },
        .text("host and port", ["127.0.0.1:8389", "[::1]:8389", "localhost:1"], tokens: [":", "[", "]"]) {
            HostAndPort(configured: $0).map { ($0, HostAndPort.isLoopback($0.host)) }
        },
    ]
}
