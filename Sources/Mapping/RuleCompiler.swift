import SyncModel

/// Checks the rules of one object and turns them into what lifting and projecting work with.
struct RuleCompiler {
    let specification: ObjectSpecification

    /// In the order of the configuration, but rules with a fallback after all others, since they need what those say.
    func compile() throws(MappingError) -> [CompiledRule] {
        let required = KnownAttributes.requiredAtMiniOrange(
            objectClasses: specification.scopes.miniorange.objectClasses
        )
        var rules: [CompiledRule] = []
        for (position, attribute) in specification.attributes.enumerated() {
            var rule = try compile(attribute, at: position)
            rule.isRequiredAtMiniOrange = required.contains(rule.miniorange) || !attribute.fallback.isEmpty
            rules.append(rule)
        }
        let secondName = try takeSecondName(&rules)
        try checkUniqueness(rules)
        try checkNames(&rules)
        rules =
            rules.filter { specification.attributes[$0.position].fallback.isEmpty }
            + rules.filter { !specification.attributes[$0.position].fallback.isEmpty }
        try resolveFallbacks(&rules)
        if var secondName, let first = rules.firstIndex(where: { $0.ad == Self.accountName }) {
            secondName.secondNameOf = first
            rules.append(secondName)
        }
        return rules
    }

