import SyncEngine
import SyncModel

/// A fault planted between the engine and its surroundings, which the oracles must find: who never sees a failure can't tell that checks work. Each does what
/// an engine with that fault would do, at the ports: what it is told, what it stores, what it writes.
package enum Mutant: String, CaseIterable, Sendable {
    // MARK: What is told
    /// A deletion is told of an entry that is there.
    case inventsDeletions
    /// Changes of some entries are never told.
    case losesEvents
    /// Nobody is told who came to some of AD's groups, or went.
    case losesMembers
    /// AD tells of some groups one member less than they have.
    case inventsRemovals
    /// An entry that is out of scope counts as deleted.
    case takesLeavingForDeletion
    /// A scan that showed little counts for all there is, and nobody looks again.
    case takesShortScanForAbsence
    /// What the account may not read counts as empty.
    case takesUnreadableForEmpty
    /// The cursor moves in a transaction of its own, before what it stands for.
    case advancesCursorFirst
    /// The stamps of one server are an hour late.
    case misreadsStamps
    /// Our own writes are not known for ours.
    case takesOwnForTheirs
    /// A write of which no answer came counts as not made.
    case takesLostForUndone
    /// A deletion of which no answer came counts as made.
    case takesLostForDeleted
    /// A refused write counts as done.
    case takesRefusedForDone
    /// A write that failed because the entry had moved counts as done.
    case takesStaleForDone
    /// A changed configuration is loaded as if it were the old one.
    case ignoresReconfiguration

    // MARK: What is written
    /// Values go over whatever stands there.
    case overwritesUnseen
    /// An entry is deleted whatever was done to it meanwhile.
    case deletesUnseen

    // MARK: What is stored
    /// New states of some entries never reach the disk.
    case losesReplicas
    /// An older state of an entry takes the place of a newer one.
    case ignoresVersions
    /// What is called agreed was agreed by nobody.
    case confirmsUnwritten
    /// The base moves by what is planned, before any server has confirmed it.
    case movesBaseByPlan
    /// The base never moves once it is there.
    case keepsBase
    /// What was on its way is forgotten by the next process.
    case forgetsIntents
    /// The work queue is in memory alone.
    case forgetsDirty
    /// Who waits for another entry is never woken.
    case forgetsWaiters
    /// Who names an entry that is deleted is not looked at again.
    case forgetsReferrers
    /// Members that name nobody yet are forgotten.
    case dropsParkedMembers
    /// Memberships that are to be looked at are not.
    case losesPendingMembers
    /// Memberships are never noted as agreed.
    case forgetsAgreedMembers
    /// Some memberships never reach the disk.
    case losesMemberRows
    /// Nobody is ever found by a match rule.
    case matchesNobody
    /// Stamps stay when their values go.
    case keepsStamps
    /// No conflict reaches the report.
    case dropsConflicts
    /// The report says that the other one won.
    case reportsWrongWinner
    /// The reason why an entry is set aside quotes its values.
    case quotesValues
}
