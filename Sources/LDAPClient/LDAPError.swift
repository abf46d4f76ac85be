/// Why an operation failed.
///
/// A refusal by the server is always thrown as ``refused(_:_:)``: it had no effect. Where the connection went or the
/// time was up, ``mayHaveTakenEffect`` says whether the server may have done it all the same.
package enum LDAPError: Error, Sendable, Hashable {
    /// The server answered with something else than success.
    case refused(LDAPOperationKind, LDAPResult)
    /// No connection came about. A refused bind is ``refused(_:_:)``.
    case connectFailed(endpoint: String, stage: ConnectStage, LDAPResultCode, message: String)
    /// The connection went, or was closed here (`userCancelled`). Not `wasSent`: the server never saw the request.
    case connectionLost(LDAPOperationKind, LDAPResultCode, message: String, wasSent: Bool)
    /// No answer in time; the operation was abandoned.
    case timedOut(LDAPOperationKind, wasSent: Bool)
    /// The task was cancelled; the operation was abandoned.
    case cancelled(LDAPOperationKind, wasSent: Bool)
    /// The request can't be sent: a bad filter, an empty password, a NUL in a name.
    case invalidRequest(LDAPOperationKind, LDAPResultCode, message: String)
    /// The server's answer can't be read.
    case malformedAnswer(LDAPOperationKind, message: String)

    package enum ConnectStage: String, Sendable, Hashable {
        /// TCP, or TLS where it comes first: the library doesn't always tell one from the other.
        case connect
        case tls
        case bind
    }

    /// The raw result code, of the server or of the client library.
    package var code: LDAPResultCode {
        switch self {
        case .refused(_, let result): result.code
        case .connectFailed(_, _, let code, _), .connectionLost(_, let code, _, _), .invalidRequest(_, let code, _):
            code
        case .timedOut: .timeout
        case .cancelled: .userCancelled
        case .malformedAnswer: .decodingError
        }
    }

    package var operation: LDAPOperationKind {
        switch self {
        case .refused(let kind, _), .connectionLost(let kind, _, _, _), .timedOut(let kind, _), .cancelled(let kind, _),
            .invalidRequest(let kind, _, _), .malformedAnswer(let kind, _):
            kind
        case .connectFailed: .open
        }
    }

    /// The server's answer, where it gave one.
    package var serverResult: LDAPResult? {
        if case .refused(_, let result) = self { result } else { nil }
    }

    /// Whether the server may have carried out the operation although it failed here.
    package var mayHaveTakenEffect: Bool {
        switch self {
        case .connectionLost(_, _, _, let wasSent), .timedOut(_, let wasSent), .cancelled(_, let wasSent): wasSent
        case .malformedAnswer: true
        case .refused, .connectFailed, .invalidRequest: false
        }
    }

    /// What is to be done.
    package var disposition: Disposition {
        switch self {
        case .connectFailed, .connectionLost, .malformedAnswer: .reconnect
        case .cancelled: .retry
        case .refused, .timedOut, .invalidRequest: code.disposition ?? .retry
        }
    }

    /// What Active Directory adds to its diagnostic message, where it does.
    package var activeDirectoryDiagnostic: ActiveDirectoryDiagnostic? {
        serverResult.flatMap { ActiveDirectoryDiagnostic($0.diagnosticMessage) }
    }
}

extension LDAPError: CustomStringConvertible {
    /// Code, operation and the server's words; never a value of a request.
    package var description: String {
        switch self {
        case .refused(let kind, let result):
            let matched = result.matchedDN.isEmpty ? "" : ", matched \(result.matchedDN)"
            let words = result.diagnosticMessage.isEmpty ? "" : ": \(result.diagnosticMessage)"
            return "\(kind.rawValue) refused: \(result.code.name)\(matched)\(words)"
        case .connectFailed(let endpoint, let stage, let code, let message):
            return "\(endpoint): \(stage.rawValue) failed: \(Self.words(code, message))"
        case .connectionLost(let kind, let code, let message, let wasSent):
            guard kind != .connection else { return "connection lost: \(Self.words(code, message))" }
            let fate = wasSent ? "its outcome is unknown" : "it was not sent"
            return "\(kind.rawValue): connection lost, \(fate): \(Self.words(code, message))"
        case .timedOut(let kind, let wasSent):
            return "\(kind.rawValue): no answer in time\(wasSent ? ", its outcome is unknown" : ", it was not sent")"
        case .cancelled(let kind, let wasSent):
            return "\(kind.rawValue): cancelled\(wasSent ? ", its outcome is unknown" : ", it was not sent")"
        case .invalidRequest(let kind, let code, let message):
            return "\(kind.rawValue): \(Self.words(code, message))"
        case .malformedAnswer(let kind, let message):
            return "\(kind.rawValue): the answer can't be read: \(message)"
        }
    }

    private static func words(_ code: LDAPResultCode, _ message: String) -> String {
        message.isEmpty ? code.name : "\(code.name): \(message)"
    }
}
