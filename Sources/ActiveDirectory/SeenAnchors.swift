internal import LDAPClient
internal import SyncModel
internal import Synchronization

/// The entries that a complete read has shown. Tombstones are none, nor is what the account may see and not read: that looks like what isn't there.
final class SeenAnchors: Sendable {
    private let anchors = Mutex<[Anchor]>([])

    func note(_ entries: [LDAPEntry]) {
        let found = entries.filter { !EntryReading.isTombstone($0) && EntryReading.usn(of: $0) != nil }
            .compactMap(EntryReading.anchor)
        anchors.withLock { $0 += found }
    }

    /// Each once.
    var sorted: [Anchor] { Set(anchors.withLock(\.self)).sorted() }
}
