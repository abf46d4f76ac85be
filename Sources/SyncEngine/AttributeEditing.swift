package import SyncModel

/// Applies what a server's log says was done to an attribute (RFC 4511 §4.6) to the values that the cache holds of it.
package enum AttributeEditing {
    /// The values after the edit, or nil where the edit does not fit them: then the cache was not what the server had, and the entry must be read.
    package static func apply(_ kind: AttributeEdit.Kind, _ values: [Octets], to old: [Octets]) -> [Octets]? {
        switch kind {
        case .replace:
            return values
        case .add:
            // The server would have refused a value that it had already; a permissive modify leaves it.
            return old + values.filter { !old.contains($0) }
        case .delete:
            if values.isEmpty { return [] }
            var rest = old
            for value in values {
                guard let position = position(of: value, in: rest) else { return nil }
                rest.remove(at: position)
            }
            return rest
        }
    }

    /// A server deletes by its matching rule, most often without case; the log shows what the client sent.
    private static func position(of value: Octets, in values: [Octets]) -> Int? {
        if let exact = values.firstIndex(of: value) { return exact }
        let matches = values.indices.filter { folded(values[$0]) == folded(value) }
        return matches.count == 1 ? matches[0] : nil
    }

    private static func folded(_ value: Octets) -> String? {
        value.text.map { $0.lowercased().split(separator: " ").joined(separator: " ") }
    }
}
