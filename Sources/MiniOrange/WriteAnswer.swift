package import LDAPClient
package import SyncModel

/// What a server's answer to a write means, as far as it can be said without reading the entry.
package enum WriteAnswer: Hashable, Sendable {
    case outcome(WriteOutcome)
    /// The precondition failed, or the name is no longer the entry's: a read tells which. `ifUnmoved` is the outcome where the entry turns out to be what it was.
    case look(ifUnmoved: Refusal)

    /// The answer to a failed write.
    package static func failed(_ operation: WriteOperation, _ error: LDAPError) -> WriteAnswer {
        guard let result = error.serverResult else {
            if case .invalidRequest(_, let code, let message) = error {
                return .outcome(.refused(Refusal(reason: .invalid, code: code.rawValue, message: message)))
            }
            return .outcome(error.mayHaveTakenEffect ? .unknown : .unavailable)
        }
        let refusal = refusal(result)
        switch result.code {
        case .busy, .unavailable, .timeLimitExceeded, .adminLimitExceeded, .operationsError:
            return .outcome(.unavailable)
        case .assertionFailed, .noSuchAttribute, .attributeOrValueExists:
            if case .add = operation { return .outcome(.refused(refusal)) }
            return .look(ifUnmoved: refusal)
        case .noSuchObject:
            if case .add = operation { return .outcome(.refused(refusal)) }
            return .look(ifUnmoved: refusal)
        default:
            return .outcome(.refused(refusal))
        }
    }

    /// The answer to a failed read: no read changes anything, so that it may always be tried again.
    package static func failedRead(_ error: LDAPError) -> WriteOutcome {
        guard let result = error.serverResult, error.disposition == .refuse, result.code != .sizeLimitExceeded else {
            return .unavailable
        }
        return .refused(refusal(result))
    }

    package static func refusal(_ result: LDAPResult) -> Refusal {
        Refusal(reason: reason(result.code), code: result.code.rawValue, message: result.diagnosticMessage)
    }

    private static func reason(_ code: LDAPResultCode) -> RefusalReason {
        switch code {
        case .entryAlreadyExists: .nameTaken
        case .noSuchObject: .noParent
        // The unique overlay says 19 as password policy does; its words tell them apart no better than a person can.
        case .insufficientAccessRights, .unwillingToPerform, .referral, .confidentialityRequired, .strongerAuthRequired,
            .inappropriateAuthentication:
            .notAllowed
        case .notAllowedOnNonLeaf: .notLeaf
        case .constraintViolation, .invalidAttributeSyntax, .undefinedAttributeType, .inappropriateMatching,
            .objectClassViolation, .namingViolation, .invalidDNSyntax, .notAllowedOnRDN, .objectClassModsProhibited,
            .noSuchAttribute, .attributeOrValueExists, .protocolError, .unavailableCriticalExtension:
            .invalid
        default: .other
        }
    }
}
