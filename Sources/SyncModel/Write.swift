/// How one attribute is to change: the values that the write was planned on, and those that are to stand.
package struct AttributeChange: Hashable, Sendable {
    package var name: String
    package var old: [Octets]
    package var new: [Octets]

    package init(name: String, old: [Octets], new: [Octets]) {
        self.name = name
        self.old = old
        self.new = new
    }
}

/// Values of one attribute that are to come and go, each on its own. To add what is there already, or to remove what is not, is done.
package struct ValueEdits: Hashable, Sendable {
    package var attribute: String
    package var add: [Octets]
    package var remove: [Octets]
    /// What must stand where no other value would be left, since the entry's class demands one.
    package var placeholder: Octets?
    /// Whether some of `add` are to stand in the place of some of `remove`: where one of these is not there, nothing is put in its place, and the edit is stale.
    package var isGuarded: Bool

    package init(
        attribute: String,
        add: [Octets],
        remove: [Octets],
        placeholder: Octets? = nil,
        isGuarded: Bool = false
    ) {
        self.attribute = attribute
        self.add = add
        self.remove = remove
        self.placeholder = placeholder
        self.isGuarded = isGuarded
    }
}

/// A value that a server refused, while others of the same write were taken.
package struct RefusedValue: Hashable, Sendable {
    package var value: Octets
    package var refusal: Refusal

    package init(value: Octets, refusal: Refusal) {
        self.value = value
        self.refusal = refusal
    }
}

/// One operation on one entry of one side. Each carries what it was planned on, so that the server refuses it where something unseen happened.
package enum WriteOperation: Hashable, Sendable {
    /// Fails where the name is taken.
    case add(name: DistinguishedName, objectClasses: [String], attributes: Attributes)
    case modify(Anchor, name: DistinguishedName, version: Version, changes: [AttributeChange])
    /// One modDN: a new RDN, a new superior, or both.
    case rename(Anchor, name: DistinguishedName, version: Version, newName: DistinguishedName)
    case delete(Anchor, name: DistinguishedName, version: Version)
    /// Memberships: one refused value never takes the others with it.
    case editValues(Anchor, name: DistinguishedName, edits: ValueEdits)
    /// Reads the entry again, by its anchor: after a lost answer, a crash, or edits that could not be applied.
    case read(Anchor)
    /// Looks for an entry that is not shown any more, and for proof of what became of it: outcome `done`, `gone` or `hidden`.
    case confirmAbsence(Anchor, LastSeen)
    /// Reads an entry again, and whether the account may read each of these attributes (lower-cased names of the side): `EntrySnapshot.readable`. What an account may
    /// not read a server leaves out as if nobody had ever set it (RFC 4511 section 4.5.2, [MS-ADTS] 3.1.1.4.4).
    case confirmEmpty(Anchor, attributes: [String])
    /// Reads by name: whether an add of which no answer came was made.
    case readName(DistinguishedName)
    /// As `read`, with all members; of a group that shows none, whether the account may read them: `EntrySnapshot.readable`.
    case readMembers(Anchor)
    /// Reads everything in scope below a container that came into scope: what stood in it before it was moved no feed tells.
    case readBelow(Anchor)
    /// Reads the groups in scope that name an entry as their member, by a search for its DN in `DirectoryView.memberAttributes`: an entry that came into scope may have
    /// been a member before, under another name. Outcome `found`: those groups, without their members.
    case readGroups(Anchor)
    /// As `read`, and when, where and by whom each of these attributes was set (lower-cased names of the side; `AttributeStamp.entryName` for name and place).
    case readStamps(Anchor, attributes: [String])
}

/// What is known of an entry that is looked for.
package struct LastSeen: Hashable, Sendable {
    /// The container that it stood in; nil where that isn't known.
    package var parent: Anchor?
    /// By the server's clock, when it surely was still there: whatever was deleted before that, this entry was not. Nil where that isn't known.
    package var time: Timestamp?

    package init(parent: Anchor? = nil, time: Timestamp? = nil) {
        self.parent = parent
        self.time = time
    }
}

/// A write on its way.
package struct Write: Hashable, Sendable {
    package var id: IntentID
    package var pair: PairID
    package var side: Side
    /// The configured object, whose attributes are read back.
    package var object: String?
    package var operation: WriteOperation

    package init(id: IntentID, pair: PairID, side: Side, object: String?, operation: WriteOperation) {
        self.id = id
        self.pair = pair
        self.side = side
        self.object = object
        self.operation = operation
    }
}

/// Why a server said no, as far as it decides what to do next.
package enum RefusalReason: UInt8, Hashable, Sendable {
    /// Another entry has this DN.
    case nameTaken = 0
    /// Another entry has this sAMAccountName, userPrincipalName or other unique value.
    case valueTaken = 1
    case noParent = 2
    case notAllowed = 3
    /// Schema, syntax, length, password policy: the values will not be taken as they are.
    case invalid = 4
    case notLeaf = 5
    case other = 6
}

/// A server's refusal, for quarantine and the admin.
package struct Refusal: Hashable, Sendable {
    package var reason: RefusalReason
    /// RFC 4511 §4.1.9 result code.
    package var code: Int32
    /// The server's diagnosticMessage.
    package var message: String

    package init(reason: RefusalReason, code: Int32, message: String) {
        self.reason = reason
        self.code = code
        self.message = message
    }
}

/// How a write ended.
package enum WriteOutcome: Hashable, Sendable {
    /// Done, and what the entry now holds.
    case done(EntrySnapshot)
    case deleted
    /// The values are edited, but for those that were refused. What the entry now holds, without its members. `absent`: those that were to go and were not
    /// there, as far as the server tells.
    case edited(EntrySnapshot, refused: [RefusedValue], absent: [Octets] = [])
    /// What the entry holds, and the stamps of what was asked for, as far as the server tells.
    case stamped(EntrySnapshot, [AttributeStamp])
    /// What stands below a container; only what is in scope, each with its members.
    case found([EntrySnapshot])
    /// The precondition failed: the entry moved unseen. What it holds now.
    case stale(EntrySnapshot)
    /// No such entry; to `confirmAbsence`: it is proven to be deleted.
    case gone
    /// It can't be seen, and nothing proves that it was deleted: the account may see less than it did.
    case hidden
    case refused(Refusal)
    /// Certainly not carried out, and it may be tried again.
    case unavailable
    /// No answer: carried out or not, only a read will tell.
    case unknown
}
