extension ClientMessage {
    private static let mostControls = 16
    private static let mostModifications = 8
    private static let mostAttributes = 64

    /// Reads one whole message.
    ///
    /// Throws where not even the operation is known: then nothing that follows on the connection can be trusted (RFC 4511 section 4.1.1). An operation whose
    /// contents can't be read is handed out as `unreadable`.
    package init(decoding octets: UnsafeRawBufferPointer) throws(WireError) {
        var outer = WireCursor(octets)
        var message = try outer.constructed()
        guard outer.isAtEnd else { throw WireError("octets behind the message") }
        let id = try message.integer()
        let (tag, contents) = try message.element()
        guard id >= 0 else { throw WireError("a negative message ID") }
        self.id = id
        request = try Self.request(tag, contents)
        // 0 is the server's own (RFC 4511 section 4.1.1.1).
        if id == 0, request != .unbind { throw WireError("the message ID 0") }
        if message.nextTag == 0xA0 {
            hasUnknownCriticalControl = try Self.hasUnknownCriticalControl(try message.constructed(0xA0))
        }
    }

    private static func request(_ tag: UInt8, _ contents: UnsafeRawBufferPointer) throws(WireError) -> ClientRequest {
        let cursor = WireCursor(contents)
        func reading(
            _ kind: ResponseKind,
            _ read: (WireCursor) throws(WireError) -> ClientRequest
        ) -> ClientRequest {
            do throws(WireError) { return try read(cursor) } catch { return .unreadable(kind) }
        }
        switch tag {
        case 0x60: return reading(.bind) { cursor throws(WireError) in .bind(try bind(cursor)) }
        case 0x42: return .unbind
        case 0x50: return .abandon(try WireCursor.integer(contents))
        case 0x63: return reading(.search) { cursor throws(WireError) in .search(try search(cursor)) }
        case 0x66: return reading(.modify) { cursor throws(WireError) in .modify(try modify(cursor)) }
        case 0x77: return reading(.extended) { cursor throws(WireError) in .extended(try extended(cursor)) }
        case 0x68: return .other(.add)
        case 0x4A: return .other(.delete)
        case 0x6C: return .other(.rename)
        case 0x6E: return .other(.compare)
        default: throw WireError("an unknown operation")
        }
    }

    private static func bind(_ contents: WireCursor) throws(WireError) -> BindRequest {
        var cursor = contents
        let version = try cursor.integer()
        let name = try cursor.string()
        let (tag, password) = try cursor.element()
        guard cursor.isAtEnd else { throw WireError("octets behind a bind") }
        return BindRequest(
            version: version,
            name: name,
            authentication: tag == 0x80 ? .simple(Password(password)) : .other
        )
    }

    private static func search(_ contents: WireCursor) throws(WireError) -> SearchQuery {
        var cursor = contents
        let base = try cursor.string()
        let scope = try cursor.integer(0x0A)
        _ = try cursor.integer(0x0A)
        _ = try cursor.integer()
        _ = try cursor.integer()
        let typesOnly = try cursor.boolean()
        let (tag, filter) = try cursor.element()
        var names = try cursor.constructed()
        var attributes: [String] = []
        while !names.isAtEnd {
            guard attributes.count < mostAttributes else { throw WireError("too many attributes") }
            attributes.append(try names.string().lowercased())
        }
        let takesAll = tag == 0x87 && String(decoding: filter, as: UTF8.self).lowercased() == "objectclass"
        return SearchQuery(
            isOfRootDSE: base.isEmpty && scope == 0,
            attributes: attributes,
            typesOnly: typesOnly,
            takesAll: takesAll
        )
    }

    private static func modify(_ contents: WireCursor) throws(WireError) -> ModifyRequest {
        var cursor = contents
        let name = try cursor.string()
        var changes = try cursor.constructed()
        var former: Password?
        var password: Password?
        var attribute: String?
        var isPasswordChange = true
        var count = 0
        while !changes.isAtEnd {
            count += 1
            guard count <= mostModifications else { return ModifyRequest(name: name, change: nil) }
            var change = try changes.constructed()
            let operation = try change.integer(0x0A)
            var details = try change.constructed()
            let type = try details.string().lowercased()
            var values = try details.constructed(0x31)
            guard type == "userpassword" || type == "unicodepwd", attribute ?? type == type else {
                isPasswordChange = false
                continue
            }
            attribute = type
            let value = values.isAtEnd ? nil : try values.octetString()
            let read = value.flatMap { type == "unicodepwd" ? Password(unicodePassword: $0) : Password($0) }
            if !values.isAtEnd || (value != nil && read == nil) { isPasswordChange = false }
            switch operation {
            case 0 where password == nil && read != nil: password = read
            case 1 where former == nil && password == nil: former = read
            case 2 where count == 1 && read != nil: password = read
            default: isPasswordChange = false
            }
        }
        guard isPasswordChange, let password else { return ModifyRequest(name: name, change: nil) }
        return ModifyRequest(name: name, change: ModifyRequest.Change(former: former, password: password))
    }

    private static func extended(_ contents: WireCursor) throws(WireError) -> ExtendedRequest {
        var cursor = contents
        let name = try cursor.string(0x80)
        let value = cursor.isAtEnd ? nil : try cursor.octetString(0x81)
        switch name {
        case ObjectIdentifiers.startTLS: return .startTLS
        case ObjectIdentifiers.whoAmI: return .whoAmI
        case ObjectIdentifiers.passwordModify: return try passwordModify(value)
        default: return .unknown
        }
    }

    private static func passwordModify(_ value: UnsafeRawBufferPointer?) throws(WireError) -> ExtendedRequest {
        guard let value else { return .passwordModify(identity: nil, former: nil, password: nil) }
        var outer = WireCursor(value)
        var cursor = try outer.constructed()
        let identity = cursor.nextTag == 0x80 ? try cursor.string(0x80) : nil
        let former = cursor.nextTag == 0x81 ? Password(try cursor.octetString(0x81)) : nil
        let password = cursor.nextTag == 0x82 ? Password(try cursor.octetString(0x82)) : nil
        guard cursor.isAtEnd, outer.isAtEnd else { throw WireError("octets behind a password change") }
        return .passwordModify(identity: identity, former: former, password: password)
    }

    private static func hasUnknownCriticalControl(_ contents: WireCursor) throws(WireError) -> Bool {
        var controls = contents
        var isUnknown = false
        var count = 0
        while !controls.isAtEnd {
            count += 1
            guard count <= mostControls else { throw WireError("too many controls") }
            var control = try controls.constructed()
            let name = try control.string()
            let isCritical = control.nextTag == 0x01 ? try control.boolean() : false
            if isCritical && name != ObjectIdentifiers.manageDsaIT { isUnknown = true }
        }
        return isUnknown
    }
}
