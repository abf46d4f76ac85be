internal import LDAPClient
internal import SyncModel

/// From where DirSync is asked next, and what of its last answer is to be told once more.
///
/// News are labelled with the USN that the server had before it was asked. Of a group that changed while it answered,
/// the answer may hold something newer than its label, which must not pass for older news than what is known by then.
/// So that is told again with the next answer, whose label is later, as far as it still holds.
struct DirSyncPosition: Hashable, Sendable {
    private(set) var cookie: Octets
    /// Up to where everything is told for good: what a cursor may hold.
    private(set) var settled: Octets
    private var held: [MemberNews] = []

    init(cookie: Octets) {
        self.cookie = cookie
        settled = cookie
    }

    /// Takes the answer to a question from `cookie`, and returns what is to be told. `moved`: what changed after the
    /// answer's label. Throws where the server promises more and gives nothing to ask for it with.
    mutating func take(
        _ answer: DirSyncQuery.Answer,
        moved: Set<Anchor>
    ) throws(ActiveDirectoryError) -> [MemberNews] {
        if answer.hasMore && answer.cookie == cookie {
            throw .ldap(.malformedAnswer(.search, message: "DirSync's cookie stands still"))
        }
        let told = held.compactMap { $0.without(answer.members) } + answer.members
        held = answer.members.filter { moved.contains($0.anchor) }
        settled = held.isEmpty ? answer.cookie : cookie
        cookie = answer.cookie
        return told
    }
}
