import Foundation
import SyncModel
import Testing

/// A part of a lab that one test has to itself: a container on each side, a folder, and a configuration that sees nothing else.
struct Ground: Sendable {
    /// What tests write differently in the configuration.
    struct Settings: Sendable {
        var direction = "both"
        var conflicts = "rule: ad"
        var ad = ""
        var miniorange = ""
        var attributes = "default"
        var deletes = ""
        var account = PerSide(ad: "", miniorange: "")
        var passwordFile = PerSide(ad: "", miniorange: "")
        /// In order; none: the lab's.
        var servers = PerSide<[String]>(both: [])
        /// The file with the authorities' certificates; empty: the lab's.
        var caFile = ""
        var cache = ""
        /// More keys of the admin section.
        var admin = ""
        /// More lines at the top level.
        var more = ""
        /// More keys of the people's sections and of the object itself.
        var people = PerSide(ad: "", miniorange: "")
        var peopleKeys = ""
        /// Nil: no groups.
        var groups: Groups?
        /// Whether the containers of people are kept in agreement as well.
        var hasContainers = false
        /// More keys of the containers' section at AD.
        var containersAtAD = ""
    }

    /// A group object, by its differences from the usual one.
    struct Groups: Sendable {
        /// More keys of the sides' sections.
        var ad = ""
        var miniorange = ""
        /// What stands in `memberships`.
        var memberships = ""
        /// More lines of the object.
        var keys = ""
        /// The miniorange side has no entries of the groups.
        var isVirtual = false
    }

    let lab: Lab
    let folder: String
    let ad: Directory
    let miniorange: Directory
    /// Where the groups are.
    let teams: PerSide<Directory>
    private let tag: String

    subscript(side: Side) -> Directory { side == .ad ? ad : miniorange }

    /// Account names are unique in a whole domain, and AD takes 20 characters.
    func person(_ name: String) -> String { "\(tag)-\(name)" }

    static func make(_ tag: String, _ settings: Settings = Settings()) async throws -> Ground {
        let lab = try #require(Lab.current)
        let ground = Ground(
            lab: lab,
            folder: "\(lab["LAB_DIR"])/ground-\(tag)",
            ad: lab.directory(.ad, below: "OU=\(tag)"),
            miniorange: lab.directory(.miniorange, below: "ou=\(tag)"),
            teams: PerSide(
                ad: lab.directory(.ad, .teams, below: "OU=\(tag)"),
                miniorange: lab.directory(.miniorange, .teams, below: "ou=\(tag)")
            ),
            tag: tag
        )
        try FileManager.default.createDirectory(atPath: ground.folder, withIntermediateDirectories: true)
        for side in Side.allCases {
            let base = lab.directory(side)
            try await base.addContainer(tag)
            if settings.groups != nil { try await lab.directory(side, .teams).addContainer(tag) }
        }
        try ground.configure(settings)
        return ground
    }

    var configurationFile: String { "\(folder)/syncline.yaml" }
    var cacheFolder: String { "\(folder)/cache" }

    func configure(_ settings: Settings) throws {
        func or(_ text: String, _ standard: String) -> String { text.isEmpty ? standard : text }
        func list(_ servers: [String], _ standard: String) -> String {
            (servers.isEmpty ? [standard] : servers).map { "\"\($0)\"" }.joined(separator: ", ")
        }
        let text = """
            version: 1
            cache: {path: "\(or(settings.cache, cacheFolder))"}
            admin: {socket: "\(folder)/admin.sock"\(more(settings.admin))}
            ad:
              servers: [\(list(settings.servers.ad, lab["AD_URI"]))]
              base: "\(lab["AD_BASE"])"
              bind: {dn: "\(or(settings.account.ad, lab["AD_SYNC_DN"]))", passwordFile: "\(or(settings.passwordFile.ad, lab["AD_SYNC_PASSWORD_FILE"]))"}
              tls: {caFile: "\(or(settings.caFile, lab["CA_FILE"]))"}
            \(settings.ad.isEmpty ? "" : "  \(settings.ad)")
            miniorange:
              servers: [\(list(settings.servers.miniorange, lab["LDAPS_URI"]))]
              base: "\(lab["LDAP_BASE"])"
              bind: {dn: "\(or(settings.account.miniorange, lab["LDAP_SYNC_DN"]))", passwordFile: "\(or(settings.passwordFile.miniorange, lab["LDAP_SYNC_PASSWORD_FILE"]))"}
              tls: {caFile: "\(or(settings.caFile, lab["CA_FILE"]))"}
            \(settings.miniorange.isEmpty ? "" : "  \(settings.miniorange)")
            direction: \(settings.direction)
            conflicts: {\(settings.conflicts)}
            \(settings.deletes.isEmpty ? "" : "deletes: {\(settings.deletes)}")
            \(settings.more)
            objects:
              - name: people
                kind: user
                ad: {base: "\(ad.base)"\(more(settings.people.ad))}
                miniorange: {base: "\(miniorange.base)"\(more(settings.people.miniorange))}
                match: [{ad: sAMAccountName, miniorange: uid}, {ad: mail, miniorange: mail}]
                attributes: \(settings.attributes)
            \(settings.peopleKeys.isEmpty ? "" : "    \(settings.peopleKeys)")
            \(settings.groups.map(groupLines) ?? "")
            \(settings.hasContainers ? containerLines(settings.containersAtAD) : "")

            """
        try text.write(toFile: configurationFile, atomically: true, encoding: .utf8)
    }

    private func more(_ keys: String) -> String { keys.isEmpty ? "" : ", \(keys)" }

    private func groupLines(_ groups: Groups) -> String {
        let base = groups.isVirtual ? "" : "base: \"\(teams.miniorange.base)\""
        let miniorange = [base, groups.miniorange].filter { !$0.isEmpty }.joined(separator: ", ")
        let lines = [
            "  - name: teams", "    kind: group", "    ad: {base: \"\(teams.ad.base)\"\(more(groups.ad))}",
            "    miniorange: {\(miniorange)}",
            groups.memberships.isEmpty ? "" : "    memberships: {\(groups.memberships)}",
            groups.keys.isEmpty ? "" : "    \(groups.keys)",
        ]
        return lines.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func containerLines(_ keys: String) -> String {
        """
          - name: departments
            kind: container
            ad: {base: "\(ad.base)"\(more(keys))}
            miniorange: {base: "\(miniorange.base)"}
        """
    }
}
