import SyncModel

extension ConflictRecord.Decision {
    /// Part of what `--json` promises.
    var code: String {
        switch self {
        case .preferredSide: "preferred-side"
        case .direction: "direction"
        case .changeWins: "change-wins"
        case .deleteWins: "delete-wins"
        case .implied: "implied"
        case .later: "later"
        case .provenance: "provenance"
        case .configuredSide: "configured-side"
        case .ownWrite: "own-write"
        case .held: "held"
        case .oscillation: "oscillation"
        case .person: "person"
        case .disableWins: "disable-wins"
        case .older: "older-state"
        case .undated: "undated"
        }
    }

    /// Ten characters at most, for a column.
    var short: String {
        switch self {
        case .preferredSide: "preferred"
        case .direction: "direction"
        case .changeWins: "change"
        case .deleteWins: "delete"
        case .implied: "implied"
        case .later: "later"
        case .provenance: "rank"
        case .configuredSide: "rule"
        case .ownWrite: "own write"
        case .held: "rule"
        case .oscillation: "flapping"
        case .person: "person"
        case .disableWins: "disable"
        case .older: "older"
        case .undated: "undated"
        }
    }

    /// The step that decided for `winner`, for a person.
    func words(_ winner: Side) -> String {
        let name = winner.name
        let other = winner.opposite.name
        return switch self {
        case .preferredSide: "nothing tells the two apart, and \(name) is the preferred side"
        case .direction: "the mapping rule carries values from \(name) to \(other) only"
        case .changeWins: "a change counts for more than a delete, and \(name) has the change"
        case .deleteWins: "a delete counts for more than a change, and \(name) has the delete"
        case .implied: "the membership comes from a nested or a primary group, where it can't be taken away"
        case .later: "\(name) was set later, beyond the uncertainty of both clocks"
        case .provenance: "set as good as at once, and who set it at \(name) ranks higher"
        case .configuredSide: "the rule names \(name)"
        case .ownWrite: "what \(other) held was written by Syncline itself, and was nobody's intent"
        case .held: "it is left to a person, by the rule or because nobody can tell"
        case .oscillation: "two writers overwrite each other without end, so it is left to a person"
        case .person: "a person took this value"
        case .disableWins: "set as good as at once, and \(name) disabled the account"
        case .older: "what \(other) held was there before, and had come back with an older state of its server"
        case .undated: "\(other) may have been set, or may be from before a server was set back, and nobody can tell"
        }
    }
}

extension Stamp.Source {
    /// Part of what `--json` promises.
    var code: String {
        switch self {
        case .value: "value"
        case .attribute: "attribute"
        case .log: "log"
        case .observed: "observed"
        case .entry: "entry"
        }
    }

    /// Where the stamp was found, for a person.
    var words: String {
        switch self {
        case .value: "told of this very membership"
        case .attribute: "told of this very attribute"
        case .log: "found in the server's log of writes"
        case .observed: "seen to come between two versions of the entry"
        case .entry: "the entry's last change: it was set then or before"
        }
    }
}

extension ConflictChoice {
    /// Part of what `--json` promises.
    var code: String {
        switch self {
        case .side(let side): side.name
        case .base: "base"
        case .values: "values"
        case .agreement: "agreement"
        }
    }
}
