import Mapping
import SyncModel

/// Reads how a group object's members are held and kept in agreement.
struct MembershipReader {
    /// The object.
    let section: Section
    /// The object's section of the miniorange side, if it has one.
    let miniorange: Section?
    let options: Section?
    let name: MembershipName
    /// The LDAP side has no entries of the groups.
    let isVirtual: Bool

    init(section: Section, miniorange: Section?) {
        self.section = section
        self.miniorange = miniorange
        let options = section["memberships"]?.asSection()
        self.options = options
        let given = miniorange?["membership"]?.asChoice([
            "member": MembershipName.member, "uniqueMember": .uniqueMember, "memberUid": .memberUid,
            "user-attribute": .userAttribute,
        ])
        let name = given ?? Self.usualName(ScopeReader.givenClasses(miniorange))
        self.name = name
        let isNames = Self.isNames(options)
        let entries = name == .userAttribute ? options?["entries"]?.asFlag() : nil
        isVirtual = name == .userAttribute && !(entries ?? !isNames)
    }

    private static func usualName(_ classes: [String]?) -> MembershipName {
        let classes = classes?.map(CaseFolding.lowercaseName) ?? []
        if classes.contains("groupofuniquenames") { return .uniqueMember }
        let holdsNames = classes.contains { ["groupofnames", "groupofmembers"].contains($0) }
        return classes.contains("posixgroup") && !holdsNames ? .memberUid : .member
    }

    private static func isNames(_ options: Section?) -> Bool {
        // Of a word that means neither, what follows from it is not reported as well.
        options?["userValues"].map { $0.written != "dns" } ?? false
    }

    /// Whether the groups' names are enough to tell who is in them.
    var isByPlainName: Bool { name == .userAttribute && Self.isNames(options) }

    /// - Parameters:
    ///   - direction: the object's.
    ///   - scope: the object's at the miniorange side.
    func read(direction outer: Direction, scope: ScopeSpecification) -> MembershipSpecification {
        checkClasses()
        let direction = options?["direction"]?.asDirection(within: outer) ?? outer
        let form = readForm()
        return MembershipSpecification(
            form: form,
            direction: direction,
            placeholder: readPlaceholder(scope),
            nesting: readNesting(direction),
            includesPrimaryGroup: readPrimaryGroup(direction),
            createsMissing: readCreatesMissing(),
            keptMemberships: options?["kept"]?.asChoice(["keep": KeptMemberships.keep, "remove": .remove]) ?? .keep
        )
    }

    private func readForm() -> MembershipForm {
        guard name == .userAttribute else {
            for key in ["userAttribute", "userValues", "entries"] {
                options?.refuse(
                    key,
                    "has a meaning only with `membership: user-attribute`",
                    remedy: "remove it, or write `membership: user-attribute` in the object's `miniorange`"
                )
            }
            return switch name {
            case .uniqueMember: .uniqueMember
            case .memberUid: .memberUid
            case .member, .userAttribute: .member
            }
        }
        let values = options?["userValues"]?.asChoice(["dns": MembershipForm.Value.name, "names": .groupName]) ?? .name
        return MembershipForm(
            holder: .member,
            attribute: CaseFolding.lowercaseName(readUserAttribute() ?? "memberof"),
            value: values
        )
    }

    private func readUserAttribute() -> String? {
        guard let options else {
            // A section that is no section has been reported.
            if !section.mentions("memberships") {
                section.reading.problems.report(
                    "`membership: user-attribute` needs the name of the users' attribute",
                    at: miniorange?.position(of: "membership") ?? section.position,
                    remedy: "add `memberships: {userAttribute: memberOf}` to the object"
                )
            }
            return nil
        }
        guard let value = options.require("userAttribute"), let name = value.asAttributeName() else { return nil }
        let lowered = CaseFolding.lowercaseName(name)
        if lowered != "memberof", AttributePreset.isReservedAtMiniOrange(name) || lowered == "uid" {
            value.report(
                "`\(value.path)`: `\(name)` cannot hold a user's groups",
                remedy: "write the attribute that names them, such as `userAttribute: memberOf`"
            )
        }
        return name
    }

    private func readPlaceholder(_ scope: ScopeSpecification) -> DistinguishedName? {
        let demanding = scope.objectClasses.contains {
            ["groupofnames", "groupofuniquenames"].contains(CaseFolding.lowercaseName($0))
        }
        guard demanding, !isVirtual else {
            options?.refuse(
                "placeholder",
                "has a meaning only for `groupOfNames` and `groupOfUniqueNames`, which demand a member"
            )
            return nil
        }
        if let value = options?["placeholder"] { return value.asDistinguishedName() }
        return scope.base.child(RelativeDistinguishedName(type: "cn", value: "syncline-placeholder"))
    }

    private func readNesting(_ direction: Direction) -> Nesting {
        guard let value = options?["nested"] else { return .keep }
        let nesting = value.asChoice(["keep": Nesting.keep, "flatten": .flatten]) ?? .keep
        if nesting == .flatten, !direction.permits(writingTo: .miniorange) {
            value.report(
                "`\(value.path): flatten` is about what the miniorange side shows, and nothing travels there",
                remedy: "remove it, or write `direction: both`"
            )
        }
        return nesting
    }

    private func readPrimaryGroup(_ direction: Direction) -> Bool {
        guard let value = options?["primaryGroup"], let isIncluded = value.asFlag() else { return false }
        if isIncluded, !direction.permits(writingTo: .miniorange) {
            value.report(
                "`\(value.path): true` shows AD's primary groups at the miniorange side, and nothing travels there",
                remedy: "remove it, or write `direction: both`"
            )
        }
        return isIncluded
    }

    private func readCreatesMissing() -> Bool {
        guard let value = options?["createMissing"], let creates = value.asFlag() else { return false }
        if creates, name != .userAttribute {
            value.report(
                "`\(value.path): true` is for groups that a user's attribute names, and here the groups hold their members",
                remedy: "remove it, or write `membership: user-attribute` in the object's `miniorange`"
            )
        }
        return creates
    }

    /// Classes of which it is known that the attribute is none of theirs. Of a class of one's own nothing is known.
    private func checkClasses() {
        guard !isVirtual, name != .userAttribute, let value = miniorange?["objectClass"],
            let given = ScopeReader.givenClasses(miniorange)?.map(CaseFolding.lowercaseName)
        else { return }
        let attributes = given.filter { $0 != "top" }.map { Self.attributes[$0] }
        guard !attributes.isEmpty, !attributes.contains(where: { $0 == nil || $0 == name }) else { return }
        value.report(
            "`\(value.path)`: none of these classes has the attribute `\(name.rawValue)`",
            remedy: "write `objectClass: [\(name.classes[0])]`, or another `membership`"
        )
    }

    private static let attributes: [String: MembershipName] = [
        "groupofnames": .member, "groupofmembers": .member, "groupofentries": .member,
        "groupofuniquenames": .uniqueMember, "posixgroup": .memberUid,
    ]
}
