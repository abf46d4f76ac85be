import Mapping
import SyncModel

/// How conflicts are settled, of everything within that says nothing itself.
struct ConflictPolicy: Hashable {
    var rule = ConflictRule.newest
    /// The side that stands where the rule finds no difference; the one that the rule names, if it does.
    var prefer = Side.ad
    var deleteAgainstChange = DeleteAgainstChange.changeWins

    static let rules: KeyValuePairs<String, ConflictRule> = [
        "newest": .newest, "ad": .ad, "miniorange": .miniorange, "hold": .hold,
    ]
    static let sides: KeyValuePairs<String, Side> = ["ad": .ad, "miniorange": .miniorange]
}

/// Reads what a section says of conflicts, in the light of what holds around it.
struct ConflictPolicyReader {
    let section: Section
    /// The key of the rule: `rule` in a section of its own, `conflict` among other keys.
    let ruleKey: String
    let outer: ConflictPolicy

    func read() -> ConflictPolicy {
        var policy = outer
        let rule = section[ruleKey]?.asChoice(ConflictPolicy.rules)
        let prefer = section["prefer"]?.asChoice(ConflictPolicy.sides)
        if let rule { policy.rule = rule }
        if let side = prefer ?? rule?.side { policy.prefer = side }
        if let deletes = readDeleteAgainstChange() { policy.deleteAgainstChange = deletes }
        // Of a rule that can't be read nothing is said twice.
        let isRuleKnown = rule != nil || !section.mentions(ruleKey)
        if isRuleKnown, let named = policy.rule.side, let prefer, prefer != named {
            reportContradiction(policy.rule, prefer, isOuter: rule == nil)
        }
        return policy
    }

    /// Attributes have no such key: it is about entries.
    private func readDeleteAgainstChange() -> DeleteAgainstChange? {
        guard section.mentions("deleteAgainstChange") else { return nil }
        return section["deleteAgainstChange"]?.asChoice(["change-wins": .changeWins, "delete-wins": .deleteWins])
    }

    private func reportContradiction(_ rule: ConflictRule, _ prefer: Side, isOuter: Bool) {
        let path = section.path.isEmpty ? "" : "\(section.path)."
        if isOuter {
            section["prefer"]?.report(
                "`\(path)prefer: \(prefer.name)` has no meaning under the rule `\(rule.name)` that holds around it",
                remedy: "write `\(ruleKey): newest` or `\(ruleKey): \(prefer.name)` beside it, or remove it"
            )
        } else {
            section["prefer"]?.report(
                "`\(path)\(ruleKey): \(rule.name)` and `\(path)prefer: \(prefer.name)` contradict each other",
                remedy: "keep the one that names the side whose value shall stand, and remove the other"
            )
        }
    }

    /// What is carried one way only has no conflicts: the source stands. Who asks for another rule there relies on what never happens.
    ///
    /// - Parameters:
    ///   - subject: what is carried, as the subject of a sentence.
    ///   - policy: what the section says.
    ///   - canWiden: whether `direction: both` may be written here.
    /// - Returns: whether anything was refused.
    @discardableResult
    func refuseOneWay(_ direction: Direction, _ subject: String, _ policy: ConflictPolicy, canWiden: Bool) -> Bool {
        guard direction != .both else { return false }
        let source: Side = direction == .toAD ? .miniorange : .ad
        let usual = ConflictPolicy()
        // Whoever writes down the default, or what holds anyway, relies on nothing.
        let wrong = [
            (ruleKey, policy.rule != usual.rule && policy.rule != outer.rule),
            ("prefer", policy.prefer != usual.prefer && policy.prefer != outer.prefer),
            (
                "deleteAgainstChange",
                policy.deleteAgainstChange != usual.deleteAgainstChange
                    && policy.deleteAgainstChange != outer.deleteAgainstChange
            ),
        ]
        var isRefused = false
        for (key, isWrong) in wrong where isWrong && section.mentions(key) {
            section.refuse(
                key,
                "settles nothing here: \(subject) \(direction.configured) only, so what \(source.name) has always stands",
                remedy: canWiden ? "remove it, or write `direction: both`" : "remove it"
            )
            isRefused = true
        }
        return isRefused
    }
}
