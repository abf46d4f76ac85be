import Testing

@testable import Configuration

@Suite struct GrammarTests {
    private func isKey(_ path: String) -> Bool {
        let parts = path.split(separator: ".").map(String.init)
        return Grammar.keys(of: parts.dropLast().joined(separator: ".")).contains { $0.name == parts.last }
    }

    @Test func everySectionIsAKeyOfTheOneAroundIt() {
        for section in Grammar.sections.keys where !section.isEmpty { #expect(isKey(section), "\(section)") }
    }

    @Test func noKeyStandsTwiceInASection() {
        for keys in Grammar.sections.values { #expect(Set(keys.map(\.name)).count == keys.count) }
    }
}
