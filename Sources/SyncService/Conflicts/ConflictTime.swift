import Foundation
import SyncModel

/// A time as a person gives it to a command.
enum ConflictTime {
    /// `2h`, `3d`: so long before `now`. `2026-01-31`, `2026-01-31T12:00Z`, `2026-01-31T12:00:00+01:00`: then, in UTC where no zone is given. Nil for anything else.
    static func parse(_ text: String, now: Timestamp) -> Timestamp? {
        if let back = duration(text) { return now.advanced(byMilliseconds: -back) }
        return absolute(text)
    }

    private static func duration(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
        guard let last = text.last, let unit = units[last], let count = Int64(text.dropLast()), count >= 0,
            count <= 1_000_000
        else { return nil }
        return count * unit * 1_000
    }

    private static func absolute(_ text: String) -> Timestamp? {
        let parts = text.split(separator: text.contains("T") ? "T" : " ", maxSplits: 1).map(String.init)
        guard let day = parts.first, parts.count == 1 || !parts[1].isEmpty else { return nil }
        var clock = parts.count == 2 ? parts[1] : "00:00:00Z"
        var zone = "Z"
        if clock.hasSuffix("Z") || clock.hasSuffix("z") {
            clock.removeLast()
        } else if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
            zone = String(clock[sign...])
            clock = String(clock[..<sign])
        }
        if clock.split(separator: ":", omittingEmptySubsequences: false).count == 2 { clock += ":00" }
        let hasFraction = clock.contains(".")
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: hasFraction)
        guard let date = try? style.parse("\(day)T\(clock)\(zone)") else { return nil }
        return Timestamp(milliseconds: Int64((date.timeIntervalSince1970 * 1_000).rounded()))
    }
}
