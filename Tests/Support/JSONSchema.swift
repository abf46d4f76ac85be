package import Foundation

/// What conf/schema says of a command's JSON, as far as those files use JSON Schema (draft 2020-12): any other keyword is an error, not passed over.
package final class JSONSchema {
    /// Each file's own text by its name.
    private let files: [String: JSONDocument]
    /// `FILE#PATH` of the properties that a document had.
    package private(set) var seen: Set<String> = []

    /// - Parameter folder: where the schemas are.
    package init(folder: URL) throws {
        var files: [String: JSONDocument] = [:]
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where file.pathExtension == "json" {
            files[file.lastPathComponent] = try JSONDecoder().decode(JSONDocument.self, from: Data(contentsOf: file))
        }
        self.files = files
    }

    /// What is wrong with a document, each with its place in it; empty where it is as promised.
    ///
    /// - Parameter definition: `FILE#/$defs/NAME`.
    package func problems(_ document: String, _ definition: String) throws -> [String] {
        let value = try JSONDecoder().decode(JSONDocument.self, from: Data(document.utf8))
        return check(value, JSONDocument.object(["$ref": .string(definition)]), definition, "")
    }

    /// All properties that the schemas tell of.
    package var properties: Set<String> {
        Set(files.flatMap { name, file in file["$defs"].map { Self.properties($0, "\(name)#/$defs") } ?? [] })
    }

    private static func properties(_ schema: JSONDocument, _ path: String) -> [String] {
        switch schema {
        case .object(let members):
            return members.flatMap { name, value in
                let own = path.hasSuffix("/properties") ? ["\(path)/\(name)"] : []
                return own + properties(value, "\(path)/\(name)")
            }
        case .array(let items): return items.indices.flatMap { properties(items[$0], "\(path)/\($0)") }
        default: return []
        }
    }

    // MARK: Checking

    /// - Parameters:
    ///   - path: where the schema stands: `FILE#PATH`.
    ///   - place: where the value stands in the document.
    private func check(_ value: JSONDocument, _ schema: JSONDocument, _ path: String, _ place: String) -> [String] {
        guard case .object(let keywords) = schema else { return ["\(path): no schema"] }
        return keywords.sorted { $0.key < $1.key }.flatMap { keyword, rule in
            check(value, keyword, rule, keywords, path, place)
        }
    }

    private func check(
        _ value: JSONDocument,
        _ keyword: String,
        _ rule: JSONDocument,
        _ keywords: [String: JSONDocument],
        _ path: String,
        _ place: String
    ) -> [String] {
        func fault(_ words: String) -> [String] { ["\(place.isEmpty ? "/" : place): \(words) (\(path))"] }
        switch keyword {
        case "description", "additionalProperties": return []
        case "$ref":
            guard let (target, targetPath) = resolve(rule, path) else { return fault("no such schema: \(rule)") }
            return check(value, target, targetPath, place)
        case "type":
            let types = rule.items ?? [rule]
            return types.contains { value.isOf(type: $0) } ? [] : fault("\(value) is not of type \(rule)")
        case "enum": return rule.items?.contains(value) == true ? [] : fault("\(value) is none of \(rule)")
        case "const": return value == rule ? [] : fault("\(value) is not \(rule)")
        case "format":
            guard case .string(let text) = value else { return [] }
            let isTime = rule == .string("date-time") && JSONDocument.isTime(text)
            return isTime ? [] : fault("\(text) is no \(rule)")
        case "anyOf":
            let faults = (rule.items ?? []).indices.map {
                check(value, rule.items?[$0] ?? .null, "\(path)/anyOf/\($0)", place)
            }
            // What comes next to fitting says most.
            return faults.contains([]) ? [] : faults.max { $0.count < $1.count } ?? fault("nothing fits")
        case "items":
            return (value.items ?? []).enumerated().flatMap {
                check($0.element, rule, "\(path)/items", "\(place)/\($0.offset)")
            }
        case "required":
            guard case .object(let members) = value else { return [] }
            return (rule.items ?? []).compactMap(\.text).filter { members[$0] == nil }
                .flatMap { fault("there is no \($0)") }
        case "properties": return checkMembers(value, rule, keywords["additionalProperties"], path, place)
        default: return fault("the keyword \(keyword) is not understood here")
        }
    }

    private func checkMembers(
        _ value: JSONDocument,
        _ properties: JSONDocument,
        _ others: JSONDocument?,
        _ path: String,
        _ place: String
    ) -> [String] {
        guard case .object(let members) = value else { return [] }
        return members.sorted { $0.key < $1.key }.flatMap { name, member -> [String] in
            if let schema = properties[name] {
                seen.insert("\(path)/properties/\(name)")
                return check(member, schema, "\(path)/properties/\(name)", "\(place)/\(name)")
            }
            guard let others, others != .bool(false) else {
                return ["\(place)/\(name): the schema does not tell of it (\(path))"]
            }
            return check(member, others, "\(path)/additionalProperties", "\(place)/\(name)")
        }
    }

    /// `FILE#PATH`, or `#PATH` within the file where it stands.
    private func resolve(_ reference: JSONDocument, _ path: String) -> (JSONDocument, String)? {
        guard let parts = reference.text?.split(separator: "#", omittingEmptySubsequences: false), parts.count == 2
        else {
            return nil
        }
        let file = parts[0].isEmpty ? String(path.prefix { $0 != "#" }) : String(parts[0])
        let found = parts[1].split(separator: "/").reduce(files[file]) { $0?[String($1)] }
        return found.map { ($0, "\(file)#\(parts[1])") }
    }
}
