package import SyncModel

extension ObjectMapping {
    /// What `side` must change so that it shows `target` in the named canonical attributes, and in those for which they stand in.
    /// Attributes that the rules don't write to the side are passed over, and so is what differs only in what the side can't show.
    ///
    /// - Parameters:
    ///   - target: all canonical values that are to stand, not only the named ones.
    ///   - names: canonical names; others than this mapping's are ignored.
    ///   - current: the side's replica attributes.
    ///   - nameCounter: the pair's, which is appended to AD's name from 2 on.
    ///   - rdn: the entry's RDN. Where it is given, a rename is asked for only if the RDN's value isn't the wanted one already.
    package func changes(
        _ side: Side,
        to target: Attributes,
        of names: [String],
        current: Attributes,
        nameCounter: UInt8,
        resolver: some ReferenceResolver,
        rdn: RelativeDistinguishedName? = nil
    ) throws -> Projection {
        let values = target.canonicalValues(canonicalSlots, count: rules.count)
        let touched = touchedRules(side, names, values, current)
        var projection = Projection()
        for slotIndex in slots[side].indices {
            let slot = slots[side][slotIndex]
            let isRepeated = slotIndex > 0 && slots[side][slotIndex - 1].name == slot.name
            guard !isRepeated else { continue }
            let writers = self.writers[side][slotIndex].filter { touched[$0] && !yields($0, side, to: touched) }
            guard !writers.isEmpty else { continue }
            let old = current[slot.name]
            var part = ProjectedAttribute(values: old)
            for writer in writers {
                try project(writer, side, values, nameCounter, current: part.values, resolver, &part)
            }
            projection.waitsFor += part.waitsFor
            projection.invalid += part.invalid.map { InvalidValue(attribute: slot.name, reason: $0) }
            guard part.isComplete, part.values != old else { continue }
            if part.values.isEmpty, isRequired(slot.rule, side) {
                projection.missingRequired = projection.missingRequired ?? slot.name
                continue
            }
            // The last one to write is the one whose value stands.
            let shown = values[writers.last ?? slot.rule]
            if let name = nameChange(side, slot.rule, shown, nameCounter, rdn, part.values) {
                projection.newRDN = name
            } else {
                projection.changes.append(AttributeChange(name: slot.name, old: old, new: part.values))
            }
        }
        projection.waitsFor = Array(Set(projection.waitsFor)).sorted()
        projection.invalid.sort()
        return projection
    }

    /// A new entry on `side` that shows `target`.
    ///
    /// An AD user without a rule for its state is made disabled, a group of the configured type. At the LDAP side, what the class demands and
    /// no rule writes gets the RDN's value.
    package func newEntry(
        _ side: Side,
        target: Attributes,
        nameCounter: UInt8,
        resolver: some ReferenceResolver
    ) throws -> NewEntry {
        let values = target.canonicalValues(canonicalSlots, count: rules.count)
        let scope = specification.scopes[side]
        var entry = NewEntry(
            rdn: RelativeDistinguishedName(type: scope.rdn, value: Octets()),
            objectClasses: scope.objectClasses,
            attributes: Attributes()
        )
        for slotIndex in slots[side].indices {
            let slot = slots[side][slotIndex]
            let isRepeated = slotIndex > 0 && slots[side][slotIndex - 1].name == slot.name
            guard !isRepeated else { continue }
            var part = ProjectedAttribute(values: [])
            var isFirst = true
            for writer in writers[side][slotIndex] where side == .ad || rules[writer].secondNameOf == nil {
                let current = isFirst ? nil : part.values
                try project(writer, side, values, nameCounter, current: current, resolver, &part)
                isFirst = false
            }
            entry.waitsFor += part.waitsFor
            entry.invalid += part.invalid.map { InvalidValue(attribute: slot.name, reason: $0) }
            if part.isComplete, !part.values.isEmpty { entry.attributes[slot.name] = part.values }
            if !isFirst, part.isComplete, part.values.isEmpty, isRequired(slot.rule, side) {
                entry.missingRequired = entry.missingRequired ?? slot.name
            }
        }
        name(&entry, side, values, nameCounter)
        addDefaults(&entry, side)
        addPassThrough(&entry, side, values)
        entry.waitsFor = Array(Set(entry.waitsFor)).sorted()
        entry.invalid.sort()
        return entry
    }

