internal import LDAPClient
internal import SyncModel

extension LDAPResult {
    /// The server's refusal of an operation in the engine's words; by what a domain controller means with its codes.
    func refusal(of kind: LDAPOperationKind) -> Refusal {
        Refusal(reason: refusalReason(of: kind), code: code.rawValue, message: diagnosticMessage)
    }

    /// Whether it certainly did nothing, and may do it later or over another connection.
    var isTransient: Bool {
        switch code {
        // Whoever isn't bound (any more) gets operationsError.
        case .operationsError, .timeLimitExceeded, .busy, .unavailable, .saslBindInProgress, .adminLimitExceeded: true
        default: false
        }
    }

    private func refusalReason(of kind: LDAPOperationKind) -> RefusalReason {
        let hint = ActiveDirectoryDiagnostic(diagnosticMessage)?.hint
        switch code {
        case .noSuchObject:
            // In a modify it is about a DN among the values.
            return kind == .add || kind == .rename ? .noParent : .invalid
        case .entryAlreadyExists:
            return kind == .rename ? .nameTaken : .valueTaken
        case .constraintViolation:
            if hint == .principalNameTaken || diagnosticMessage.contains("already in use") { return .valueTaken }
            return .invalid
        case .insufficientAccessRights, .strongerAuthRequired, .confidentialityRequired, .inappropriateAuthentication:
            return .notAllowed
        case .unwillingToPerform:
            return hint == .accessDenied ? .notAllowed : hint == .passwordPolicy ? .invalid : .other
        case .notAllowedOnNonLeaf:
            return .notLeaf
        case .noSuchAttribute, .undefinedAttributeType, .inappropriateMatching, .attributeOrValueExists,
            .invalidAttributeSyntax, .invalidDNSyntax, .namingViolation, .objectClassViolation, .notAllowedOnRDN,
            .objectClassModsProhibited:
            return .invalid
        case .other:
            // Samba's answer to a move; Windows says noSuchObject.
            return diagnosticMessage.contains("parent does not exist") ? .noParent : .other
        default:
            return .other
        }
    }
}

extension LDAPError {
    /// The outcome of a write that failed with this error, as far as the error alone decides it.
    var writeOutcome: WriteOutcome {
        switch self {
        case .refused(let kind, let result):
            result.isTransient ? .unavailable : .refused(result.refusal(of: kind))
        case .invalidRequest(_, let code, let message):
            .refused(Refusal(reason: .invalid, code: code.rawValue, message: message))
        case .connectFailed, .connectionLost, .timedOut, .cancelled, .malformedAnswer:
            mayHaveTakenEffect ? .unknown : .unavailable
        }
    }

    /// Of a read that is an operation of its own: it changed nothing, so it may always be repeated.
    var readOutcome: WriteOutcome {
        writeOutcome == .unknown ? .unavailable : writeOutcome
    }

    var isNoSuchObject: Bool { serverResult?.code == .noSuchObject }
}
