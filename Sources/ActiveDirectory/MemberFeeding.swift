/// How a feed by uSNChanged tells the members of groups.
enum MemberFeeding: Hashable, Sendable {
    /// Not at all: no groups are configured.
    case none
    /// All members of each group that changed; with `next`, until everything up to now is told, and from there on by
    /// that.
    case whole(next: DirSyncPosition?)
    /// Who came and who went, by DirSync.
    case incremental(DirSyncPosition)

    var position: DirSyncPosition? {
        if case .incremental(let position) = self { position } else { nil }
    }

    var isWhole: Bool {
        if case .whole = self { true } else { false }
    }
}