    /// A group has one name at the LDAP side: where both of AD's move, sAMAccountName's is the one.
    private func yields(_ rule: Int, _ side: Side, to touched: [Bool]) -> Bool {
        side == .miniorange && rules[rule].secondNameOf.map { touched[$0] } ?? false
    }

    private func touchedRules(
        _ side: Side,
        _ names: [String],
        _ values: [CanonicalValue],
        _ current: Attributes
    ) -> [Bool] {
        var touched = [Bool](repeating: false, count: rules.count)
        for name in names {
            for slot in canonicalSlots where slot.name == name { touched[slot.rule] = true }
        }
        guard side == .miniorange else { return touched }
        for (index, rule) in rules.enumerated() where rule.fallback.contains(where: { touched[$0] }) {
            touched[index] = touched[index] || showsStandIn(rule, values[index], current)
        }
        return touched
    }

    /// Whether the LDAP entry shows a stand-in, which then follows its source. A value that is not one stays out of it: it may be
    /// in conflict, and not be for this write to replace.
    private func showsStandIn(_ rule: CompiledRule, _ value: CanonicalValue, _ current: Attributes) -> Bool {
        let shown = current[rule.miniorange]
        guard value.isAbsent, let source = rule.fallback.first(where: { !current[rules[$0].miniorange].isEmpty })
        else { return value.isAbsent && shown.isEmpty }
        let standIns = current[rules[source].miniorange]
        return shown.allSatisfy { standIns.contains($0) }
    }

    private func isRequired(_ rule: Int, _ side: Side) -> Bool {
        if rules[rule].secondNameOf != nil { return false }
        return side == .ad
            ? rules[rule].namesAtAD || rules[rule].ad == "samaccountname"
            : rules[rule].isRequiredAtMiniOrange || rules[rule].namesAtMiniOrange
    }

    /// The new RDN, where the attribute is the one that names the entry and the naming value has to change.
    private func nameChange(
        _ side: Side,
        _ rule: Int,
        _ value: CanonicalValue,
        _ nameCounter: UInt8,
        _ rdn: RelativeDistinguishedName?,
        _ values: [Octets]
    ) -> RelativeDistinguishedName? {
        guard let naming = side == .ad ? namesAtAD : namesAtMiniOrange,
            rules[naming].attribute(side) == rules[rule].attribute(side)
        else { return nil }
        // At AD there is but one, with its counter; at the LDAP side the one that AD has comes first.
        guard let wanted = side == .ad ? values.first : value.primary.first ?? values.first else { return nil }
        if let rdn, rdn.assertions.contains(where: { $0.value == wanted }) { return nil }
        return RelativeDistinguishedName(type: specification.scopes[side].rdn, value: wanted)
    }

    private func name(_ entry: inout NewEntry, _ side: Side, _ values: [CanonicalValue], _ nameCounter: UInt8) {
        let attribute = CaseFolding.lowercaseName(specification.scopes[side].rdn)
        if let naming = side == .ad ? namesAtAD : namesAtMiniOrange,
            rules[naming].secondNameOf == nil || !values[naming].isAbsent
        {
            let value = values[naming]
            if let named = side == .ad ? entry.attributes[attribute].first : value.primary.first ?? value.others.first {
                entry.rdn.assertions[0].value = named
            } else if entry.missingRequired == nil, !entry.invalid.contains(where: { $0.attribute == attribute }) {
                entry.missingRequired = attribute
            }
            return
        }
        guard side == .ad, let source = nameFromSources(values) else {
            entry.missingRequired = entry.missingRequired ?? attribute
            return
        }
        // Never carried back, so it may be cut to what the attribute takes.
        let suffix = Self.nameSuffix(nameCounter) ?? []
        let limit = KnownAttributes.maximumLengthAtAD(attribute, kind: specification.kind) ?? 64
        let name = Octets(Self.prefix(source, limit - suffix.count) + suffix)
        entry.rdn.assertions[0].value = name
        entry.attributes[attribute] = [name]
    }

