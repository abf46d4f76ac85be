package import SyncModel

/// A password. Neither its description nor its mirror shows it.
package struct Secret: Sendable, Hashable {
    /// The password itself, for the bind alone.
    package let octets: Octets

    package init(_ octets: Octets) {
        self.octets = octets
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<secret>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
