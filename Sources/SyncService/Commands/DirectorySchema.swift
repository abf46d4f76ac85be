import LDAPClient
import SyncModel

/// What a server's subschema (RFC 4512 section 4.2) says of attributes and object classes.
package struct DirectorySchema: Sendable {
    package struct AttributeType: Hashable, Sendable {
        package var name: String
        package var isSingleValued: Bool
        /// Kept by the server; every entry may hold it, whatever its classes.
        package var isOperational: Bool
        package var syntax: String?
        var superior: String?
        /// Nobody but the server writes it.
        package var isReadOnly = false
    }

    struct ObjectClass: Hashable, Sendable {
        var superiors: [String] = []
        var required: [String] = []
        var allowed: [String] = []
        var auxiliaries: [String] = []
    }

    private var types: [String: AttributeType] = [:]
    private var classes: [String: ObjectClass] = [:]

    /// The values of `attributeTypes`, `objectClasses` and `dITContentRules`. What can't be read is passed over.
    package init(attributeTypes: [String], objectClasses: [String], contentRules: [String] = []) {
        for text in attributeTypes { addType(SchemaDefinition(text)) }
        for text in objectClasses { addClass(SchemaDefinition(text)) }
        for text in contentRules { addClass(SchemaDefinition(text)) }
    }

    /// Reads it from the server; nil where the server doesn't show it.
    static func read(_ subschema: String, over connection: LDAPConnection) async throws(LDAPError)
        -> DirectorySchema?
    {
        let request = SearchRequest(
            base: subschema,
            scope: .base,
            attributes: ["attributeTypes", "objectClasses", "dITContentRules"]
        )
        guard let entry = try await connection.search(request).entries.first,
            let types = entry["attributeTypes"]
        else {
            return nil
        }
        func texts(_ values: [Octets]?) -> [String] { (values ?? []).compactMap(\.text) }
        return DirectorySchema(
            attributeTypes: texts(types),
            objectClasses: texts(entry["objectClasses"]),
            contentRules: texts(entry["dITContentRules"])
        )
    }

    package var isEmpty: Bool { types.isEmpty }
    package var knowsClasses: Bool { !classes.isEmpty }

    /// Options (`;binary`) are no part of the name.
    package func attribute(_ name: String) -> AttributeType? { types[Self.key(name)] }

    package func hasClass(_ name: String) -> Bool { classes[Self.key(name)] != nil }

    /// Lower-cased names that an entry of these classes, with all their superiors, must and may hold.
    package func content(of names: [String]) -> (required: Set<String>, allowed: Set<String>) {
        var required: Set<String> = []
        var allowed: Set<String> = []
        var open = names.map(Self.key)
        var seen: Set<String> = []
        while let name = open.popLast() {
            guard seen.insert(name).inserted, let objectClass = classes[name] else { continue }
            required.formUnion(objectClass.required.map(primaryName))
            allowed.formUnion(objectClass.allowed.map(primaryName))
            open += objectClass.superiors + objectClass.auxiliaries
        }
        return (required, allowed.union(required))
    }

    /// Whether an entry of these classes may hold the attribute.
    package func permits(_ attribute: String, in classes: [String]) -> Bool {
        if self.attribute(attribute)?.isOperational == true { return true }
        return content(of: classes).allowed.contains(primaryName(attribute))
    }

    /// `surname` and `sn` are one: the first of the names stands for all.
    package func primaryName(_ name: String) -> String {
        types[Self.key(name)]?.name ?? Self.key(name)
    }

    private static func key(_ name: String) -> String {
        CaseFolding.lowercaseName(String(name.prefix { $0 != ";" }))
    }

    private mutating func addType(_ definition: SchemaDefinition) {
        guard let first = definition.names.first else { return }
        let type = AttributeType(
            name: Self.key(first),
            isSingleValued: definition.has("SINGLE-VALUE"),
            isOperational: definition.has("USAGE")
                && definition.values("USAGE").first != "userApplications",
            syntax: definition.values("SYNTAX").first.map { String($0.prefix { $0 != "{" }) },
            superior: definition.values("SUP").first.map(Self.key),
            isReadOnly: definition.has("NO-USER-MODIFICATION")
        )
        for name in definition.names { types[Self.key(name)] = type }
    }

    /// A content rule has the name of its structural class and adds to it.
    private mutating func addClass(_ definition: SchemaDefinition) {
        for name in definition.names {
            var known = classes[Self.key(name)] ?? ObjectClass()
            known.superiors += definition.values("SUP").map(Self.key)
            known.required += definition.values("MUST").map(Self.key)
            known.allowed += definition.values("MAY").map(Self.key)
            known.auxiliaries += definition.values("AUX").map(Self.key)
            classes[Self.key(name)] = known
        }
    }
}

/// One description of RFC 4512 section 4.1, taken apart: keywords with what follows them.
struct SchemaDefinition {
    private static let keywords: Set<String> = [
        "NAME", "DESC", "OBSOLETE", "SUP", "EQUALITY", "ORDERING", "SUBSTR", "SYNTAX", "SINGLE-VALUE",
        "COLLECTIVE",
        "NO-USER-MODIFICATION", "USAGE", "ABSTRACT", "STRUCTURAL", "AUXILIARY", "MUST", "MAY", "AUX",
        "NOT",
    ]
    private var parts: [String: [String]] = [:]

    init(_ text: String) {
        var keyword: String?
        for word in Self.words(text) {
            if !word.isQuoted, Self.keywords.contains(word.text) || word.text.hasPrefix("X-") {
                keyword = word.text
                parts[word.text] = parts[word.text] ?? []
            } else if let keyword {
                parts[keyword, default: []].append(word.text)
            }
        }
    }

    var names: [String] { values("NAME") }
    func has(_ keyword: String) -> Bool { parts[keyword] != nil }
    func values(_ keyword: String) -> [String] { parts[keyword] ?? [] }

    /// Words without parentheses and dollar signs; what stands in quotes is one word.
    private static func words(_ text: String) -> [(text: String, isQuoted: Bool)] {
        var words: [(String, Bool)] = []
        var word = ""
        var isQuoted = false
        for character in text.unicodeScalars {
            if isQuoted {
                if character == "'" {
                    words.append((word, true))
                    word = ""
                    isQuoted = false
                } else {
                    word.unicodeScalars.append(character)
                }
            } else if character == "'" {
                isQuoted = true
            } else if " ()$\t\r\n".unicodeScalars.contains(character) {
                if !word.isEmpty { words.append((word, false)) }
                word = ""
            } else {
                word.unicodeScalars.append(character)
            }
        }
        if !word.isEmpty { words.append((word, false)) }
        return words
    }
}