    /// `;binary` says how a value is transferred (RFC 4522 §3), not which attribute it is of: entries come without it.
    private static func withoutTransfer(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: ";")) else { return name }
        return name.split(separator: ";", omittingEmptySubsequences: false).filter { $0 != "binary" }.joined(
            separator: ";"
        )
    }

    private func compile(_ attribute: AttributeSpecification, at position: Int) throws(MappingError) -> CompiledRule {
        let ad = CaseFolding.lowercaseName(attribute.ad)
        let miniorange = Self.withoutTransfer(CaseFolding.lowercaseName(attribute.miniorange))
        func failure(_ reason: String) -> MappingError { MappingError(rule: position, reason: reason) }
        guard Self.isAttributeName(ad), !ad.utf8.contains(0x3B) else {
            throw failure("'\(attribute.ad)' is not an attribute of AD; write its lDAPDisplayName, without options")
        }
        guard Self.isAttributeName(miniorange) else {
            throw failure("'\(attribute.miniorange)' is not an attribute name")
        }
        if ad == "member" || ["member", "uniquemember", "memberuid"].contains(miniorange) {
            throw failure("members are not an attribute rule; remove it and set 'membership' at the group")
        }
        if ["userpassword", "unicodepwd"].contains(ad) || miniorange == "userpassword" {
            throw failure("passwords can't be read, so no rule can carry them; remove it")
        }
        guard !KnownAttributes.neverAtAD.contains(ad) else {
            throw failure("'\(attribute.ad)' belongs to AD and is never mapped; remove the rule")
        }
        guard !KnownAttributes.neverAtMiniOrange.contains(miniorange) else {
            throw failure("'\(attribute.miniorange)' belongs to the server and is never mapped; remove the rule")
        }
        try checkType(attribute, ad: ad, at: position)
        let isSingle = attribute.isSingleValuedAtAD || KnownAttributes.singleValuedAtAD.contains(ad)
        return CompiledRule(
            position: position,
            ad: ad,
            miniorange: miniorange,
            type: attribute.type,
            direction: try direction(of: attribute, at: position),
            shape: Self.shape(attribute.type, isSingle: isSingle, miniorange: miniorange),
            conflict: attribute.conflict ?? specification.conflict,
            prefer: attribute.prefer ?? attribute.conflict?.side ?? specification.prefer,
            maximumLengthAtAD: attribute.maximumLengthAtAD
                ?? KnownAttributes.maximumLengthAtAD(ad, kind: specification.kind)
        )
    }

    private static func shape(_ type: RuleType, isSingle: Bool, miniorange: String) -> CompiledRule.Shape {
        switch type {
        case .value, .reference:
            guard isSingle else { return .set }
            return KnownAttributes.singleValuedAtMiniOrange.contains(miniorange) ? .register : .registerWithOthers
        default: return .register
        }
    }

    private static func isAttributeName(_ name: String) -> Bool {
        guard let first = name.utf8.first else { return false }
        let isLetterOrDigit = first &- 0x61 < 26 || first &- 0x30 < 10
        return isLetterOrDigit
            && name.utf8.allSatisfy {
                $0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x2D || $0 == 0x2E || $0 == 0x3B || $0 == 0x5F
            }
    }

    private func checkType(_ attribute: AttributeSpecification, ad: String, at position: Int) throws(MappingError) {
        let demanded: String
        switch attribute.type {
        case .value, .reference:
            if ["useraccountcontrol", "accountexpires", "lockouttime", "pwdlastset", "grouptype"].contains(ad) {
                throw MappingError(
                    rule: position,
                    reason:
                        "'\(attribute.ad)' can't be carried as it is; use the account-state type for it or remove the rule"
                )
            }
            return
        case .accountEnabled: demanded = "userAccountControl"
        case .accountEnabledFlag(let enabled, let disabled):
            demanded = "userAccountControl"
            guard !disabled.isEmpty || !enabled.isEmpty else {
                throw MappingError(
                    rule: position,
                    reason: "an absent flag can't mean both enabled and disabled; give one of them a value"
                )
            }
            guard enabled.caseFolded != disabled.caseFolded else {
                throw MappingError(rule: position, reason: "the flags for enabled and disabled are the same")
            }
        case .accountExpiresTime, .accountExpiresDays: demanded = "accountExpires"
        case .lockout: demanded = "lockoutTime"
        case .mustChangePassword: demanded = "pwdLastSet"
        }
        guard ad == CaseFolding.lowercaseName(demanded) else {
            throw MappingError(rule: position, reason: "this type is for 'ad: \(demanded)'")
        }
        guard specification.kind == .user else {
            throw MappingError(rule: position, reason: "account state is for users; remove the rule")
        }
        guard attribute.fallback.isEmpty else {
            throw MappingError(rule: position, reason: "a fallback is for plain values; remove it")
        }
    }

    private func direction(
        of attribute: AttributeSpecification,
        at position: Int
    ) throws(MappingError) -> Direction {
        switch (specification.direction, attribute.direction) {
        case (.both, let direction), (let direction, .both): return direction
        case (let whole, let part) where whole == part: return part
        default:
            throw MappingError(
                rule: position,
                reason: "the rule's direction is the opposite of the object's; it would never carry a value"
            )
        }
    }

    private func checkUniqueness(_ rules: [CompiledRule]) throws(MappingError) {
        for (index, rule) in rules.enumerated() {
            for earlier in rules[..<index] {
                if earlier.ad == rule.ad {
                    throw MappingError(
                        rule: rule.position,
                        reason: "a rule for 'ad: \(rule.ad)' already stands above; one attribute has one rule"
                    )
                }
                guard earlier.miniorange == rule.miniorange, earlier.direction.permits(writingTo: .miniorange),
                    rule.direction.permits(writingTo: .miniorange), !Self.shareLockedTime(earlier, rule)
                else { continue }
                throw MappingError(
                    rule: rule.position,
                    reason: "'miniorange: \(rule.miniorange)' is already written by the rule for 'ad: \(earlier.ad)'; "
                        + "give one of them 'direction: to-ad' or remove it"
                )
            }
        }
    }

    private static let accountName = "samaccountname"

    /// A group has two names at AD and one at the LDAP side, which rules for both may write: the RDN's is read in the light of the other's. Where nothing is
    /// written to AD the two could not be brought together, and sAMAccountName alone is the name.
    ///
    /// - Returns: the rule for AD's RDN, which is taken out of `rules`; nil where there is none, or none that is written to AD.
    private func takeSecondName(_ rules: inout [CompiledRule]) throws(MappingError) -> CompiledRule? {
        let naming = CaseFolding.lowercaseName(specification.scopes.miniorange.rdn)
        let adNaming = CaseFolding.lowercaseName(specification.scopes.ad.rdn)
        guard specification.kind == .group, adNaming != Self.accountName,
            let first = rules.first(where: { $0.ad == Self.accountName && $0.miniorange == naming && $0.type == .value }
            ),
            let index = rules.firstIndex(where: {
                $0.ad == adNaming && $0.miniorange == naming && $0.type == .value && $0.direction == first.direction
            })
        else { return nil }
        var rule = rules.remove(at: index)
        guard rule.direction.permits(writingTo: .ad) else { return nil }
        rule.shape = .register
        rule.isCountedAtAD = true
        rule.namesAtAD = true
        rule.isRequiredAtMiniOrange = false
        let own = specification.attributes[rule.position]
        guard own.conflict.map({ $0 == first.conflict }) ?? true, own.prefer.map({ $0 == first.prefer }) ?? true else {
            throw MappingError(
                rule: rule.position,
                reason:
                    "a group's '\(rule.ad)' and 'sAMAccountName' are one name, and their conflicts are settled together; "
                    + "write 'conflict' and 'prefer' at 'ad: sAMAccountName' alone"
            )
        }
        rule.conflict = first.conflict
        rule.prefer = first.prefer
        return rule
    }

    /// The one attribute that two rules may write: for good, or until a time, are told apart by the value.
    private static func shareLockedTime(_ one: CompiledRule, _ other: CompiledRule) -> Bool {
        one.type == .accountEnabled && other.type == .lockout || one.type == .lockout && other.type == .accountEnabled
    }

    /// Finds the rules that name entries. At AD a name may be made without one.
    private func checkNames(_ rules: inout [CompiledRule]) throws(MappingError) {
        let adName = CaseFolding.lowercaseName(specification.scopes.ad.rdn)
        let miniorangeName = CaseFolding.lowercaseName(specification.scopes.miniorange.rdn)
        for index in rules.indices {
            let rule = rules[index]
            rules[index].isCountedAtAD = rule.ad == adName
            rules[index].namesAtAD = rule.ad == adName && rule.direction.permits(writingTo: .ad)
            rules[index].namesAtMiniOrange =
                rule.miniorange == miniorangeName && rule.direction.permits(writingTo: .miniorange)
            guard rules[index].namesAtAD || rules[index].namesAtMiniOrange else { continue }
            guard rule.type == .value else {
                throw MappingError(
                    rule: rule.position,
                    reason: "the attribute that names entries must be a plain value"
                )
            }
        }
        if specification.direction.permits(writingTo: .miniorange), !rules.contains(where: \.namesAtMiniOrange) {
            throw MappingError(
                reason:
                    "nothing writes '\(specification.scopes.miniorange.rdn)', which names the entries at miniorange; "
                    + "add a rule for it, such as {ad: sAMAccountName, "
                    + "miniorange: \(specification.scopes.miniorange.rdn)}"
            )
        }
        if specification.direction.permits(writingTo: .ad), !rules.contains(where: \.namesAtAD) {
            let sources = adName == "cn" ? ObjectMapping.namingSources(of: specification.kind) : []
            guard rules.contains(where: { sources.contains($0.ad) && $0.type == .value }) else {
                throw MappingError(
                    reason: "nothing gives '\(specification.scopes.ad.rdn)', which names the entries at AD; "
                        + "add a rule for it"
                )
            }
        }
    }

    private func resolveFallbacks(_ rules: inout [CompiledRule]) throws(MappingError) {
        for index in rules.indices {
            let attribute = specification.attributes[rules[index].position]
            guard !attribute.fallback.isEmpty else { continue }
            let position = rules[index].position
            guard attribute.direction.permits(writingTo: .miniorange) else {
                throw MappingError(
                    rule: position,
                    reason: "a fallback serves values written to miniorange, which this rule never does; remove it"
                )
            }
            guard attribute.type == .value else {
                throw MappingError(rule: position, reason: "a fallback is for plain values; remove it")
            }
            // The object's direction has narrowed the rule: there is nothing for it to stand in for.
            guard rules[index].direction.permits(writingTo: .miniorange) else { continue }
            for name in attribute.fallback {
                let wanted = CaseFolding.lowercaseName(name)
                // One without a rule is passed over: a preset names what a shorter configuration may leave out.
                guard let source = rules.firstIndex(where: { $0.miniorange == wanted }) else { continue }
                guard rules[source].type == .value, specification.attributes[rules[source].position].fallback.isEmpty
                else {
                    throw MappingError(
                        rule: position,
                        reason: "'\(name)' can't stand in: only a plain value without a fallback of its own can"
                    )
                }
                rules[index].fallback.append(source)
            }
            guard !rules[index].fallback.isEmpty else {
                throw MappingError(
                    rule: position,
                    reason:
                        "no rule writes '\(attribute.fallback.joined(separator: "', '"))'; add one or remove the fallback"
                )
            }
        }
    }
}
