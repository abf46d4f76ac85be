package import LDAPClient
internal import SyncModel

/// What the gateway answers. Nothing in it is secret.
package enum ServerMessage: Equatable, Sendable {
    /// The words are for the user, empty where there are none.
    case result(Int32, ResponseKind, LDAPResultCode, String)
    /// An extended response with its name or value.
    case extended(Int32, LDAPResultCode, String, name: String?, value: String?)
    case entry(Int32, [(name: String, values: [String])])
    /// RFC 4511 section 4.4.1: the connection ends.
    case disconnection(LDAPResultCode, String)

    package static func == (first: ServerMessage, second: ServerMessage) -> Bool {
        first.encoded() == second.encoded()
    }

    /// As it goes over the wire.
    package func encoded() -> [UInt8] {
        var writer = BERWriter()
        writer.sequence { message in
            switch self {
            case .result(let id, let kind, let code, let words):
                message.integer(Int64(id))
                message.sequence(tag: kind.rawValue) { $0.result(code, words) }
            case .extended(let id, let code, let words, let name, let value):
                message.integer(Int64(id))
                message.sequence(tag: ResponseKind.extended.rawValue) { response in
                    response.result(code, words)
                    if let name { response.string(name, tag: BERTag.context(10, constructed: false)) }
                    if let value { response.string(value, tag: BERTag.context(11, constructed: false)) }
                }
            case .entry(let id, let attributes):
                message.integer(Int64(id))
                message.sequence(tag: BERTag.searchResultEntry) { $0.entry(attributes) }
            case .disconnection(let code, let words):
                message.integer(0)
                message.sequence(tag: ResponseKind.extended.rawValue) { response in
                    response.result(code, words)
                    let name = ObjectIdentifiers.noticeOfDisconnection
                    response.string(name, tag: BERTag.context(10, constructed: false))
                }
            }
        }
        return writer.bytes
    }
}

extension BERWriter {
    /// The beginning of an LDAPResult (RFC 4511 section 4.1.9), without a matched name.
    fileprivate mutating func result(_ code: LDAPResultCode, _ words: String) {
        enumerated(Int64(code.rawValue))
        string("")
        string(words)
    }

    fileprivate mutating func entry(_ attributes: [(name: String, values: [String])]) {
        string("")
        sequence { list in
            for attribute in attributes {
                list.sequence { item in
                    item.string(attribute.name)
                    item.sequence(tag: BERTag.set) { set in
                        for value in attribute.values { set.string(value) }
                    }
                }
            }
        }
    }
}
