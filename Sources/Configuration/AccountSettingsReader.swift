import Mapping
import SyncModel

/// Reads what new accounts get, and holds it against the objects.
struct AccountSettingsReader {
    /// `accounts` of the file; nil where it has none.
    let section: Section?

    func read() -> AccountSettings {
        var settings = AccountSettings()
        guard let section else { return settings }
        if let ad = section["ad"]?.asSection() {
            settings.ad = ad["initialPassword"]?.asChoice(["random": .random, "none": .none]) ?? .random
            settings.mustChange = ad["mustChange"]?.asFlag() ?? false
            if settings.mustChange, settings.ad == .none {
                ad.refuse("mustChange", "has a meaning only with `initialPassword: random`")
            }
        }
        if let miniorange = section["miniorange"]?.asSection() {
            settings.miniorange = readMiniOrange(miniorange)
        }
        if let handOver = section["handOver"]?.asSection() {
            settings.handOver = readHandOver(handOver)
            if settings.ad != .random, settings.miniorange != .random {
                section.refuse("handOver", "has nothing to hand over: no side gets a random password")
            }
        }
        return settings
    }

    private enum Word { case none, random, passThrough }

    private func readMiniOrange(_ section: Section) -> AccountSettings.InitialPassword {
        let word = section["initialPassword"]?.asChoice([
            "none": Word.none, "random": .random, "pass-through": .passThrough,
        ])
        if word != .passThrough {
            section.refuse("realm", "has a meaning only with `initialPassword: pass-through`")
        }
        switch word {
        case nil, .some(.none): return .none
        case .random: return .random
        case .passThrough:
            guard let value = section.require("realm"), let realm = value.asText() else { return .none }
            guard realm.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "@") }) else {
                value.report(
                    "`\(value.path)`: `\(realm)` is no realm",
                    remedy:
                        "write the one that saslauthd asks for, most often the domain in capitals: `realm: EXAMPLE.COM`"
                )
                return .none
            }
            return .passThrough(realm: realm)
        }
    }

    private func readHandOver(_ section: Section) -> AccountSettings.HandOver? {
        let certificate = section.require("certificateFile").flatMap(section.reading.files.certificates)
        let file = section.require("file").flatMap(section.reading.files.resolve)
        guard let certificate, let file else { return nil }
        if file == certificate {
            section["file"]?.report(
                "`\(section.path).file` and `certificateFile` are one file",
                remedy: "write `\(Grammar.example(of: "\(section.path).file"))`"
            )
        }
        return AccountSettings.HandOver(certificateFile: certificate, file: file)
    }

    /// The objects with what `settings` mean for them.
    func apply(_ settings: AccountSettings, to objects: [ObjectSpecification]) -> [ObjectSpecification] {
        let users = objects.filter { $0.kind == .user }
        if settings.ad == .none, let object = users.first(where: Self.enablesAtAD) {
            section?["ad"]?.asSection()?["initialPassword"]?.report(
                "without a password new accounts at AD stay disabled, and `\(object.name)` has a rule that carries being enabled there",
                remedy: "write `initialPassword: random`, or take the rule away: `without: [userAccountControl]`"
            )
        }
        guard case .passThrough(let realm) = settings.miniorange else { return objects }
        if let object = users.first(where: { $0.direction.permits(writingTo: .miniorange) && !Self.hasAccountName($0) })
        {
            section?["miniorange"]?.asSection()?["initialPassword"]?.report(
                "`pass-through` sends people to their account at AD, and `\(object.name)` has no rule for its name",
                remedy: "add `{ad: sAMAccountName, miniorange: uid}` to its attributes"
            )
        }
        return objects.map { object in
            var object = object
            if object.kind == .user { object.passThroughRealm = realm }
            return object
        }
    }

    private static func enablesAtAD(_ object: ObjectSpecification) -> Bool {
        object.direction.permits(writingTo: .ad)
            && object.attributes.contains { $0.type.tellsEnabled && $0.direction.permits(writingTo: .ad) }
    }

    private static func hasAccountName(_ object: ObjectSpecification) -> Bool {
        object.attributes.contains { CaseFolding.lowercaseName($0.ad) == "samaccountname" && $0.type == .value }
    }
}
