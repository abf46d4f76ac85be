internal import LDAPClient
internal import SyncModel

/// Edits of one attribute's values on their way: which of them go together in a modify, and what came of each.
///
/// A domain controller refuses the whole modify for one of its values: for one that is there already (68) or is not
/// (53), or for one that is nobody (32, 21). Then each value is looked at: those that are as they should be are done,
/// and the rest goes again; where looking does not help, by halves, down to the value that is refused.
struct ValueEditing: Hashable, Sendable {
    struct Edit: Hashable, Sendable {
        var value: Octets
        var isAddition: Bool
    }

    /// More in one modify are no faster, and keep others waiting for longer.
    static let mostValues = 250

    /// A refused modify whose values are to be looked at.
    struct Suspects: Hashable, Sendable {
        var edits: [Edit]
        var refusal: Refusal
    }

    let attribute: String
    /// What is to be sent, each a modify of its own.
    private(set) var batches: [[Edit]]
    /// What is to be looked at.
    private(set) var suspects: [Suspects] = []
    private(set) var refused: [RefusedValue] = []
    /// Whether something was written for certain.
    private(set) var hasWritten = false

    init(_ edits: ValueEdits) {
        attribute = edits.attribute
        let all =
            edits.remove.map { Edit(value: $0, isAddition: false) }
            + edits.add.map { Edit(value: $0, isAddition: true) }
        batches = stride(from: 0, to: all.count, by: Self.mostValues).map { Array(all[$0...].prefix(Self.mostValues)) }
    }

    var isFinished: Bool { batches.isEmpty && suspects.isEmpty }

    func modifications(_ batch: [Edit]) -> [Modification] {
        let removals = batch.filter { !$0.isAddition }.map(\.value)
        let additions = batch.filter(\.isAddition).map(\.value)
        return (removals.isEmpty ? [] : [Modification(.delete, attribute, removals)])
            + (additions.isEmpty ? [] : [Modification(.add, attribute, additions)])
    }

    /// Takes the answers to `batches`, in their order; nil: carried out. Returns what ends all: an answer that was
    /// lost, or a server that is busy.
    mutating func take(_ answers: [LDAPError?]) -> LDAPError? {
        let sent = batches
        batches = []
        var end: LDAPError?
        for (batch, error) in zip(sent, answers) {
            guard let error else {
                hasWritten = true
                continue
            }
            guard case .refused(let refusal) = error.writeOutcome else {
                if case .unknown? = end?.writeOutcome { continue }
                end = error
                continue
            }
            if Self.isForAll(error) {
                refused += batch.map { RefusedValue(value: $0.value, refusal: refusal) }
            } else if Self.mayBeDone(error) {
                suspects.append(Suspects(edits: batch, refusal: refusal))
            } else {
                split(batch, refusal)
            }
        }
        return end
    }

    /// Takes what the values of `suspects` are, in their order: whether each is there; nil: can't be told.
    mutating func take(presence: [[Bool?]]) {
        let looked = suspects
        suspects = []
        for (suspects, presence) in zip(looked, presence) {
            let rest = zip(suspects.edits, presence).filter { edit, isPresent in isPresent != edit.isAddition }.map(\.0)
            if rest.count == suspects.edits.count {
                split(rest, suspects.refusal)
            } else if !rest.isEmpty {
                batches.append(rest)
            }
        }
    }

    private mutating func split(_ batch: [Edit], _ refusal: Refusal) {
        guard batch.count > 1 else {
            refused += batch.map { RefusedValue(value: $0.value, refusal: refusal) }
            return
        }
        let middle = batch.count / 2
        batches += [Array(batch[..<middle]), Array(batch[middle...])]
    }

    /// The values have nothing to do with it: each would be answered in the same way.
    private static func isForAll(_ error: LDAPError) -> Bool {
        switch error.serverResult?.code {
        case .insufficientAccessRights, .objectClassViolation, .undefinedAttributeType, .strongerAuthRequired: true
        default: false
        }
    }

    /// Where a value is as it should be already, this may be the answer; 21 and 32: where it names an entry that is
    /// gone.
    private static func mayBeDone(_ error: LDAPError) -> Bool {
        switch error.serverResult?.code {
        case .entryAlreadyExists, .attributeOrValueExists, .unwillingToPerform, .noSuchAttribute, .noSuchObject,
            .invalidAttributeSyntax:
            true
        default: false
        }
    }
}
