import SyncModel

/// A checked attribute rule with all that lifting and projecting ask for.
struct CompiledRule: Sendable {
    enum Shape: Sendable {
        /// Values that come and go one by one, on both sides.
        case set
        /// One value on both sides.
        case register
        /// One value at AD, and at the LDAP side further ones that AD knows nothing of.
        case registerWithOthers
    }

    /// Position in the configuration.
    var position: Int
    /// AD's attribute in lower case; also the canonical name.
    var ad: String
    var miniorange: String
    var type: RuleType
    var direction: Direction
    var shape: Shape
    /// How a conflict is settled; of a companion as well.
    var conflict: ConflictRule
    var prefer: Side
    /// In UTF-16 units for text, in octets for all else.
    var maximumLengthAtAD: Int?
    /// The rules whose values stand in at the LDAP side, in this order.
    var fallback: [Int] = []
    /// AD's RDN holds the value, with the name counter if there is one.
    var isCountedAtAD = false
    /// The rule's AD attribute names the entry there and is written.
    var namesAtAD = false
    /// The same for the LDAP side.
    var namesAtMiniOrange = false
    /// AD's RDN is a group's name besides sAMAccountName, the rule of this number, as long as both are the same. See ``SecondName``.
    var secondNameOf: Int?
    /// The LDAP side's class demands the attribute.
    var isRequiredAtMiniOrange = false

    var name: String { ad }
    var othersName: String { ad + ";others" }
    var standInName: String { ad + ";fallback" }

    func attribute(_ side: Side) -> String { side == .ad ? ad : miniorange }
}

/// Where the values of one attribute go.
struct Slot: Sendable {
    enum Part: Sendable { case primary, others, standIn }
    var name: String
    var rule: Int
    var part: Part = .primary
}

/// The few facts of a rule that suffice where both sides are equal. Trivial, so that reading it costs nothing.
struct RulePlan: Sendable {
    var isPlain: Bool
    var isReference: Bool
    var isSet: Bool
    var hasFallback: Bool
    var secondNameOf: Int?

    init(_ rule: CompiledRule) {
        isPlain = rule.secondNameOf == nil && (rule.type == .value || rule.type == .reference)
        isReference = rule.type == .reference
        isSet = rule.shape == .set
        hasFallback = !rule.fallback.isEmpty
        secondNameOf = rule.secondNameOf
    }
}
