import Foundation
import SyncModel

/// One change as ldapmodify takes it (RFC 2849).
enum DirectoryChange: Sendable {
    case add(String, [(String, [Octets])])
    case modify(String, [Edit])
    case rename(String, to: String, under: String?)
    case delete(String)

    struct Edit: Sendable {
        enum Kind: String { case add, delete, replace }
        var kind: Kind
        var name: String
        var values: [Octets]
    }

    static func replace(_ dn: String, _ name: String, _ values: [Octets]) -> DirectoryChange {
        .modify(dn, [Edit(kind: .replace, name: name, values: values)])
    }

    static func join(_ group: String, _ members: String..., attribute: String = "member") -> DirectoryChange {
        .modify(group, [Edit(kind: .add, name: attribute, values: members.map { Octets($0) })])
    }

    static func leave(_ group: String, _ members: String..., attribute: String = "member") -> DirectoryChange {
        .modify(group, [Edit(kind: .delete, name: attribute, values: members.map { Octets($0) })])
    }

    var ldif: String {
        switch self {
        case .add(let dn, let attributes):
            return LDIF.head(dn, "add") + attributes.map { LDIF.lines($0.0, $0.1) }.joined() + "\n"
        case .modify(let dn, let edits):
            return LDIF.head(dn, "modify")
                + edits.map { "\($0.kind.rawValue): \($0.name)\n\(LDIF.lines($0.name, $0.values))-\n" }.joined() + "\n"
        case .rename(let dn, let newRDN, let parent):
            let superior = parent.map { LDIF.line("newsuperior", Octets($0)) } ?? ""
            return LDIF.head(dn, "modrdn") + LDIF.line("newrdn", Octets(newRDN)) + "deleteoldrdn: 1\n" + superior + "\n"
        case .delete(let dn):
            return LDIF.head(dn, "delete") + "\n"
        }
    }
}

enum LDIF {
    static func head(_ dn: String, _ verb: String) -> String {
        line("dn", Octets(dn)) + "changetype: \(verb)\n"
    }

    static func lines(_ name: String, _ values: [Octets]) -> String { values.map { line(name, $0) }.joined() }

    static func line(_ name: String, _ value: Octets) -> String {
        "\(name):: \(Data(value.bytes).base64EncodedString())\n"
    }

    /// The entries that ldapsearch printed with unwrapped lines.
    static func entries(_ text: String) -> [Entry] {
        var entries: [Entry] = []
        for block in text.components(separatedBy: "\n\n") {
            var entry: Entry?
            for line in block.split(separator: "\n") where !line.hasPrefix("#") {
                guard let colon = line.firstIndex(of: ":") else { continue }
                let name = line[..<colon].lowercased()
                var rest = line[line.index(after: colon)...]
                let isEncoded = rest.hasPrefix(":")
                if isEncoded { rest = rest.dropFirst() }
                if rest.hasPrefix(" ") { rest = rest.dropFirst() }
                let value =
                    isEncoded ? Octets(Array(Data(base64Encoded: String(rest)) ?? Data())) : Octets(String(rest))
                if name == "dn" {
                    entry = Entry(dn: value.lossyText)
                } else {
                    entry?.attributes[name, default: []].append(value)
                }
            }
            if let entry { entries.append(entry) }
        }
        return entries
    }
}

/// What a server says of an entry. Names are in lower case.
struct Entry: Hashable, Sendable {
    var dn: String
    var attributes: [String: [Octets]] = [:]

    subscript(name: String) -> [Octets] { attributes[name.lowercased()] ?? [] }

    /// The first value as text.
    func text(_ name: String) -> String? { self[name].first?.lossyText }

    /// All but what servers keep for themselves about changes, values sorted.
    func comparable(without names: Set<String> = []) -> [String: [Octets]] {
        let own: Set<String> = [
            "usnchanged", "whenchanged", "entrycsn", "modifytimestamp", "modifiersname", "contextcsn", "logoncount",
            "dscorepropagationdata", "badpwdcount", "lastlogon", "pwdlastset",
        ]
        return attributes.filter { !own.contains($0.key) && !names.contains($0.key) }.mapValues { $0.sorted() }
    }
}

/// A value as an RDN's (RFC 4514 §2.4).
func escaped(_ value: String) -> String {
    var text = ""
    for character in value {
        if ",+\"\\<>;=".contains(character) { text += "\\" }
        text.append(character)
    }
    if text.hasPrefix("#") || text.hasPrefix(" ") { text = "\\" + text }
    if text.hasSuffix(" ") { text = text.dropLast() + "\\ " }
    return text
}
