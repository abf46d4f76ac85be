import Mapping
import SyncModel

/// Reads one attribute rule.
struct RuleReader {
    let section: Section
    /// The object's direction, which a rule may narrow.
    let outer: Direction
    /// The object's.
    let conflicts: ConflictPolicy
    /// The rows of the object's kind.
    let preset: [AttributeSpecification]

    /// The types as the file names them.
    enum TypeName: String {
        case value, reference
        case accountEnabled = "account-enabled"
        case accountExpires = "account-expires"
        case lockout
        case mustChangePassword = "must-change-password"

        /// The one AD attribute that the type reads and writes; nil where any will do.
        var attribute: String? {
            switch self {
            case .value, .reference: nil
            case .accountEnabled: "userAccountControl"
            case .accountExpires: "accountExpires"
            case .lockout: "lockoutTime"
            case .mustChangePassword: "pwdLastSet"
            }
        }
    }

    /// AD's attributes whose values mean nothing to the other side as they are.
    private static let typesByAttribute: [String: TypeName] = [
        "manager": .reference, "seealso": .reference, "secretary": .reference, "assistant": .reference,
        "managedby": .reference, "useraccountcontrol": .accountEnabled, "accountexpires": .accountExpires,
        "lockouttime": .lockout, "pwdlastset": .mustChangePassword,
    ]

    /// Nil if the rule lacks what identifies it; everything wrong has been reported.
    func read(origin: String) -> AttributeSpecification? {
        let ad = section.require("ad")?.asAttributeName()
        let miniorange = section.require("miniorange")?.asAttributeName()
        guard let ad, let miniorange else { return nil }
        let typeName = readType(ad: ad)
        let direction = section["direction"]?.asDirection(within: outer) ?? outer
        let type = typeName.map { readDetails(of: $0, miniorange: miniorange) } ?? .value
        // The miniorange side demands some attributes that many AD accounts lack; a rule of one's own needs the same help.
        let row = preset.first { isSame($0.ad, ad) && isSame($0.miniorange, miniorange) }
        let isSingle = readIsSingleValued(ad: ad)
        let isSet = !isSingle && (type == .value || type == .reference)
        let policy = readConflict(ad: ad, direction, isSet: isSet)
        let usualFallback = direction.permits(writingTo: .miniorange) ? row?.fallback ?? [] : []
        return AttributeSpecification(
            ad: ad,
            miniorange: miniorange,
            type: type,
            direction: direction,
            isSingleValuedAtAD: isSingle,
            maximumLengthAtAD: section["maximumLength"]?.asInteger(in: 1...1_000_000),
            fallback: section.mentions("fallback") ? section["fallback"].map(readFallback) ?? [] : usualFallback,
            conflict: policy?.rule,
            prefer: policy?.prefer,
            origin: origin
        )
    }

    /// Nil where the rule says nothing of conflicts.
    private func readConflict(ad: String, _ direction: Direction, isSet: Bool) -> ConflictPolicy? {
        let keys = ["conflict", "prefer"].filter(section.mentions)
        guard !keys.isEmpty else { return nil }
        let reader = ConflictPolicyReader(section: section, ruleKey: "conflict", outer: conflicts)
        let policy = reader.read()
        let isOneWay = reader.refuseOneWay(direction, "`\(ad)` goes", policy, canWiden: outer == .both)
        guard isSet, !isOneWay else { return policy }
        for key in keys {
            section.refuse(
                key,
                "settles nothing here: values of `\(ad)` come and go one by one, and those that either side adds all stand"
            )
        }
        return policy
    }

    private func readIsSingleValued(ad: String) -> Bool {
        let isSingle = AttributePreset.isSingleValuedAtAD(ad)
        guard let value = section["multiValued"], let isMultiple = value.asFlag() else { return isSingle }
        if isMultiple, isSingle {
            let remedy = "remove `multiValued`; further values at the miniorange side stay where they are"
            value.report("AD holds one value of `\(ad)` and no more", remedy: remedy)
        }
        return !isMultiple
    }