    /// Attributes that name an AD entry where none is mapped to its RDN, in this order. A group is known by its account.
    static func namingSources(of kind: ObjectKind) -> [String] {
        kind == .group ? ["samaccountname"] : nameSources
    }

    private func nameFromSources(_ values: [CanonicalValue]) -> Octets? {
        for source in Self.namingSources(of: specification.kind) {
            guard let index = rules.firstIndex(where: { $0.ad == source && $0.type == .value }) else { continue }
            if let value = values[index].primary.first { return value }
        }
        return nil
    }

    /// The first whole characters of a name that take up at most `limit` UTF-16 units.
    private static func prefix(_ name: Octets, _ limit: Int) -> [UInt8] {
        guard let text = name.text, text.utf16.count > limit else { return name.bytes }
        var cut = ""
        var count = 0
        for character in text {
            count += character.utf16.count
            if count > limit { break }
            cut.append(character)
        }
        return Array(cut.utf8)
    }

    private func addDefaults(_ entry: inout NewEntry, _ side: Side) {
        switch side {
        case .ad:
            if specification.kind == .user, entry.attributes["useraccountcontrol"].isEmpty {
                let flags = AccountState.normalAccount | AccountState.disabledBit
                entry.attributes["useraccountcontrol"] = [AccountState.controlText(flags)]
            }
            if specification.kind == .group {
                let type = specification.groupType ?? Self.globalSecurityGroup
                entry.attributes["grouptype"] = [Octets(String(type))]
            }
        case .miniorange:
            let required = KnownAttributes.requiredAtMiniOrange(objectClasses: entry.objectClasses)
            for attribute in ["cn", "sn", "uid"] where required.contains(attribute) {
                let isMapped = rules.contains {
                    $0.miniorange == attribute && $0.direction.permits(writingTo: .miniorange)
                }
                if !isMapped, !entry.rdn.value.isEmpty { entry.attributes[attribute] = [entry.rdn.value] }
            }
            for (attribute, value) in standingMembers(entry) { entry.attributes[attribute] = [value] }
        }
    }

    /// Whoever signs in is asked for by his account at AD, whose password is the only one (slapd.conf(5), sasl-authz and `{SASL}`).
    private func addPassThrough(_ entry: inout NewEntry, _ side: Side, _ values: [CanonicalValue]) {
        guard side == .miniorange, let realm = specification.passThroughRealm,
            let rule = rules.firstIndex(where: { $0.ad == "samaccountname" && $0.type == .value }),
            let account = values[rule].primary.first
        else { return }
        entry.attributes["userpassword"] = [Octets(Array("{SASL}".utf8) + account.bytes + Array("@\(realm)".utf8))]
    }

    /// The placeholder in a group whose class demands a member although its members are held elsewhere, so that nobody would ever write one.
    private func standingMembers(_ entry: NewEntry) -> [(attribute: String, value: Octets)] {
        guard let membership = specification.membership, membership.form.holder == .member,
            let placeholder = membership.placeholder
        else { return [] }
        let value = Octets(placeholder.description)
        return entry.objectClasses.compactMap { objectClass in
            switch CaseFolding.lowercaseName(objectClass) {
            case "groupofnames": ("member", value)
            case "groupofuniquenames": ("uniquemember", value)
            default: nil
            }
        }
    }

    /// GROUP_TYPE_ACCOUNT_GROUP | GROUP_TYPE_SECURITY_ENABLED ([MS-ADTS] 2.2.12).
    private static let globalSecurityGroup: Int32 = -2_147_483_646
}
