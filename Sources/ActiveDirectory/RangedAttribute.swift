internal import LDAPClient

/// The name of an attribute of which the server gave only some values: `member;range=0-1499` ([MS-ADTS] 3.1.1.3.1.3.3).
struct RangedAttribute: Hashable, Sendable {
    /// As the server spells it, without the option.
    let name: String
    /// The last value's number; nil where nothing follows (`*`).
    let last: Int?

    /// Nil for an attribute without the option.
    init?(_ description: String) {
        let parts = description.split(separator: ";", omittingEmptySubsequences: false)
        guard parts.count > 1, let option = parts.last, option.lowercased().hasPrefix("range="),
            let hyphen = option.firstIndex(of: "-")
        else { return nil }
        let end = option[option.index(after: hyphen)...]
        if end == "*" {
            last = nil
        } else {
            guard let number = Int(end), number >= 0, number < Int.max else { return nil }
            last = number
        }
        name = parts.dropLast().joined(separator: ";")
    }

    /// What to ask for next; nil where all values have been given.
    var continuation: String? {
        last.map { "\(name);range=\($0 + 1)-*" }
    }

    /// What to ask for next, after `previous`; a server that gives the same values again and again would never come to an end.
    func continuation(after previous: RangedAttribute?) throws(LDAPError) -> String? {
        guard let last, let before = previous?.last, last <= before else { return continuation }
        throw .malformedAnswer(.search, message: "the range of \(name) does not go on")
    }
}