    private func isSame(_ first: String, _ second: String) -> Bool {
        CaseFolding.lowercaseName(first) == CaseFolding.lowercaseName(second)
    }

    // MARK: Type

    /// Nil, and reported, if the type that is given is none of AD's attribute.
    private func readType(ad: String) -> TypeName? {
        let fitting = Self.typesByAttribute[CaseFolding.lowercaseName(ad)] ?? .value
        guard section.mentions("type") else {
            if fitting != .value {
                let message = "AD's `\(ad)` cannot be carried as it is"
                let remedy = "add `type: \(fitting.rawValue)` to the rule"
                section.reading.problems.report(message, at: section.position(of: "ad"), remedy: remedy)
            }
            return fitting
        }
        let chosen = section["type"]?.asChoice([
            "value": TypeName.value, "reference": .reference, "account-enabled": .accountEnabled,
            "account-expires": .accountExpires, "lockout": .lockout, "must-change-password": .mustChangePassword,
        ])
        guard let chosen, let value = section["type"] else { return nil }
        if let attribute = chosen.attribute, !isSame(attribute, ad) {
            let message = "`type: \(chosen.rawValue)` is for AD's `\(attribute)`, not for `\(ad)`"
            value.report(message, remedy: "write `ad: \(attribute)`, or another type")
            return nil
        } else if chosen == .value, fitting != .value {
            value.report("AD's `\(ad)` cannot be carried as it is", remedy: "write `type: \(fitting.rawValue)`")
        }
        return chosen
    }

    private func readDetails(of typeName: TypeName, miniorange: String) -> RuleType {
        let enabled = section["enabledValue"]?.asText()
        let disabled = section["disabledValue"]?.asText()
        let isLockedTime = isSame(miniorange, "pwdAccountLockedTime")
        if typeName != .accountEnabled {
            refuse(["enabledValue", "disabledValue"], unless: "`type: account-enabled`")
        } else if isLockedTime {
            refuse(
                ["enabledValue", "disabledValue"],
                unless: "a flag attribute; `pwdAccountLockedTime` has values of its own"
            )
        }
        let unit = section["unit"]?.asChoice(["days": true, "time": false])
        if typeName != .accountExpires { refuse(["unit"], unless: "`type: account-expires`") }
        switch typeName {
        case .value: return .value
        case .reference: return .reference
        case .accountEnabled:
            return isLockedTime
                ? .accountEnabled : flag(enabled: enabled, disabled: disabled, miniorange: miniorange)
        case .accountExpires:
            return unit ?? isSame(miniorange, "shadowExpire") ? .accountExpiresDays : .accountExpiresTime
        case .lockout: return .lockout
        case .mustChangePassword: return .mustChangePassword
        }
    }

    private func flag(enabled: String?, disabled: String?, miniorange: String) -> RuleType {
        if !section.mentions("enabledValue"), !section.mentions("disabledValue") {
            section.reading.problems.report(
                "`account-enabled` onto the flag `\(miniorange)` needs its values",
                at: section.position(of: "miniorange"),
                remedy:
                    "add `enabledValue: \"TRUE\", disabledValue: \"FALSE\"` with the values that the attribute takes; "
                    + "an absent attribute stands for the one that you leave out"
            )
        }
        if let enabled, let disabled, enabled == disabled {
            section["disabledValue"]?.report(
                "`enabledValue` and `disabledValue` are the same, so the flag could not be read back",
                remedy: "give each its own value"
            )
        }
        return .accountEnabledFlag(enabled: Octets(enabled ?? ""), disabled: Octets(disabled ?? ""))
    }

    private func refuse(_ keys: [String], unless condition: String) {
        for key in keys where section.mentions(key) {
            let message = "`\(key)` has a meaning only with \(condition)"
            section.reading.problems.report(message, at: section.position(of: key), remedy: "remove it")
        }
    }

    private func readFallback(_ value: Value) -> [String] {
        (value.asList() ?? []).compactMap { $0.asAttributeName() }
    }
}
