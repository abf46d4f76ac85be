import Mapping
import SyncModel

/// What an object is made of where the configuration does not say.
enum KindDefaults {
    /// A user.
    static func user(_ side: Side) -> ScopeSpecification {
        let shared = ["top", "person", "organizationalPerson"]
        let isUser = Filter.equality("objectClass", "user")
        let isComputer = Filter.equality("objectClass", "computer")
        return switch side {
        case .ad: scope(.and([isUser, .not(isComputer)]), shared + ["user"], rdn: "cn")
        case .miniorange: scope(.equality("objectClass", "inetOrgPerson"), shared + ["inetOrgPerson"], rdn: "uid")
        }
    }

    static var groupAtAD: ScopeSpecification {
        scope(.equality("objectClass", "group"), ["top", "group"], rdn: "cn")
    }

    /// - Parameter given: the classes that the configuration names, if it does.
    static func groupAtMiniOrange(_ form: MembershipName, given: [String]?) -> ScopeSpecification {
        let classes = form.classes
        guard let given else {
            let filters = classes.map { Filter.equality("objectClass", Octets($0)) }
            return scope(filters.count == 1 ? filters[0] : .or(filters), ["top", classes[0]], rdn: "cn")
        }
        let usual = given.first { name in classes.contains { $0.lowercased() == name.lowercased() } }
        let shown = usual ?? given.first { $0.lowercased() != "top" } ?? classes[0]
        return scope(.equality("objectClass", Octets(shown)), given, rdn: "cn")
    }

    /// AD has two kinds of containers, which it names by different attributes.
    static func containerAtAD(rdn: String) -> ScopeSpecification {
        let name = containerClass(rdn: rdn)
        return scope(.equality("objectClass", Octets(name)), ["top", name], rdn: rdn)
    }

    static func containerClass(rdn: String) -> String {
        rdn.lowercased() == "cn" ? "container" : "organizationalUnit"
    }

    static func containerAtMiniOrange(given: [String]?) -> ScopeSpecification {
        let classes = given ?? ["top", "organizationalUnit"]
        let shown = classes.first { $0.lowercased() != "top" } ?? "organizationalUnit"
        return scope(.equality("objectClass", Octets(shown)), classes, rdn: "ou")
    }

    private static func scope(_ filter: Filter, _ objectClasses: [String], rdn: String) -> ScopeSpecification {
        ScopeSpecification(base: DistinguishedName([]), filter: filter, objectClasses: objectClasses, rdn: rdn)
    }
}

/// How the miniorange side holds members, as the file names it.
enum MembershipName: String, CaseIterable {
    case member, uniqueMember, memberUid
    case userAttribute = "user-attribute"

    /// The classes of groups that hold members so; the first is the one that is made.
    var classes: [String] {
        switch self {
        case .member: ["groupOfNames", "groupOfMembers"]
        case .uniqueMember: ["groupOfUniqueNames"]
        case .memberUid: ["posixGroup"]
        // The groups themselves need no members. Where they are entries, they are of the usual class.
        case .userAttribute: ["groupOfNames", "groupOfMembers"]
        }
    }
}
