internal import LDAPClient
package import SyncModel

/// What a server's subschema (RFC 4512 section 4.2) says about attributes, as far as it decides how they are written.
package struct AttributeSchema: Sendable {
    private struct Definition {
        var hasEquality: Bool
        var syntax: String?
        var superior: String?
        /// The first of its names, as the schema has it.
        var spelling: String?
    }

    /// Certificates, certificate lists and pairs: only `;binary` is a way to transfer them (RFC 4523).
    private static let binarySyntaxes: Set<String> = [
        "1.3.6.1.4.1.1466.115.121.1.8", "1.3.6.1.4.1.1466.115.121.1.9", "1.3.6.1.4.1.1466.115.121.1.10",
    ]

    private var definitions: [String: Definition] = [:]

    /// `attributeTypes` are values of that attribute; those that can't be read are passed over.
    package init(attributeTypes: [Octets] = []) {
        for value in attributeTypes {
            guard let text = value.text else { continue }
            add(Self.words(text))
        }
    }

    static func read(_ subschema: String?, over connection: LDAPConnection) async throws(LDAPError) -> AttributeSchema {
        guard let subschema else { return AttributeSchema() }
        let request = SearchRequest(
            base: subschema,
            scope: .base,
            filter: "(objectClass=subschema)",
            attributes: ["attributeTypes"]
        )
        do {
            return AttributeSchema(
                attributeTypes: try await connection.search(request).entries.first?["attributeTypes"] ?? []
            )
        } catch {
            guard error.serverResult != nil, error.disposition == .refuse else { throw error }
            return AttributeSchema()
        }
    }

    /// Whether single values can be deleted. True where the schema doesn't know the attribute.
    package func hasEquality(_ name: String) -> Bool {
        lookUp(name) { $0.hasEquality ? true : nil } ?? (definitions[Self.base(name)] == nil)
    }

    /// The name under which the server takes values of an attribute.
    package func wireName(_ name: String) -> String {
        let syntax = lookUp(name) { $0.syntax }
        return syntax.map(Self.binarySyntaxes.contains) == true ? "\(name);binary" : name
    }

    /// The name by which the server writes an attribute down itself, without options; nil where the schema doesn't know it.
    package func spelling(_ name: String) -> String? { definitions[Self.base(name)]?.spelling }

    private func lookUp<Answer>(_ name: String, _ answer: (Definition) -> Answer?) -> Answer? {
        var next: String? = Self.base(name)
        // No schema is this deep; a circle ends here.
        for _ in 0..<16 {
            guard let name = next, let definition = definitions[name] else { return nil }
            if let found = answer(definition) { return found }
            next = definition.superior
        }
        return nil
    }

    private static func base(_ name: String) -> String {
        CaseFolding.lowercaseName(String(name.prefix { $0 != ";" }))
    }

    private mutating func add(_ words: [String]) {
        var names = words.count > 1 ? [words[1]] : []
        var definition = Definition(hasEquality: false)
        var position = 2
        while position < words.count {
            let following = position + 1 < words.count ? words[position + 1] : ""
            switch words[position] {
            // Once: a text that says it again and again would else be read again and again.
            case "NAME" where names.count == 1:
                if following == "(" {
                    names += words[(position + 2)...].prefix { $0 != ")" }
                } else {
                    names.append(following)
                }
            case "SUP": definition.superior = CaseFolding.lowercaseName(following)
            case "EQUALITY": definition.hasEquality = true
            case "SYNTAX": definition.syntax = String(following.prefix { $0 != "{" })
            default: break
            }
            position += 1
        }
        definition.spelling = names.dropFirst().first
        for name in names { definitions[CaseFolding.lowercaseName(name)] = definition }
    }

    /// Parentheses, words, and quoted strings without their quotes (a description is prefixed so that it is no keyword).
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var isQuoted = false
        func isSpecial(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") }
        for byte in text.utf8 {
            if isQuoted {
                if byte == UInt8(ascii: "'") {
                    isQuoted = false
                    let quoted = String(decoding: word, as: UTF8.self)
                    words.append(words.last == "DESC" ? "'\(quoted)" : quoted)
                    word = []
                } else {
                    word.append(byte)
                }
                continue
            }
            if byte == UInt8(ascii: "'") {
                isQuoted = true
            } else if byte == 0x20 || byte == 0x09 || isSpecial(byte) {
                if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
                word = []
                if isSpecial(byte) { words.append(byte == UInt8(ascii: "(") ? "(" : ")") }
            } else {
                word.append(byte)
            }
        }
        return words
    }
}
