import Cache
import Mapping
import SyncModel

// What can be said of a conflict without looking up anything.
extension StoredConflict {
    /// The side whose value stands now; nil where that is neither's, or both stand as they are until a person decides.
    var standingSide: Side? {
        switch resolution?.choice {
        case .side(let side): side
        case .base, .values, .agreement: nil
        case nil: record.isHeld ? nil : record.winner
        }
    }

    /// Who stands, for a column: ten characters at most.
    var outcome: String {
        switch resolution?.choice {
        case .side(let side): side.name
        case .base: "base"
        case .values: "new value"
        case .agreement: "agreement"
        case nil: record.isHeld ? "held" : record.winner.name
        }
    }

    /// By which step, for a column: ten characters at most.
    var step: String {
        switch state {
        case .person: "person"
        case .agreed: "both"
        case .held, .automatic: record.decision.short
        }
    }

    /// The canonical name, or what else the conflict is about. Part of what `--json` promises.
    var attribute: String {
        switch record.subject {
        case .attribute(let name): name
        case .existence: "existence"
        case .member: "member"
        }
    }

    /// What people call it.
    var title: String {
        switch record.subject {
        case .attribute(parentAttribute): "place"
        case .attribute(let name): name
        case .existence: "existence"
        case .member: "member"
        }
    }

    /// The commands that settle what is held, or the one that reverses what was decided; none where a person has to change an entry or a group himself.
    var commands: [String] {
        func take(_ what: String) -> String { "syncline conflicts resolve \(id.rawValue) --take \(what)" }
        guard case .attribute = record.subject else { return [] }
        switch resolution?.choice {
        case .side(let side): return [take(side.opposite.name)]
        case .base, .values: return [take(record.winner.name)]
        case .agreement: return []
        case nil: return state == .held ? [take("ad"), take("miniorange")] : [take(record.winner.opposite.name)]
        }
    }

    /// What to do where there is no command for it.
    var remedy: String? {
        switch record.subject {
        case .existence: "delete the entry, or make it again, at either side"
        case .member: record.decision == .implied ? nil : "add or remove the member at either side"
        case .attribute: nil
        }
    }

    /// The step that decided, for a person.
    var reason: String {
        if let resolution {
            return switch resolution.choice {
            case .side(let side): "a person took the value of \(side.name)"
            case .base: "a person took what both last agreed on"
            case .values: "a person gave another value"
            case .agreement: "both sides came to agree by themselves"
            }
        }
        guard record.decision == .later, let gap else { return record.decision.words(record.winner) }
        return "\(record.decision.words(record.winner)); by the servers' clocks \(gap) later"
    }

    /// How far the stamps are apart by the servers' own clocks.
    private var gap: String? {
        guard let won = record.stamps[record.winner], let lost = record.stamps[record.winner.opposite] else {
            return nil
        }
        let milliseconds = won.time.milliseconds - lost.time.milliseconds
        return milliseconds > 0 ? StatusReport.duration(Double(milliseconds) / 1_000) : nil
    }
}

extension ConflictState {
    /// For a person.
    var words: String {
        switch self {
        case .held: "waits for a person"
        case .automatic: "settled by its rule"
        case .person: "settled by a person"
        case .agreed: "over: both sides came to agree by themselves"
        }
    }
}
