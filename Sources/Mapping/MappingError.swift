/// What is wrong with a configured object's rules. Found when the configuration is compiled; nothing starts with one.
package struct MappingError: Error, Hashable, CustomStringConvertible {
    /// Position in the object's attribute rules, where the error is about one of them.
    package var rule: Int?
    /// Position in the object's match rules, where the error is about one of them.
    package var match: Int?
    /// What is wrong and what to write instead.
    package var reason: String

    package init(rule: Int? = nil, match: Int? = nil, reason: String) {
        self.rule = rule
        self.match = match
        self.reason = reason
    }

    package var description: String {
        if let rule { return "attribute rule \(rule + 1): \(reason)" }
        if let match { return "match rule \(match + 1): \(reason)" }
        return reason
    }
}
