import Foundation
import SyncModel

/// A stamp as it is shown.
struct StampText {
    let stamp: Stamp

    init(_ stamp: Stamp) { self.stamp = stamp }

    /// With as many digits as the stamp is precise.
    var time: String { stamp.time.text(toMilliseconds: stamp.granularity < 1_000) }

    /// `to 1 s`, `to 1 ms`.
    var precision: String {
        switch stamp.granularity {
        case ..<2: "to 1 ms"
        case ..<1_000: "to \(stamp.granularity) ms"
        case let value where value % 1_000 == 0: "to \(value / 1_000) s"
        case let value: "to \(Double(value) / 1_000) s"
        }
    }

    /// Who set it, and where. Empty where neither is known.
    var author: String {
        let who = stamp.isOurs ? "Syncline" : stamp.author
        let place = stamp.server.map { "at \($0)" }
        let by = who.map { "by \($0)" }
        return [by, place].compactMap(\.self).joined(separator: " ").printable
    }

    /// When, by whom, where: one line.
    var line: String { author.isEmpty ? "\(time), by whom is not known" : "\(time) \(author)" }

    /// How well that is known: one line.
    var trust: String {
        let version = stamp.version.map { ", version \($0)" } ?? ""
        return "\(stamp.source.words), \(precision)\(version)"
    }

    var json: JSONValue {
        .object([
            ("time", .string(stamp.time.text(toMilliseconds: true))),
            ("granularityMilliseconds", .int(Int(clamping: stamp.granularity))),
            ("source", .string(stamp.source.code)), ("server", .string(orNull: stamp.server)),
            ("author", .string(orNull: stamp.author)), ("version", .int(orNull: stamp.version.map(Int.init))),
            ("isOurs", .bool(stamp.isOurs)),
        ])
    }
}

extension Timestamp {
    /// ISO 8601 in UTC, with milliseconds where they mean something.
    func text(toMilliseconds: Bool) -> String {
        guard toMilliseconds else { return text }
        let rest = ((milliseconds % 1_000) + 1_000) % 1_000
        let digits = String(rest + 1_000).dropFirst()
        return Timestamp(milliseconds: milliseconds - rest).text.dropLast() + ".\(digits)Z"
    }

    /// Day and minute in UTC, for a column: 16 characters.
    var column: String { String(text.prefix(16)).replacing("T", with: " ") }

    /// The day in UTC.
    var day: String { String(text.prefix(10)) }
}

extension String {
    /// Without what a terminal would obey: what a server says of itself is shown as it is told.
    var printable: String { ShownValue(Octets(self)).line }
}
