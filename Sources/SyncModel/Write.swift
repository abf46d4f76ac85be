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

/// One operation on one entry of one side. Each carries what it was planned on, so that the server refuses it where something unseen happened.
package enum WriteOperation: Hashable, Sendable {
    /// Fails where the name is taken.
    case add(name: DistinguishedName, objectClasses: [String], attributes: Attributes)
    case modify(Anchor, name: DistinguishedName, version: Version, changes: [AttributeChange])
    /// One modDN: a new RDN, a new superior, or both.
    case rename(Anchor, name: DistinguishedName, version: Version, newName: DistinguishedName)
    case delete(Anchor, name: DistinguishedName, version: Version)
    /// Reads the entry again, by its anchor: after a lost answer, a crash, or edits that could not be applied.
    case read(Anchor)
    /// Reads the entry that a complete scan did not show: only a successful read that finds nothing (outcome `gone`) proves that it is gone.
    case confirmAbsence(Anchor)
    /// Reads by name: whether an add of which no answer came was made.
    case readName(DistinguishedName)
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
    /// The precondition failed: the entry moved unseen. What it holds now.
    case stale(EntrySnapshot)
    /// No such entry.
    case gone
    case refused(Refusal)
    /// Certainly not carried out, and it may be tried again.
    case unavailable
    /// No answer: carried out or not, only a read will tell.
    case unknown
}
