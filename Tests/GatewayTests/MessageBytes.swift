import LDAPClient
import SyncModel

@testable import Gateway

/// Requests as clients send them, made by the other codec of this package.
enum MessageBytes {
    static func message(_ id: Int64, controls: [(String, Bool)] = [], _ body: (inout BERWriter) -> Void) -> [UInt8] {
        var writer = BERWriter()
        writer.sequence { message in
            message.integer(id)
            body(&message)
            guard !controls.isEmpty else { return }
            message.sequence(tag: 0xA0) { list in
                for (name, isCritical) in controls {
                    list.sequence { control in
                        control.string(name)
                        if isCritical { control.boolean(true) }
                    }
                }
            }
        }
        return writer.bytes
    }

    static func bind(_ id: Int64, _ name: String, _ password: String, version: Int64 = 3) -> [UInt8] {
        message(id) { message in
            message.sequence(tag: 0x60) { bind in
                bind.integer(version)
                bind.string(name)
                bind.string(password, tag: 0x80)
            }
        }
    }

    static func saslBind(_ id: Int64) -> [UInt8] {
        message(id) { message in
            message.sequence(tag: 0x60) { bind in
                bind.integer(3)
                bind.string("")
                bind.sequence(tag: 0xA3) { $0.string("EXTERNAL") }
            }
        }
    }

    static func unbind(_ id: Int64) -> [UInt8] { message(id) { $0.octetString(Octets(), tag: 0x42) } }

    static func abandon(_ id: Int64, of other: Int64) -> [UInt8] { message(id) { $0.integer(other, tag: 0x50) } }

    static func search(_ id: Int64, base: String, scope: Int64 = 0, attributes: [String] = []) -> [UInt8] {
        message(id) { message in
            message.sequence(tag: 0x63) { search in
                search.string(base)
                search.enumerated(scope)
                search.enumerated(0)
                search.integer(0)
                search.integer(0)
                search.boolean(false)
                search.string("objectClass", tag: 0x87)
                search.sequence { list in for name in attributes { list.string(name) } }
            }
        }
    }

    static func extended(_ id: Int64, _ name: String, _ value: Octets? = nil, controls: [(String, Bool)] = [])
        -> [UInt8]
    {
        message(id, controls: controls) { message in
            message.sequence(tag: 0x77) { request in
                request.string(name, tag: 0x80)
                if let value { request.octetString(value, tag: 0x81) }
            }
        }
    }

    static func passwordModify(_ id: Int64, _ identity: String?, _ former: String?, _ password: String?) -> [UInt8] {
        var value = BERWriter()
        value.sequence { parts in
            if let identity { parts.string(identity, tag: 0x80) }
            if let former { parts.string(former, tag: 0x81) }
            if let password { parts.string(password, tag: 0x82) }
        }
        return extended(id, ObjectIdentifiers.passwordModify, value.octets)
    }

    /// `operation`: 0 add, 1 delete, 2 replace.
    static func modify(_ id: Int64, _ name: String, _ changes: [(Int64, String, [Octets])]) -> [UInt8] {
        message(id) { message in
            message.sequence(tag: 0x66) { modify in
                modify.string(name)
                modify.sequence { list in
                    for (operation, attribute, values) in changes {
                        list.sequence { change in
                            change.enumerated(operation)
                            change.sequence { details in
                                details.string(attribute)
                                details.sequence(tag: 0x31) { set in for value in values { set.octetString(value) } }
                            }
                        }
                    }
                }
            }
        }
    }

    static func decoded(_ octets: [UInt8]) throws -> ClientMessage {
        try octets.withUnsafeBytes { try ClientMessage(decoding: $0) }
    }

    static func password(_ text: String) -> Password {
        Array(text.utf8).withUnsafeBytes { Password($0) }
    }

    /// As unicodePwd has it.
    static func unicode(_ text: String) -> Octets {
        Octets("\"\(text)\"".utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
    }
}
