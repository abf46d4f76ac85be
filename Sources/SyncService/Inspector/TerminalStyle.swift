import Foundation

/// Colours, where there is a terminal that shows them and nobody has asked for none (https://no-color.org).
struct TerminalStyle: Sendable {
    enum Ink: String, Sendable {
        case strong = "1"
        case faint = "2"
        case good = "32"
        case warning = "33"
        case bad = "31"
    }

    static let plain = TerminalStyle(isOn: false)

    let isOn: Bool

    /// Of the standard output.
    static var current: TerminalStyle {
        let environment = ProcessInfo.processInfo.environment
        return TerminalStyle(
            isOn: isatty(STDOUT_FILENO) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        )
    }

    func callAsFunction(_ text: String, _ ink: Ink?) -> String {
        guard isOn, let ink, !text.isEmpty else { return text }
        return "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m"
    }
}
