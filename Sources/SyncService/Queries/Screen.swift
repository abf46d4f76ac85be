/// What a report is shown on.
struct Screen: Codable, Sendable {
    private static let leastColumns = 40
    private static let mostColumns = 1_000

    var isJSON: Bool
    var columns: Int
    var isColoured: Bool

    var style: TerminalStyle { TerminalStyle(isOn: isColoured) }

    /// No wider than screens are, whoever says so.
    var bounded: Screen {
        var screen = self
        screen.columns = min(max(columns, Self.leastColumns), Self.mostColumns)
        return screen
    }

    /// The standard output.
    static func current(isJSON: Bool) -> Screen {
        Screen(isJSON: isJSON, columns: ScreenWidth.columns, isColoured: TerminalStyle.current.isOn)
    }
}
