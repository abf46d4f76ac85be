package import SyncModel

/// Why a simulated server says no.
package enum SimulatedRefusal: Error {
    case noSuchEntry, nameTaken, valueTaken, noParent, notLeaf, namingViolation, invalid, noMember, unwelcome, closed

    package var refusal: Refusal {
        switch self {
        case .noSuchEntry: Refusal(reason: .other, code: 32, message: "no such entry")
        case .nameTaken: Refusal(reason: .nameTaken, code: 68, message: "name taken")
        case .valueTaken: Refusal(reason: .valueTaken, code: 68, message: "value taken")
        case .noParent: Refusal(reason: .noParent, code: 32, message: "no parent")
        case .notLeaf: Refusal(reason: .notLeaf, code: 66, message: "not a leaf")
        case .namingViolation: Refusal(reason: .invalid, code: 64, message: "naming violation")
        case .noMember: Refusal(reason: .invalid, code: 65, message: "no member")
        case .unwelcome: Refusal(reason: .notAllowed, code: 53, message: "unwilling")
        case .closed: Refusal(reason: .notAllowed, code: 53, message: "no writes now")
        case .invalid: Refusal(reason: .invalid, code: 19, message: "constraint violation")
        }
    }
}
