import Mapping
import SyncModel

extension Configuration {
    /// 16 octets that change whenever other entries or attributes would be synchronised, or in another form. The order
    /// of objects, the layout of the file and the places of rules do not matter.
    package var mappingDigest: [UInt8] {
        Self.digest(of: mappingText)
    }

    /// 16 octets that change whenever a conflict may be settled otherwise than before. Nothing has to be read anew for that, and what is settled stays
    /// settled; only what waits for a person is to be looked at again.
    package var conflictDigest: [UInt8] {
        Self.digest(of: conflictText)
    }

    /// 16 octets that change with the parts of the directories that are worked on; not with the servers' addresses.
    package var serverDigest: [UInt8] {
        Self.digest(of: serverText)
    }

    /// What ``mappingDigest`` is made of: each field after its length, so that no two configurations share a text.
    var mappingText: [UInt8] {
        var text = CanonicalText()
        for object in objects.sorted(by: { $0.name < $1.name }) {
            text.append("object")
            text.append(object.name)
            text.append(object.kind.name)
            text.append(object.direction.configured)
            text.append(object.isFlat ? "flat" : "tree")
            for side in [Side.ad, .miniorange] { text.append(object.scopes[side]) }
            for match in object.match {
                text.append("match")
                text.append(name: match.ad)
                text.append(name: match.miniorange)
            }
            for rule in object.attributes.sorted(by: Self.precedes) { text.append(rule) }
            if object.kind == .group { text.append(groupOf: object) }
            for pair in object.containerPairs.sorted(by: { $0.ad.normalized < $1.ad.normalized }) {
                text.append("containers")
                text.append(pair.ad.normalized)
                text.append(pair.miniorange.normalized)
            }
            for side in [Side.ad, .miniorange] {
                guard let group = object.onlyMembersOf[side] else { continue }
                text.append("only \(side.name)")
                text.append(group.normalized)
            }
        }
        return text.bytes
    }

    var conflictText: [UInt8] {
        var text = CanonicalText()
        text.append("\(conflicts.clockTolerance)")
        text.append("\(conflicts.oscillationLimit)")
        text.append("\(conflicts.oscillationWindow)")
        for rank in conflicts.ranks {
            text.append(rank.subject == .author ? "author" : "server")
            text.append(name: rank.pattern)
            text.append("\(rank.rank)")
        }
        for object in objects.sorted(by: { $0.name < $1.name }) {
            text.append("object")
            text.append(object.name)
            text.append(object.conflict.name)
            text.append(object.prefer.name)
            text.append(object.deleteAgainstChange == .changeWins ? "change" : "delete")
            for rule in object.attributes.sorted(by: Self.precedes) where rule.conflict != nil || rule.prefer != nil {
                text.append(name: rule.ad)
                text.append((rule.conflict ?? object.conflict).name)
                text.append((rule.prefer ?? rule.conflict?.side ?? object.prefer).name)
            }
        }
        return text.bytes
    }

    var serverText: [UInt8] {
        var text = CanonicalText()
        for side in [ad, miniorange] {
            text.append(side.kind.rawValue)
            text.append(side.base.normalized)
        }
        return text.bytes
    }

    private static func precedes(_ first: AttributeSpecification, _ second: AttributeSpecification) -> Bool {
        let a = (CaseFolding.lowercaseName(first.ad), CaseFolding.lowercaseName(first.miniorange))
        return a < (CaseFolding.lowercaseName(second.ad), CaseFolding.lowercaseName(second.miniorange))
    }

    /// FNV-1a of 128 bits: it notices a change, and guards against nobody.
    static func digest(of bytes: [UInt8]) -> [UInt8] {
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        for byte in bytes {
            hash ^= UInt128(byte)
            hash &*= 0x0000_0000_0100_0000_0000_0000_0000_013B
        }
        return (0..<16).map { UInt8(truncatingIfNeeded: hash >> UInt128((15 - $0) * 8)) }
    }
}

private struct CanonicalText {
    var bytes: [UInt8] = []

    mutating func append(_ octets: Octets) {
        bytes.append(contentsOf: "\(octets.count):".utf8)
        bytes.append(contentsOf: octets.bytes)
    }

    mutating func append(_ text: String) {
        append(Octets(text))
    }

    /// Directories compare names without case.
    mutating func append(name: String) {
        append(CaseFolding.lowercaseName(name))
    }

    mutating func append(names: [String]) {
        append("\(names.count)")
        for name in names { append(name: name) }
    }

    mutating func append(optional name: DistinguishedName?) {
        append(name.map(\.normalized) ?? Octets())
    }

    mutating func append(groupOf object: ObjectSpecification) {
        append("group")
        append(object.groupType.map(String.init) ?? "")
        append(object.isVirtualAtMiniOrange ? "virtual" : "entries")
        guard let membership = object.membership else { return append("no members") }
        switch membership.form.holder {
        case .group: append("at groups")
        case .member: append("at members")
        }
        append(name: membership.form.attribute)
        switch membership.form.value {
        case .name: append("dn")
        case .nameAndUID: append("dn and uid")
        case .groupName: append("group name")
        case .memberAttribute(let attribute):
            append("member's")
            append(name: attribute)
        }
        append(membership.direction.configured)
        append(optional: membership.placeholder)
        switch membership.nesting {
        case .keep: append("nested")
        case .flatten: append("flat")
        }
        append(membership.includesPrimaryGroup ? "primary" : "no primary")
        append(membership.createsMissing ? "creates" : "creates none")
        switch membership.keptMemberships {
        case .keep: append("keeps")
        case .remove: append("removes")
        }
    }

    mutating func append(_ scope: ScopeSpecification) {
        append(scope.base.normalized)
        append(scope.filter.description)
        append(names: scope.objectClasses)
        append(name: scope.rdn)
    }

    mutating func append(_ rule: AttributeSpecification) {
        append("rule")
        append(name: rule.ad)
        append(name: rule.miniorange)
        append(rule.direction.configured)
        append(rule.isSingleValuedAtAD ? "single" : "multiple")
        append(rule.maximumLengthAtAD.map(String.init) ?? "")
        append(names: rule.fallback)
        switch rule.type {
        case .value: append("value")
        case .reference: append("reference")
        case .accountEnabled: append("account-enabled")
        case .accountEnabledFlag(let enabled, let disabled):
            append("account-enabled-flag")
            append(enabled)
            append(disabled)
        case .accountExpiresTime: append("account-expires-time")
        case .accountExpiresDays: append("account-expires-days")
        case .lockout: append("lockout")
        case .mustChangePassword: append("must-change-password")
        }
    }
}
