extension Filter {
    /// Whether an entry matches: true, false, or nil for Undefined (RFC 4511 §4.5.1.7). Only true selects an entry.
    ///
    /// There is no schema: text compares without regard to case and to runs of spaces, names of entries by their
    /// components, times as times, everything else octet by octet. `>=` and `<=` compare as integers where both sides are. An
    /// attribute that the entry doesn't have matches nothing, and its negation is true. Undefined are a matching rule
    /// that is not known here and an assertion that its rule can't read.
    ///
    /// - Parameter values: an attribute's values. It is called with the names of ``attributes`` alone.
    package func matches(_ values: (String) -> [Octets]) -> Bool? {
        switch self {
        case .and(let filters):
            var result: Bool? = true
            for filter in filters {
                switch filter.matches(values) {
                case false?: return false
                case nil: result = nil
                default: break
                }
            }
            return result
        case .or(let filters):
            var result: Bool? = false
            for filter in filters {
                switch filter.matches(values) {
                case true?: return true
                case nil: result = nil
                default: break
                }
            }
            return result
        case .not(let filter):
            return filter.matches(values).map { !$0 }
        case .present(let attribute):
            let name = Self.lookupName(of: attribute)
            // Every entry has one, whether or not the caller keeps it.
            return name == "objectclass" || !values(name).isEmpty
        case .equality(let attribute, let assertion), .approximate(let attribute, let assertion):
            let name = Self.lookupName(of: attribute)
            let isCategory = name == "objectcategory" && !assertion.bytes.contains(.equals)
            let comparison = EqualityAssertion(assertion)
            return values(name).contains {
                comparison.matches($0) || isCategory && Self.category(assertion, names: $0)
            }
        case .substrings(let attribute, let initial, let any, let final):
            let comparison = SubstringsAssertion(initial: initial, any: any, final: final)
            return values(Self.lookupName(of: attribute)).contains(where: comparison.matches)
        case .greaterOrEqual(let attribute, let assertion):
            return values(Self.lookupName(of: attribute)).contains { ValueOrder.compare($0, assertion) >= 0 }
        case .lessOrEqual(let attribute, let assertion):
            return values(Self.lookupName(of: attribute)).contains { ValueOrder.compare($0, assertion) <= 0 }
        case .extensible(let attribute, let rule, let dnAttributes, let assertion):
            return Self.matchesExtensible(attribute, rule, dnAttributes, assertion, values)
        }
    }

    private static func matchesExtensible(
        _ attribute: String?,
        _ rule: String?,
        _ dnAttributes: Bool,
        _ assertion: Octets,
        _ values: (String) -> [Octets]
    ) -> Bool? {
        guard let rule = MatchingRule(rule), let comparison = rule.comparison(with: assertion) else { return nil }
        let name = attribute.map(lookupName)
        if let name, values(name).contains(where: comparison) { return true }
        if dnAttributes {
            for nameAttribute in nameAttributes {
                for value in values(nameAttribute) {
                    guard let entryName = try? DistinguishedName(parsing: value) else { continue }
                    for part in entryName.rdns.lazy.flatMap(\.assertions)
                    where (name == nil || CaseFolding.lowercaseName(part.type) == name) && comparison(part.value) {
                        return true
                    }
                }
            }
        }
        // Without an attribute all of them are meant, and not all can be asked for.
        return name == nil ? nil : false
    }

    /// Whether a class's short name stands for the category `value`, a name in the schema such as CN=Person. The classes
    /// of people share one category; else class and category differ in hyphens at most.
    private static func category(_ assertion: Octets, names value: Octets) -> Bool {
        guard let leaf = try? DistinguishedName(parsing: value).leaf else { return false }
        let category = leaf.value.caseFolded.bytes.filter { $0 != .hyphen }
        let wanted = assertion.caseFolded.bytes.filter { $0 != .hyphen }
        if category == wanted { return true }
        switch Octets(wanted).text {
        case "user", "contact", "inetorgperson", "organizationalperson": return category == Array("person".utf8)
        default: return false
        }
    }
}

