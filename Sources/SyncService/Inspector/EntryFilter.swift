import Cache
import Mapping
import SyncModel

/// A search filter that was made ready for one side's replicas.
///
/// What it says is what `Filter.matches` says. Nearly every entry is decided on the record's own octets; where those don't suffice (names, times,
/// text beyond ASCII, what is not stored as such) the values are made and `Filter.matches` is asked.
struct EntryFilter {
    private enum Answer { case yes, no, unsure }

    /// What can be said at once.
    private indirect enum Node {
        case and([Node])
        case or([Node])
        case not(Node)
        case always
        case present(Int)
        /// In lower case, ASCII, with single spaces.
        case equals(Int, [UInt8])
        case substrings(Int, QuickSubstrings)
        /// One of these values, octet by octet; others may still be equal.
        case reference(Int, [UInt8])
        /// No value, no match; else `Filter.matches` has to say.
        case ifPresent(Int)
        case unsure
    }

    let filter: Filter
    private let node: Node
    private let attributes: [String]
    let glance: ReplicaGlance

    /// - Parameters:
    ///   - references: the side's attributes that hold references.
    ///   - made: attributes that are no stored ones.
    ///   - anchor: the entry with a DN.
    init(
        _ filter: Filter,
        references: Set<String>,
        made: Set<String>,
        anchor: (DistinguishedName) throws -> Anchor?
    ) rethrows {
        self.filter = filter
        let attributes = filter.attributes
        self.attributes = attributes
        glance = ReplicaGlance(attributes: attributes)
        let compiler = Compiler(attributes: attributes, references: references, made: made)
        node = try compiler.node(filter, anchor)
    }

    /// Whether the replica that `glance` shows matches.
    func matches(values: (String) throws -> [Octets]) throws -> Bool {
        switch answer(node) {
        case .yes: return true
        case .no: return false
        case .unsure: return try decide(values: values)
        }
    }

    /// The same for any entry, by its values alone.
    func decide(values: (String) throws -> [Octets]) throws -> Bool {
        var known: [String: [Octets]] = [:]
        for name in attributes { known[name] = try values(name) }
        return filter.matches { known[$0] ?? [] } == true
    }

    /// The stored values of an attribute of the replica that `glance` shows.
    func storedValues(_ name: String) -> [Octets] {
        attributes.firstIndex(of: name).map(glance.values) ?? []
    }

    private func answer(_ node: Node) -> Answer {
        switch node {
        case .always: return .yes
        case .unsure: return .unsure
        case .present(let attribute): return glance.has(attribute) || glance.isNaming(attribute) ? .yes : .no
        case .ifPresent(let attribute): return glance.has(attribute) || glance.isNaming(attribute) ? .unsure : .no
        case .not(let inner):
            switch answer(inner) {
            case .yes: return .no
            case .no: return .yes
            case .unsure: return .unsure
            }
        case .and(let nodes):
            var result = Answer.yes
            for node in nodes {
                switch answer(node) {
                case .no: return .no
                case .unsure: result = .unsure
                case .yes: break
                }
            }
            return result
        case .or(let nodes):
            var result = Answer.no
            for node in nodes {
                switch answer(node) {
                case .yes: return .yes
                case .unsure: result = .unsure
                case .no: break
                }
            }
            return result
        case .equals(let attribute, let wanted): return compare(attribute) { QuickText.equals($0, wanted) }
        case .substrings(let attribute, let parts): return compare(attribute) { parts.matches($0) }
        case .reference(let attribute, let wanted): return compare(attribute) { QuickText.isReference($0, wanted) }
        }
    }

    /// Yes if one value is; unsure if none is and one may be; an attribute that is not stored may still be the entry's own name.
    private func compare(_ attribute: Int, _ body: (UnsafeRawBufferPointer) -> Bool?) -> Answer {
        guard glance.has(attribute) else { return glance.isNaming(attribute) ? .unsure : .no }
        var isUnsure = false
        let isFound = glance.containsValue(attribute) { value in
            switch body(value) {
            case true?: return true
            case false?: return false
            case nil:
                isUnsure = true
                return false
            }
        }
        return isFound ? .yes : isUnsure ? .unsure : .no
    }

    private struct Compiler {
        let attributes: [String]
        let references: Set<String>
        let made: Set<String>

        func node(_ filter: Filter, _ anchor: (DistinguishedName) throws -> Anchor?) rethrows -> Node {
            switch filter {
            case .and(let filters): return .and(try filters.map { try node($0, anchor) })
            case .or(let filters): return .or(try filters.map { try node($0, anchor) })
            case .not(let filter): return .not(try node(filter, anchor))
            case .extensible: return .unsure
            default: break
            }
            guard let name = filter.attributes.first, !made.contains(name),
                let position = attributes.firstIndex(of: name)
            else { return .unsure }
            switch filter {
            case .present: return name == "objectclass" ? .always : .present(position)
            case .equality(_, let value), .approximate(_, let value):
                if references.contains(name) { return try reference(position, value, anchor) }
                guard name != "objectcategory", let wanted = QuickText.folded(value) else {
                    return .ifPresent(position)
                }
                return .equals(position, wanted)
            case .substrings(_, let initial, let any, let final):
                if references.contains(name) { return .ifPresent(position) }
                guard let parts = QuickSubstrings(initial: initial, any: any, final: final) else {
                    return .ifPresent(position)
                }
                return .substrings(position, parts)
            default: return .ifPresent(position)
            }
        }

        private func reference(
            _ position: Int,
            _ value: Octets,
            _ anchor: (DistinguishedName) throws -> Anchor?
        ) rethrows -> Node {
            guard let name = try? DistinguishedName(parsing: value), let target = try anchor(name) else {
                return .ifPresent(position)
            }
            return .reference(position, Reference.entry(target).octets.bytes)
        }
    }
}
