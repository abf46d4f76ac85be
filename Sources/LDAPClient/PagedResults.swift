package import SyncModel

/// Simple paged results (RFC 2696).
package struct PagedResults: Sendable, Hashable {
    package static let oid = "1.2.840.113556.1.4.319"

    /// The server's guess of how many entries there are; 0 where it doesn't guess.
    package var estimatedCount: Int
    /// Empty: there are no more pages.
    package var cookie: Octets

    /// Asks for `size` entries, from where `cookie` says; an empty cookie begins.
    package static func request(size: Int, cookie: Octets = Octets()) -> LDAPControl {
        var writer = BERWriter()
        writer.sequence {
            $0.integer(Int64(size))
            $0.octetString(cookie)
        }
        return LDAPControl(oid, isCritical: true, value: writer.octets)
    }

    /// Reads the control of a final search message; nil where it isn't there.
    package init?(in controls: [LDAPControl]) throws(BERError) {
        guard let value = controls.first(where: { $0.oid == Self.oid })?.value else { return nil }
        var reader = BERReader(value)
        var contents = try reader.constructed()
        try reader.finish()
        estimatedCount = Int(max(0, try contents.integer()))
        cookie = try contents.octetString()
    }
}