/// Whether octets are text to a person: UTF-8 without control characters other than tab and line ends.
private func isText(_ octets: Octets) -> Bool {
    var hasNonASCII = false
    for byte in octets.bytes {
        if byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D { return false }
        if byte >= 0x80 { hasNonASCII = true }
    }
    return !hasNonASCII || octets.text != nil
}

private struct EqualityAssertion {
    private let assertion: Octets
    private let folded: [UInt8]?
    private let name: Octets?
    private let time: GeneralizedTime?

    init(_ assertion: Octets) {
        self.assertion = assertion
        self.folded = isText(assertion) ? CaseFolding.fold(assertion.bytes) : nil
        self.name = Self.nameKey(of: assertion)
        self.time = GeneralizedTime(parsing: assertion)
    }

    func matches(_ value: Octets) -> Bool {
        if value == assertion { return true }
        guard let folded else { return false }
        if isText(value) && CaseFolding.fold(value.bytes) == folded { return true }
        if let name, Self.nameKey(of: value) == name { return true }
        if let time, GeneralizedTime(parsing: value) == time { return true }
        return false
    }

    private static func nameKey(of octets: Octets) -> Octets? {
        guard octets.bytes.contains(.equals) else { return nil }
        return try? DistinguishedName(parsing: octets).normalized
    }
}

private struct SubstringsAssertion {
    private let exact: Parts
    /// Nil where a part is not text.
    private let folded: Parts?

    private struct Parts {
        var initial: [UInt8]?
        var any: [[UInt8]]
        var final: [UInt8]?
    }

    init(initial: Octets?, any: [Octets], final: Octets?) {
        exact = Parts(initial: initial?.bytes, any: any.map(\.bytes), final: final?.bytes)
        let all = any + [initial, final].compactMap { $0 }
        folded =
            all.allSatisfy(isText)
            ? Parts(
                initial: initial.map { CaseFolding.fold($0.bytes, trimsEnd: false) },
                any: any.map { CaseFolding.fold($0.bytes, trimsStart: false, trimsEnd: false) },
                final: final.map { CaseFolding.fold($0.bytes, trimsStart: false) }
            ) : nil
    }

    func matches(_ value: Octets) -> Bool {
        guard let folded, isText(value) else { return Self.matches(value.bytes, exact) }
        return Self.matches(CaseFolding.fold(value.bytes), folded)
    }

    private static func matches(_ value: [UInt8], _ parts: Parts) -> Bool {
        var rest = value[...]
        if let initial = parts.initial {
            guard rest.starts(with: initial) else { return false }
            rest = rest.dropFirst(initial.count)
        }
        if let final = parts.final {
            guard rest.count >= final.count, rest.suffix(final.count).elementsEqual(final) else { return false }
            rest = rest.dropLast(final.count)
        }
        for part in parts.any {
            // The first place is the best: it leaves the most for the parts that follow.
            guard let end = end(of: part, in: rest) else { return false }
            rest = rest[end...]
        }
        return true
    }

    private static func end(of part: [UInt8], in value: ArraySlice<UInt8>) -> Int? {
        guard value.count >= part.count else { return nil }
        for start in value.startIndex...(value.endIndex - part.count)
        where value[start..<start + part.count].elementsEqual(part) {
            return start + part.count
        }
        return nil
    }
}

/// The order of values without a schema; each function gives a number below, equal to or above 0.
private enum ValueOrder {
    static func compare(_ lhs: Octets, _ rhs: Octets) -> Int {
        if let left = DecimalInteger(lhs), let right = DecimalInteger(rhs) {
            return left == right ? 0 : left < right ? -1 : 1
        }
        if let left = GeneralizedTime(parsing: lhs), let right = GeneralizedTime(parsing: rhs) {
            return left == right ? 0 : left < right ? -1 : 1
        }
        let folds = isText(lhs) && isText(rhs)
        let left = folds ? CaseFolding.fold(lhs.bytes) : lhs.bytes
        let right = folds ? CaseFolding.fold(rhs.bytes) : rhs.bytes
        return left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
    }
}

