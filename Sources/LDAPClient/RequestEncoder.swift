internal import CLDAP
internal import CMemory
internal import SyncModel

/// Hands requests to the library, which encodes them into the socket's output. Each call returns the message id.
struct RequestEncoder {
    let handle: LDAPHandle
    let arena = RequestArena()

    func send(_ request: PipelinedRequest) throws(LDAPError) -> Int32 {
        defer { arena.reset() }
        switch request {
        case .operation(let operation): return try send(operation)
        case .search(let search): return try send(search)
        case .password(let request): return try send(request)
        }
    }

    private func send(_ request: PasswordRequest) throws(LDAPError) -> Int32 {
        // The library and TLS make copies of their own, on this thread.
        cmemory_wipe_freed()
        let kind = request.kind
        var messageID: Int32 = 0
        let code: Int32
        switch request.form {
        case .bind(let name):
            let name = try arena.string(name, kind)
            let password = arena.value(request.password)
            // Servers take an empty password for an anonymous bind, which looks like a success.
            guard password.pointee.bv_len > 0 else {
                throw .invalidRequest(kind, .parameterError, message: "a simple bind needs a password")
            }
            code = cldap_simple_bind(handle.pointer, name, password, &messageID)
        case .unicodePassword(let dn):
            let name = try arena.string(dn, kind)
            var list: [UnsafeMutablePointer<ldapmod>] = []
            if let former = request.former {
                let value = try arena.quotedUTF16(former, kind)
                list.append(try arena.modification(LDAP_MOD_DELETE, "unicodePwd", value, kind))
            }
            let value = try arena.quotedUTF16(request.password, kind)
            let operation = request.former == nil ? LDAP_MOD_REPLACE : LDAP_MOD_ADD
            list.append(try arena.modification(operation, "unicodePwd", value, kind))
            code = ldap_modify_ext(handle.pointer, name, arena.nullTerminated(list), nil, nil, &messageID)
        case .userPassword(let dn):
            let name = try arena.string(dn, kind)
            let value = arena.value(request.password)
            let change = try arena.modification(LDAP_MOD_REPLACE, "userPassword", value, kind)
            code = ldap_modify_ext(handle.pointer, name, arena.nullTerminated([change]), nil, nil, &messageID)
        case .passwordModify(let dn):
            let former = request.former.map(arena.value)
            code = ldap_passwd(
                handle.pointer,
                arena.value(Octets(dn)),
                former,
                arena.value(request.password),
                nil,
                nil,
                &messageID
            )
        }
        return try checked(code, messageID, kind)
    }

    private func send(_ search: SearchRequest) throws(LDAPError) -> Int32 {
        // The library would take an empty filter for one that matches everything.
        guard !search.filter.isEmpty else {
            throw .invalidRequest(.search, .filterError, message: "the filter is empty")
        }
        let scope =
            switch search.scope {
            case .base: LDAP_SCOPE_BASE
            case .oneLevel: LDAP_SCOPE_ONELEVEL
            case .subtree: LDAP_SCOPE_SUBTREE
            }
        var attributes: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        if !search.attributes.isEmpty {
            var names: [UnsafeMutablePointer<CChar>] = []
            for name in search.attributes { names.append(try arena.string(name, .search)) }
            attributes = arena.nullTerminated(names)
        }
        var limit = timeval(tv_sec: search.timeLimitSeconds, tv_usec: 0)
        var messageID: Int32 = 0
        let base = try arena.string(search.base, .search)
        let filter = try arena.string(search.filter, .search)
        let controls = try arena.controls(search.controls, .search)
        let code = withUnsafeMutablePointer(to: &limit) { limit in
            // A pointer to a time of zero is an error to the library; none means: no limit.
            ldap_search_ext(
                handle.pointer,
                base,
                scope,
                filter,
                attributes,
                0,
                controls,
                nil,
                search.timeLimitSeconds > 0 ? limit : nil,
                Int32(clamping: search.sizeLimit),
                &messageID
            )
        }
        return try checked(code, messageID, .search)
    }

    private func send(_ operation: LDAPOperation) throws(LDAPError) -> Int32 {
        let kind = operation.kind
        var messageID: Int32 = 0
        let code: Int32
        switch operation {
        case .add(let dn, let attributes, let controls):
            var list: [UnsafeMutablePointer<ldapmod>] = []
            for attribute in attributes {
                list.append(try arena.modification(LDAP_MOD_ADD, attribute.name, attribute.values, kind))
            }
            let name = try arena.string(dn, kind)
            let sent = try arena.controls(controls, kind)
            code = ldap_add_ext(handle.pointer, name, arena.nullTerminated(list), sent, nil, &messageID)
        case .modify(let dn, let modifications, let controls):
            var list: [UnsafeMutablePointer<ldapmod>] = []
            for change in modifications {
                list.append(try arena.modification(change.kind.code, change.attribute, change.values, kind))
            }
            let name = try arena.string(dn, kind)
            let sent = try arena.controls(controls, kind)
            code = ldap_modify_ext(handle.pointer, name, arena.nullTerminated(list), sent, nil, &messageID)
        case .rename(let dn, let newRDN, let newSuperior, let deleteOldRDN, let controls):
            var superior: UnsafeMutablePointer<CChar>?
            if let newSuperior { superior = try arena.string(newSuperior, kind) }
            let name = try arena.string(dn, kind)
            let rdn = try arena.string(newRDN, kind)
            let sent = try arena.controls(controls, kind)
            let deletes: Int32 = deleteOldRDN ? 1 : 0
            code = ldap_rename(handle.pointer, name, rdn, superior, deletes, sent, nil, &messageID)
        case .delete(let dn, let controls):
            let name = try arena.string(dn, kind)
            code = ldap_delete_ext(handle.pointer, name, try arena.controls(controls, kind), nil, &messageID)
        case .compare(let dn, let attribute, let value, let controls):
            let name = try arena.string(dn, kind)
            let type = try arena.string(attribute, kind)
            let sent = try arena.controls(controls, kind)
            code = ldap_compare_ext(handle.pointer, name, type, arena.value(value), sent, nil, &messageID)
        case .extended(let oid, let value, let controls):
            let name = try arena.string(oid, kind)
            let sent = try arena.controls(controls, kind)
            let octets = value.map(arena.value)
            code = ldap_extended_operation(handle.pointer, name, octets, sent, nil, &messageID)
        }
        return try checked(code, messageID, kind)
    }

    private func checked(_ code: Int32, _ messageID: Int32, _ kind: LDAPOperationKind) throws(LDAPError) -> Int32 {
        switch code {
        case LDAP_SUCCESS:
            return messageID
        case LDAP_SERVER_DOWN, LDAP_CONNECT_ERROR:
            throw .connectionLost(kind, LDAPResultCode(rawValue: code), message: handle.lastMessage, wasSent: false)
        default:
            // The library's words may quote the filter, and with it values: the code has to do.
            throw .invalidRequest(kind, LDAPResultCode(rawValue: code), message: "the request can't be encoded")
        }
    }
}

extension Modification.Kind {
    fileprivate var code: Int32 {
        switch self {
        case .add: LDAP_MOD_ADD
        case .delete: LDAP_MOD_DELETE
        case .replace: LDAP_MOD_REPLACE
        case .increment: LDAP_MOD_INCREMENT
        }
    }
}
