import LDAPClient
import Mapping
import SyncModel

/// What memberships ask of the LDAP side besides what its entries do: an attribute that may be written, and a server that does with it what is expected.
struct MembershipCheck {
    let object: ObjectSpecification
    let membership: MembershipSpecification
    /// The users' objects, of which some may hold the attribute.
    let users: [ObjectSpecification]

    static func all(_ mappings: [ObjectMapping]) -> [MembershipCheck] {
        let users = mappings.map(\.specification).filter { $0.kind == .user }
        return mappings.compactMap { mapping in
            mapping.specification.membership.map {
                MembershipCheck(object: mapping.specification, membership: $0, users: users)
            }
        }
    }

    private var attribute: String { membership.form.attribute }
    private var isWritten: Bool { membership.direction.permits(writingTo: .miniorange) }

    /// Objections of the schema to the attribute.
    func judge(_ schema: DirectorySchema, _ findings: inout Findings) {
        guard let type = schema.attribute(attribute) else {
            let source = attribute == "memberuid" ? "the schema nis or rfc2307bis" : "the schema that defines it"
            findings.error(
                "memberships",
                "\(attribute) (members of \(object.name)) is not an attribute of the server",
                remedy: "load \(source), or choose another `membership`"
            )
            return
        }
        guard isWritten else { return }
        if type.isReadOnly {
            findings.error(
                "memberships",
                "\(type.name) (members of \(object.name)) is kept by the server itself, and nobody may write it",
                remedy: "configure `membership: member` and let the server keep it, or name another userAttribute"
            )
            return
        }
        if type.isSingleValued {
            findings.error(
                "memberships",
                "\(type.name) (members of \(object.name)) holds one value, and there may be many",
                remedy: "name an attribute with room for them"
            )
        }
        let holders = membership.form.holder == .group ? [object] : users
        for holder in holders where schema.knowsClasses {
            let classes = holder.scopes.miniorange.objectClasses
            guard !schema.permits(attribute, in: classes), classes.allSatisfy(schema.hasClass) else { continue }
            findings.error(
                "memberships",
                "\(type.name) (members of \(object.name)): entries of \(classes.joined(separator: ", ")) may not hold it",
                remedy: "add the class that permits it to objectClass of \(holder.name)"
            )
        }
    }

    /// What cn=config tells of overlays that write by themselves.
    func judge(_ database: SlapdConfiguration.Database, _ findings: inout Findings) {
        if membership.form.holder == .member, isWritten {
            let overlays = database.overlays.filter { $0.type == "memberof" }.map(\.entry)
            let kept = overlays.map { CaseFolding.lowercaseName($0.text("olcMemberOfMemberOfAD") ?? "memberOf") }
            if kept.contains(attribute) {
                findings.error(
                    "memberships",
                    "the memberof overlay keeps \(attribute), by which \(object.name) are to be written",
                    remedy: "configure `membership: member`, name another userAttribute, or remove the overlay"
                )
            }
        }
        guard membership.form.isMaintainedByServer,
            let overlay = database.overlays.first(where: { $0.type == "refint" })?.entry
        else { return }
        let covered = Set((overlay["olcRefintAttribute"] ?? []).map { $0.lossyText.lowercased() })
        guard !covered.isEmpty, !covered.contains(attribute) else { return }
        findings.warning(
            "overlays",
            "refint does not cover \(attribute): names of deleted members stay until Syncline has removed them",
            remedy: "add olcRefintAttribute: \(attribute) to the overlay of \(database.name)"
        )
    }
}

extension ObjectSpecification {
    /// Whether the side has entries of this kind at all.
    func hasEntries(on side: Side) -> Bool { side == .ad || !isVirtualAtMiniOrange }

    /// The attribute of this object's own entries that memberships are written to, where they are.
    func writtenMembershipAttributes(on side: Side, among mappings: [ObjectMapping]) -> [String] {
        var names: [String] = []
        for other in mappings.map(\.specification) {
            guard let membership = other.membership, membership.direction.permits(writingTo: side) else { continue }
            let form = membership.form(side)
            let isHolder = form.holder == .group ? other.name == name : kind == .user
            if isHolder, !names.contains(form.attribute) { names.append(form.attribute) }
        }
        return names
    }
}
