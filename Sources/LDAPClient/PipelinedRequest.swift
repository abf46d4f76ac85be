/// A request that is sent back to back with others.
package enum PipelinedRequest: Sendable, Hashable {
    case operation(LDAPOperation)
    /// One answer with all entries; `pageSize` doesn't apply.
    case search(SearchRequest)
    case password(PasswordRequest)

    package var kind: LDAPOperationKind {
        switch self {
        case .operation(let operation): operation.kind
        case .search: .search
        case .password(let request): request.kind
        }
    }
}

/// The answer to a ``PipelinedRequest``, of its kind.
package enum PipelinedAnswer: Sendable, Hashable {
    case response(LDAPResponse)
    case search(SearchResult)
}
