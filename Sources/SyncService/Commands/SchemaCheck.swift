import Configuration
import LDAPClient
import Mapping
import SyncModel

/// What the configuration names against what the server's schema knows.
struct SchemaCheck {
    let side: Side
    let wiring: Wiring
    let server: ServerFacts

    func run(_ findings: inout Findings) async throws(LDAPError) -> DirectorySchema? {
        var schema: DirectorySchema?
        if let subschema = server.subschema {
            do throws(LDAPError) {
                schema = try await DirectorySchema.read(subschema, over: server.connection)
            } catch {
                guard error.serverResult != nil else { throw error }
            }
        }
        guard let schema, !schema.isEmpty else {
            findings.warning(
                "schema",
                "the server does not show its schema: attributes and classes could not be checked",
                remedy: "grant the account read access to \(server.subschema ?? "the subschema entry")"
            )
            return nil
        }
        let judged = Self.judge(wiring.mappings, side, schema)
        findings.append(judged)
        if !judged.contains(where: { $0.level == .error }) {
            let count = Set(
                wiring.mappings.filter { $0.specification.hasEntries(on: side) }.flatMap {
                    Self.names($0.specification, side).map(\.name)
                }
            )
            .count
            findings.ok("schema", "\(count) attributes and all object classes are known to the server")
        }
        return schema
    }

    /// The pure part: every objection that a schema raises against the mappings.
    static func judge(_ mappings: [ObjectMapping], _ side: Side, _ schema: DirectorySchema)
        -> [Finding]
    {
        var findings = Findings(side)
        for mapping in mappings where mapping.specification.hasEntries(on: side) {
            judgeNames(mapping.specification, side, schema, &findings)
            judgeClasses(mapping, side, schema, &findings)
            judgeCardinality(mapping, side, schema, &findings)
        }
        if side == .miniorange {
            for check in MembershipCheck.all(mappings) { check.judge(schema, &findings) }
        }
        return findings.all
    }

    /// Every attribute that an object names on a side, with where it is named.
    private static func names(_ object: ObjectSpecification, _ side: Side) -> [(
        name: String, place: String
    )] {
        var names = object.attributes.map { (side == .ad ? $0.ad : $0.miniorange, $0.origin) }
        names += object.match.map { (side == .ad ? $0.ad : $0.miniorange, "match of \(object.name)") }
        names.append((object.scopes[side].rdn, "rdn of \(object.name)"))
        names += object.scopes[side].filter.attributes.map { ($0, "filter of \(object.name)") }
        var seen: Set<String> = []
        return names.filter { seen.insert(CaseFolding.lowercaseName($0.0)).inserted }
    }

    private static func judgeNames(
        _ object: ObjectSpecification,
        _ side: Side,
        _ schema: DirectorySchema,
        _ findings: inout Findings
    ) {
        for (name, place) in names(object, side) where schema.attribute(name) == nil {
            let isPolicy = ["pwdaccountlockedtime", "pwdreset"].contains(CaseFolding.lowercaseName(name))
            findings.error(
                "schema",
                "\(name) (\(place)) is not an attribute of the server",
                remedy: isPolicy
                    ? "load the ppolicy overlay, or map the account's state to another attribute"
                    : "correct the name, remove the rule, or load the schema that defines it"
            )
        }
    }

    private static func judgeClasses(
        _ mapping: ObjectMapping,
        _ side: Side,
        _ schema: DirectorySchema,
        _ findings: inout Findings
    ) {
        let object = mapping.specification
        let classes = object.scopes[side].objectClasses
        guard object.direction.permits(writingTo: side), schema.knowsClasses, !classes.isEmpty else {
            return
        }
        let unknown = classes.filter { !schema.hasClass($0) }
        for name in unknown {
            findings.error(
                "schema",
                "\(name) (objectClass of \(object.name)) is not a class of the server",
                remedy: "correct objectClass, or load the schema that defines it"
            )
        }
        guard unknown.isEmpty else { return }
        for rule in object.attributes where rule.direction.permits(writingTo: side) {
            let name = side == .ad ? rule.ad : rule.miniorange
            guard schema.attribute(name) != nil, !schema.permits(name, in: classes) else { continue }
            findings.error(
                "schema",
                "\(name) (\(rule.origin)): entries of \(classes.joined(separator: ", ")) may not hold it",
                remedy: "add the class that permits it to objectClass of \(object.name), or remove the rule"
            )
        }
        guard side == .miniorange else { return }
        let given =
            object.attributes.filter { $0.direction.permits(writingTo: side) }.map(\.miniorange)
            + [object.scopes[side].rdn, "objectClass", "cn", "sn", "uid"]
            + (object.kind == .group ? ["member", "uniqueMember"] : [])
        let missing = schema.content(of: classes).required.subtracting(given.map(schema.primaryName))
        for name in missing.sorted() {
            findings.error(
                "schema",
                "a new entry of \(object.name) would lack \(name), which its classes demand",
                remedy: "add a rule for \(name), or another objectClass"
            )
        }
    }

    /// A rule that carries several values to a server that holds one would be refused at the second.
    private static func judgeCardinality(
        _ mapping: ObjectMapping,
        _ side: Side,
        _ schema: DirectorySchema,
        _ findings: inout Findings
    ) {
        let sets = Set(mapping.mergeRules.filter { $0.shape == .set }.map(\.name))
        for rule in mapping.specification.attributes where rule.direction.permits(writingTo: side) {
            let canonical = CaseFolding.lowercaseName(rule.ad)
            let name = side == .ad ? rule.ad : rule.miniorange
            guard schema.attribute(name)?.isSingleValued == true else { continue }
            guard sets.contains(canonical) else { continue }
            findings.warning(
                "schema",
                "\(name) (\(rule.origin)) holds one value, but the rule may carry several",
                remedy: "entries with several values will be set aside; use an attribute with room for them"
            )
        }
    }
}
