/// Who besides root and the service's own account may use the admin socket, and for what.
package struct AdminAccess: Sendable, Hashable {
    /// Groups by name. A later role includes the ones before it.
    package struct Roles: Sendable, Hashable {
        package var look: [String]
        package var operate: [String]
        package var approve: [String]

        package init(look: [String] = [], operate: [String] = [], approve: [String] = []) {
            self.look = look
            self.operate = operate
            self.approve = approve
        }
    }

    /// The group that the socket belongs to; nil: its own account's, which alone may open it.
    package var group: String?
    /// Nil: whoever may open the socket may do everything.
    package var roles: Roles?

    package init(group: String? = nil, roles: Roles? = nil) {
        self.group = group
        self.roles = roles
    }
}

/// Reads who may use the admin socket. Whether there are such groups is known on the machine where it runs.
struct AdminAccessReader {
    /// `admin` of the file.
    let section: Section

    func read() -> AdminAccess {
        AdminAccess(
            group: section["group"].flatMap(readGroup),
            roles: section["roles"]?.asSection().map { roles in
                AdminAccess.Roles(
                    look: readGroups(roles, "look"),
                    operate: readGroups(roles, "operate"),
                    approve: readGroups(roles, "approve")
                )
            }
        )
    }

    private func readGroups(_ roles: Section, _ role: String) -> [String] {
        roles[role]?.asList()?.compactMap(readGroup) ?? []
    }

    private func readGroup(_ value: Value) -> String? {
        guard let text = value.asText() else { return nil }
        guard !text.contains(where: { $0 == ":" || $0 == "," || $0 == "/" || $0.isWhitespace }) else {
            value.report(
                "`\(value.path)` must be the name of a group of this machine, not `\(text)`",
                remedy: "write `\(Grammar.example(of: value.path))`; `getent group` lists them"
            )
            return nil
        }
        return text
    }
}

extension Configuration {
    package static let defaultAdminSocket = "/run/syncline/admin.sock"
    package static let defaultCachePath = "/var/lib/syncline"

    /// Where the service that runs with this file listens, without the passwords that the file names: who steers the service need not be
    /// able to read them.
    package static func adminSocket(path: String) throws(ConfigurationErrors) -> String {
        try place("socket", of: "admin", path) ?? defaultAdminSocket
    }

    /// Where its cache is, likewise.
    package static func cachePath(path: String) throws(ConfigurationErrors) -> String {
        try place("path", of: "cache", path) ?? defaultCachePath
    }

    /// What a key of a section says, without a look at all others.
    private static func place(
        _ key: String,
        of section: String,
        _ path: String
    ) throws(ConfigurationErrors) -> String? {
        let problems = Problems(file: path)
        var place: String?
        if let text = readText(path, problems), let document = Document(text: text, problems: problems),
            let root = document.root
        {
            let files = FileReader(
                directory: FileReader.directory(of: path),
                credentialsDirectory: Environment.credentialsDirectory
            )
            let reading = Reading(document: document, problems: problems, files: files)
            let values = Value(node: root, path: "", reading: reading).asSection()?[section]?.asSection()
            place = values?[key].flatMap(files.resolve)
        }
        if let errors = problems.collected { throw errors }
        return place
    }
}
