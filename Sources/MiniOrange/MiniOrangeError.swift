package import LDAPClient
package import SyncModel

/// Why the directory can't be followed, with what mends it.
package enum MiniOrangeError: Error, Hashable, Sendable {
    /// A configured base isn't there or can't be read: never taken for the absence of what lies below.
    case baseUnreadable(DistinguishedName, reason: String)
    /// The entry of that name is another one than it was.
    case baseReplaced(DistinguishedName)
    /// A configured way of feeding isn't to be had.
    case wayUnavailable(FeedWay, reason: String)
    /// The server stopped a search before its end.
    case limited(DistinguishedName, LDAPError)
    /// A search result reference: part of the tree is on another server.
    case referred(DistinguishedName)
    /// An entry without what every entry must have.
    case entryUnreadable(dn: String, lacks: String)
    /// Values of these attributes would look as if somebody had taken them away.
    case attributesUnreadable([String], of: String)
    /// Entries have no entryUUID.
    case noEntryUUID(DistinguishedName)
    /// The access log lacks changes that the directory has.
    case logIncomplete
    /// The server ended a search that was to stay open.
    case feedEnded
}

extension MiniOrangeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .baseUnreadable(let base, let reason):
            "the base \(base) can't be read (\(reason)): create it, correct the configuration, or grant read access"
        case .baseReplaced(let base):
            "the entry \(base) was replaced by another one while it was followed"
        case .wayUnavailable(let way, let reason):
            "\(way.name) can't be used: \(reason); \(way.remedy), or set feed: auto"
        case .limited(let base, let error):
            "the server does not list all of \(base) (\(error)): lift the account's size and time limits"
        case .referred(let base):
            "part of \(base) is on another server, which is not followed: exclude it or name its server"
        case .entryUnreadable(let dn, let lacks):
            "\(dn): no readable \(lacks): grant read access to it"
        case .attributesUnreadable(let attributes, let dn):
            "the account may not read \(attributes.joined(separator: ", ")) of \(dn): grant read access, or leave out of the configuration what it may not read"
        case .noEntryUUID(let base):
            "\(base) has no readable entryUUID: grant read access to operational attributes"
        case .logIncomplete:
            "the access log lacks changes of the directory: check its overlay, or set feed: syncrepl"
        case .feedEnded:
            "the server ended the search for changes"
        }
    }
}
