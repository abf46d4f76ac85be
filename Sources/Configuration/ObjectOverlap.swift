import Mapping
import SyncModel

/// Whether an entry could belong to two objects.
enum ObjectOverlap {
    static func report(_ object: ReadObject, with others: [ReadObject]) {
        for side in [Side.ad, .miniorange] {
            let scope = object.specification.scopes[side]
            guard !scope.base.isRoot, let value = object.bases[side] else { continue }
            for other in others where other.bases[side] != nil {
                let theirs = other.specification.scopes[side]
                guard !theirs.base.isRoot, let relation = relation(of: scope.base, to: theirs.base) else { continue }
                let isOneKind = object.specification.kind == other.specification.kind
                if !isOneKind, ClassDemand(scope.filter).excludes(ClassDemand(theirs.filter)) { continue }
                value.report(
                    "`\(value.path)`: `\(scope.base)` \(relation) of the object `\(other.specification.name)`, "
                        + (isOneKind
                            ? "so an entry would belong to both"
                            : "and the filters do not tell which entry belongs to which"),
                    remedy: isOneKind
                        ? "give the objects bases that lie beside each other, or make them one object"
                        : "let each filter ask for a class of its kind, such as `(objectClass=\(example(theirs)))`, "
                            + "or give the objects bases that lie beside each other"
                )
            }
        }
    }

    private static func relation(of base: DistinguishedName, to other: DistinguishedName) -> String? {
        if base.normalized == other.normalized { return "is also the base" }
        if base.isDescendant(of: other) { return "lies below the base" }
        return other.isDescendant(of: base) ? "lies above the base" : nil
    }

    private static func example(_ scope: ScopeSpecification) -> String {
        scope.objectClasses.last ?? "group"
    }
}

/// What a filter says of the classes of the entries that match it.
struct ClassDemand: Hashable {
    /// In lower case: every match has one of these. Nil where nothing is known.
    private var anyOf: Set<String>?
    /// No match has any of these.
    private var noneOf: Set<String> = []

    init(_ filter: Filter) {
        switch filter {
        case .equality(let attribute, let value):
            guard let name = Self.className(attribute, value) else { return }
            anyOf = [name]
        case .not(.equality(let attribute, let value)):
            guard let name = Self.className(attribute, value) else { return }
            noneOf = [name]
        case .and(let filters):
            for demand in filters.map(ClassDemand.init) {
                noneOf.formUnion(demand.noneOf)
                // Each holds for every match; the fewest say the most.
                if let theirs = demand.anyOf, anyOf.map({ theirs.count < $0.count }) ?? true { anyOf = theirs }
            }
        case .or(let filters):
            let demands = filters.map(ClassDemand.init)
            guard let first = demands.first else { return }
            noneOf = demands.dropFirst().reduce(first.noneOf) { $0.intersection($1.noneOf) }
            if demands.allSatisfy({ $0.anyOf != nil }) {
                anyOf = demands.reduce(into: []) { $0.formUnion($1.anyOf ?? []) }
            }
        default: break
        }
    }

    /// Whether nothing matches both filters: an entry is of one kind, and so of one kind's classes.
    func excludes(_ other: ClassDemand) -> Bool {
        if let ours = anyOf, let theirs = other.anyOf, ours.isDisjoint(with: theirs) { return true }
        return anyOf.map { $0.isSubset(of: other.noneOf) } ?? false
            || other.anyOf.map { $0.isSubset(of: noneOf) } ?? false
    }

    private static func className(_ attribute: String, _ value: Octets) -> String? {
        guard let text = value.text, ["objectclass", "objectcategory"].contains(CaseFolding.lowercaseName(attribute))
        else { return nil }
        let name = CaseFolding.lowercaseName(text)
        // Every entry is of this one.
        return name == "top" ? nil : name
    }
}
