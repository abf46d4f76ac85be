/// When something recurring runs, in local time.
package enum Schedule: Hashable, Sendable {
    case off
    case hourly
    case daily(hour: Int, minute: Int)
    /// `day` from 0, a Monday.
    case weekly(day: Int, hour: Int, minute: Int)

    static let forms = "`off`, `hourly`, `daily 02:00` or `weekly sunday 02:00`"
    package static let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    /// Reads `off`, `hourly`, `daily HH:MM` or `weekly DAY HH:MM`; a day may be cut to three letters.
    package init?(configured text: String) {
        let words = text.lowercased().split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case ("off", 1): self = .off
        case ("hourly", 1): self = .hourly
        case ("daily", 2):
            guard let time = Self.time(words[1]) else { return nil }
            self = .daily(hour: time.hour, minute: time.minute)
        case ("weekly", 3):
            let named = Self.days.firstIndex { $0 == words[1] || $0.prefix(3) == words[1] }
            guard let day = named, let time = Self.time(words[2]) else { return nil }
            self = .weekly(day: day, hour: time.hour, minute: time.minute)
        default: return nil
        }
    }

    private static func time(_ text: String) -> (hour: Int, minute: Int)? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
        else { return nil }
        return (hour, minute)
    }
}
