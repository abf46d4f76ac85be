import Mapping
import SyncModel

/// Reads what one side contributes to an object.
struct ScopeReader {
    let side: Side
    let kind: ObjectKind
    /// Nil where the side's section is missing, which has been reported.
    let section: Section?
    /// Nil where the side itself is not configured.
    let sideBase: DistinguishedName?

    /// - Parameters:
    ///   - usual: what holds where the section says nothing.
    ///   - needsBase: false where no entries of the object stand on the side.
    func read(usual: ScopeSpecification, needsBase: Bool = true) -> ScopeSpecification {
        var scope = usual
        guard let section else { return scope }
        if needsBase || section.mentions("base") {
            if let base = readName("base", in: section, isRequired: true) { scope.base = base }
        } else if let sideBase {
            scope.base = sideBase
        }
        if let filter = section["filter"]?.asFilter() { scope.filter = filter }
        if let classes = readClasses() { scope.objectClasses = classes }
        if let rdn = readRDN(section) { scope.rdn = rdn }
        return scope
    }

    /// The classes that the configuration names, without a word if there is anything wrong with them.
    static func givenClasses(_ section: Section?) -> [String]? {
        guard let value = section?["objectClass"], value.isList, let names = value.asList()?.compactMap(\.written),
            !names.isEmpty
        else { return nil }
        return names
    }

    private func readClasses() -> [String]? {
        guard let value = section?["objectClass"], let values = value.asList() else { return nil }
        if values.isEmpty { value.report("`\(value.path)` is empty", remedy: "remove it for the usual classes") }
        let names = values.compactMap { $0.asAttributeName() }
        if side == .ad, kind == .container { checkContainerClass(value, names) }
        return names
    }

    private func checkContainerClass(_ value: Value, _ names: [String]) {
        guard let section, let rdn = section["rdn"]?.written else { return }
        let wanted = KindDefaults.containerClass(rdn: rdn)
        let other = wanted == "container" ? "organizationalunit" : "container"
        guard names.contains(where: { CaseFolding.lowercaseName($0) == other }) else { return }
        value.report(
            "AD names no `\(other == "container" ? other : "organizationalUnit")` by `\(rdn)`",
            remedy: "write `objectClass: [top, \(wanted)]`, or remove `objectClass`"
        )
    }

    /// rDNAttID of the class ([MS-ADTS] 3.1.1.2.4.8); AD refuses an entry with another.
    private func readRDN(_ section: Section) -> String? {
        guard let rdn = section["rdn"], let name = rdn.asAttributeName() else { return nil }
        guard side == .ad else { return name }
        let allowed = kind == .container ? ["ou", "cn"] : ["cn"]
        guard !allowed.contains(CaseFolding.lowercaseName(name)) else { return name }
        let words = allowed.map { "`\($0)`" }.joined(separator: " or ")
        let remedy = kind == .container ? "write `rdn: ou`, or `rdn: cn` for the class `container`" : "remove `rdn`"
        rdn.report("AD names its \(kind.name)s by \(words), not by `\(name)`", remedy: remedy)
        return nil
    }

    /// The group to whose direct members the object is restricted.
    func readOnlyMembersOf() -> DistinguishedName? {
        guard let section, section.mentions("onlyMembersOf") else { return nil }
        guard kind != .container else {
            section.refuse("onlyMembersOf", "is for users and groups; a container is in no group")
            return nil
        }
        return readName("onlyMembersOf", in: section, isRequired: false)
    }

    /// The DN of an entry within the side.
    private func readName(_ key: String, in section: Section, isRequired: Bool) -> DistinguishedName? {
        let value = isRequired ? section.require(key) : section[key]
        guard let value, let name = value.asDistinguishedName() else { return nil }
        if let sideBase, !sideBase.isRoot, !name.isEqualOrDescendant(of: sideBase) {
            let what = key == "base" ? "base" : "name"
            value.report(
                "`\(value.path)`: `\(name)` is not below `\(side.name).base`",
                remedy: "write a \(what) that ends in `\(sideBase)`, or widen `\(side.name).base`"
            )
        }
        return name
    }
}
