/// Orders the states of one entry on one server.
package enum Version: Hashable, Sendable {
    /// uSNChanged of the domain controller with this invocationId; meaningless at another ([MS-ADTS] 3.1.1.1.9).
    case usn(UInt64, invocationID: Anchor)
    /// entryCSN; comparable between all providers of one directory.
    case csn(ChangeSequenceNumber)
    /// The server gives none (modifyTimestamp has a granularity of one second and orders nothing).
    case unordered

    /// Whether a replica with this version may take the place of one with `other`. A stale replica never wins; versions of different servers
    /// can't be compared, and then only a fresh read may replace.
    package func supersedes(_ other: Version) -> Bool {
        switch (self, other) {
        case (.usn(let new, let newServer), .usn(let old, let oldServer)): newServer != oldServer || new > old
        case (.csn(let new), .csn(let old)): new > old
        default: true
        }
    }
}

extension Version {
    /// Its form as a fact of the cache; empty for none.
    package var octets: Octets {
        switch self {
        case .usn(let number, let invocationID): Octets([0] + number.bigEndianOctets + invocationID.octets)
        case .csn(let number): Octets([1] + Octets(number.description).bytes)
        case .unordered: Octets([])
        }
    }

    package init?(octets: Octets) {
        let bytes = octets.bytes
        switch bytes.first {
        case 0:
            guard bytes.count > 9, let number = UInt64(bigEndianOctets: Array(bytes[1..<9])),
                let invocationID = Anchor(octets: Array(bytes[9...]))
            else { return nil }
            self = .usn(number, invocationID: invocationID)
        case 1:
            guard let number = ChangeSequenceNumber(parsing: Octets(Array(bytes.dropFirst()))) else { return nil }
            self = .csn(number)
        default: return nil
        }
    }
}
