import Foundation
import SyncEngine
import SyncModel

/// What `POST /conflicts/ID/resolve` is sent: a side or `base` to take, or canonical values in base64.
struct ResolutionRequest: Codable, Equatable {
    var take: String?
    var values: [String]?

    init(_ choice: ConflictChoice) {
        switch choice {
        case .side(let side): take = side.name
        case .base: take = "base"
        case .values(let octets): values = octets.map { Data($0.bytes).base64EncodedString() }
        // Nobody's choice, so nobody sends it.
        case .agreement: break
        }
    }

    /// Nil where it says nothing, both at once, or something that nobody knows.
    var choice: ConflictChoice? {
        switch (take, values) {
        case (let take?, nil): return take == "base" ? .base : Side(name: take).map(ConflictChoice.side)
        case (nil, let values?):
            let decoded = values.compactMap { Data(base64Encoded: $0) }
            return decoded.count == values.count ? .values(Set(decoded.map { Octets($0) }).sorted()) : nil
        default: return nil
        }
    }
}

/// What it answers.
struct ResolutionReply: Codable, Equatable {
    var answer: String
    /// Why it is not possible.
    var reason: String?

    init(_ answer: ResolutionAnswer) {
        switch answer {
        case .accepted: self.answer = "accepted"
        case .noSuchConflict: self.answer = "no-such-conflict"
        case .entryGone: self.answer = "entry-gone"
        case .moved(let side): self.answer = "moved-\(side.name)"
        case .alreadySo: self.answer = "already-so"
        case .notPossible(let reason):
            self.answer = "not-possible"
            self.reason = reason
        }
    }

    /// What `--json` prints of one conflict.
    func json(of id: ConflictID) -> JSONValue {
        .object([
            ("id", .int(Int(clamping: id.rawValue))), ("answer", .string(answer)), ("reason", .string(orNull: reason)),
        ])
    }

    var isDone: Bool { answer == "accepted" || answer == "already-so" }

    /// For a person.
    var words: String {
        switch answer {
        case "accepted": "done; it is written now"
        case "already-so": "nothing to do; both sides show this already"
        case "no-such-conflict": "not done: there is no such conflict"
        case "entry-gone": "not done: the entry is not on both sides any more"
        case "moved-ad": "not done: ad has moved since; look at both values with syncline explain first"
        case "moved-miniorange": "not done: miniorange has moved since; look at both values with syncline explain first"
        default: "not done: \((reason ?? answer).printable)"
        }
    }
}