/// An integer of any length in decimal: LDAP's has no bounds.
private struct DecimalInteger: Comparable {
    private let isNegative: Bool
    /// Without leading zeros; empty for zero.
    private let digits: ArraySlice<UInt8>

    init?(_ octets: Octets) {
        var digits = octets.bytes[...]
        let hasSign = digits.first == .hyphen
        if hasSign { digits.removeFirst() }
        guard !digits.isEmpty, digits.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        self.digits = digits.drop { $0 == 0x30 }
        self.isNegative = hasSign && !self.digits.isEmpty
    }

    static func < (lhs: DecimalInteger, rhs: DecimalInteger) -> Bool {
        if lhs.isNegative != rhs.isNegative { return lhs.isNegative }
        let (small, great) = lhs.isNegative ? (rhs, lhs) : (lhs, rhs)
        if small.digits.count != great.digits.count { return small.digits.count < great.digits.count }
        return small.digits.lexicographicallyPrecedes(great.digits)
    }
}

/// The matching rules that need neither a schema nor the directory.
private enum MatchingRule {
    case byValue
    case caseIgnore
    case caseExact
    case octets
    case integer
    case bitAnd
    case bitOr

    /// Nil for a rule that is not known.
    init?(_ name: String?) {
        guard let name else {
            self = .byValue
            return
        }
        switch CaseFolding.lowercaseName(name) {
        case "distinguishednamematch", "2.5.13.1", "generalizedtimematch", "2.5.13.27": self = .byValue
        case "caseignorematch", "2.5.13.2", "caseignoreia5match", "1.3.6.1.4.1.1466.109.114.2", "booleanmatch",
            "2.5.13.13", "objectidentifiermatch", "2.5.13.0":
            self = .caseIgnore
        case "caseexactmatch", "2.5.13.5", "caseexactia5match", "1.3.6.1.4.1.1466.109.114.1": self = .caseExact
        case "octetstringmatch", "2.5.13.17": self = .octets
        case "integermatch", "2.5.13.14": self = .integer
        case "integerbitandmatch", "1.2.840.113556.1.4.803": self = .bitAnd
        case "integerbitormatch", "1.2.840.113556.1.4.804": self = .bitOr
        default: return nil
        }
    }

    /// Nil where the rule can't read the assertion.
    func comparison(with assertion: Octets) -> ((Octets) -> Bool)? {
        switch self {
        case .byValue:
            return EqualityAssertion(assertion).matches
        case .caseIgnore:
            let wanted = assertion.caseFolded
            return { $0.caseFolded == wanted }
        case .caseExact:
            let wanted = CaseFolding.fold(assertion.bytes, lowercasing: false)
            return { CaseFolding.fold($0.bytes, lowercasing: false) == wanted }
        case .octets:
            return { $0 == assertion }
        case .integer:
            guard let wanted = DecimalInteger(assertion) else { return nil }
            return { DecimalInteger($0) == wanted }
        case .bitAnd:
            guard let mask = Self.bits(assertion) else { return nil }
            return { Self.bits($0).map { $0 & mask == mask } ?? false }
        case .bitOr:
            guard let mask = Self.bits(assertion) else { return nil }
            return { Self.bits($0).map { $0 & mask != 0 } ?? false }
        }
    }

    /// An integer's bits in two's complement: groupType's highest flag makes it negative.
    private static func bits(_ octets: Octets) -> UInt64? {
        guard let text = octets.text else { return nil }
        return Int64(text).map { UInt64(bitPattern: $0) } ?? UInt64(text)
    }
}
