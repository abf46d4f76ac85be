package import SyncModel

/// The DirSync control ([MS-ADTS] section 3.1.1.3.4.1.3).
package struct DirSync: Sendable, Hashable {
    package static let oid = "1.2.840.113556.1.4.841"

    package struct Flags: OptionSet, Sendable, Hashable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        /// Only what the caller may read; without it the replication right is required.
        package static let objectSecurity = Self(rawValue: 0x1)
        package static let ancestorsFirst = Self(rawValue: 0x800)
        package static let publicDataOnly = Self(rawValue: 0x2000)
        /// Only the values that came and went of a multi-valued linked attribute.
        package static let incrementalValues = Self(rawValue: 0x8000_0000)
    }

    /// Whether another request with the new cookie will bring more.
    package var hasMore: Bool
    package var cookie: Octets

    /// `maximumOctets` bounds the answer where the server keeps to it; 0: its own limit.
    package static func request(flags: Flags, maximumOctets: Int = 0, cookie: Octets = Octets()) -> LDAPControl {
        var writer = BERWriter()
        writer.sequence {
            // The flags are a signed 32-bit integer on the wire.
            $0.integer(Int64(Int32(bitPattern: flags.rawValue)))
            $0.integer(Int64(maximumOctets))
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
        hasMore = try contents.integer() != 0
        _ = try contents.integer()
        cookie = try contents.octetString()
    }
}
