import SyncModel

/// By which versions the entries of a side came to the names that they have.
///
/// A text names whoever had that name as of its own version. Where nobody has come to a name since, which is so for nearly all that is told, nothing else needs to be looked at.
struct Namings: Hashable, Sendable {
    /// Nobody came to a name later; nil where nobody has.
    private(set) var newest: Version?
    /// Each entry that came to its name after `floor`.
    private var later: [Anchor: Version] = [:]
    private var floor: Version?

    private static let mostLater = 10_000

    /// `newest`: what a former process knew last.
    init(newest: Version? = nil) {
        self.newest = newest
        floor = newest
    }

    mutating func note(_ anchor: Anchor, _ version: Version) {
        guard version != .unordered else { return }
        if newest.map({ version.supersedes($0) }) ?? true { newest = version }
        // After many the single ones are not worth their room: all of them came by the newest.
        if later.count >= Namings.mostLater, later[anchor] == nil {
            later = [:]
            floor = newest
        } else {
            later[anchor] = version
        }
    }

    /// Whether any entry may have come to its name after `version`.
    func isAnyLater(than version: Version) -> Bool { newest.map { $0 != version && $0.supersedes(version) } ?? false }

    /// Whether this entry may have.
    func isLater(_ anchor: Anchor, than version: Version) -> Bool {
        guard let naming = later[anchor] ?? floor else { return false }
        return naming != version && naming.supersedes(version)
    }
}
