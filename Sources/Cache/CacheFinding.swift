/// What is wrong with the cache: two tables that contradict each other, or a record that can't be read.
package struct CacheFinding: Hashable, Sendable, CustomStringConvertible {
    package enum Problem: String, Hashable, Sendable {
        case unreadable = "the record can't be read"
        case nameMissing = "the replica's name does not lead to it"
        case nameWrong = "the name leads to an entry that has another one, or is not there"
        case keyMissing = "a match key of the replica does not lead to it"
        case keyWrong = "the match key leads to an entry without it, or to none"
        case parentMissing = "the entry above is not in the cache"
        case joinMissing = "the pair's anchor does not lead to it"
        case joinWrong = "the anchor leads to a pair without it, or to none"
        case replicaMissing = "the pair has a side that is present, without a replica"
        case backlinkMissing = "the membership is not found from its member"
        case linkMissing = "the member leads to a group without it"
        case heldNameMissing = "the parked name is not found from the entry that holds it"
        case parkedLinkMissing = "the name that the entry holds does not lead to it"
        case historyIndexMissing = "the line is not found from a pair that it names"
        case historyIndexWrong = "the index leads to a line that does not name the pair, or to none"
        case stampOfNone = "the stamp's entry is not in the cache"
        case conflictIndexMissing = "the conflict is not found from its pair, its time or among the open ones"
        case conflictIndexWrong = "the index leads to a conflict that is elsewhere, or to none"
        case heldConflictWrong = "what is held is no open conflict of this pair"
        case settlementWrong = "the decision is on no conflict of this pair"
        case holdMissing = "the deletion is held by no open hold"
        case pairMissing = "there is no such pair"
        case numberReused = "the number is beyond those that were given out"
        case countWrong = "the number of entries or join differences that is noted is not the one that there is"
    }

    package let table: CacheTable
    package let problem: Problem
    /// The key of the row. May hold a name or a value, so it is for the inspector alone and not for a log.
    package let key: [UInt8]

    package var description: String {
        CacheError(.damaged(table: table, key: key, reason: problem.rawValue), path: "").problem
    }
}
