package import Configuration
package import Foundation

extension Schedule {
    /// The first time after `date` at which it is due, by the clocks of `zone`; nil: never.
    ///
    /// A time that a change to summer time leaves out is due at the change; one that comes twice at the change back is due once, at its first coming.
    package func next(after date: Date, in zone: TimeZone) -> Date? {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        var wanted = DateComponents()
        switch self {
        case .off: return nil
        case .hourly:
            return Date(timeIntervalSince1970: (date.timeIntervalSince1970 / 3600).rounded(.down) * 3600 + 3600)
        case .daily(let hour, let minute):
            wanted = DateComponents(hour: hour, minute: minute, second: 0)
        case .weekly(let day, let hour, let minute):
            // The calendar counts from Sunday as 1.
            wanted = DateComponents(hour: hour, minute: minute, second: 0, weekday: (day + 1) % 7 + 1)
        }
        return calendar.nextDate(
            after: date,
            matching: wanted,
            matchingPolicy: .nextTime,
            repeatedTimePolicy: .first
        )
    }

    /// As it is configured.
    package var text: String {
        func time(_ hour: Int, _ minute: Int) -> String {
            "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
        }
        return switch self {
        case .off: "off"
        case .hourly: "hourly"
        case .daily(let hour, let minute): "daily \(time(hour, minute))"
        case .weekly(let day, let hour, let minute): "weekly \(Self.days[day]) \(time(hour, minute))"
        }
    }
}
