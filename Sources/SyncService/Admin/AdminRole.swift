import Configuration

/// What somebody may do over the admin socket; each includes the ones before it.
enum AdminRole: String, Comparable, CaseIterable, Sendable {
    /// Sees what there is, and changes nothing.
    case look
    /// Stops and starts work, and has things tried again; decides about no value.
    case operate
    /// Decides what is written, or deleted, where the service waits for a person.
    case approve

    static func < (lhs: AdminRole, rhs: AdminRole) -> Bool {
        (allCases.firstIndex(of: lhs) ?? 0) < (allCases.firstIndex(of: rhs) ?? 0)
    }

    /// What steers, by the first component of its path.
    private static let operations: Set<String> = ["pause", "resume", "resync", "reconcile", "quarantine"]
    /// What tells of the cache, or asks the directories something, and changes nothing but the cache's knowledge of them.
    private static let questions: Set<String> = ["queries", "stamps"]

    /// What a request takes. One that nobody thought of takes the most.
    static func needed(forReading isRead: Bool, path: String) -> AdminRole {
        if isRead { return .look }
        let first = path.split(separator: "/").first.map(String.init) ?? ""
        return questions.contains(first) ? .look : operations.contains(first) ? .operate : .approve
    }
}

/// Who may what, decided from facts alone.
struct AdminPolicy: Sendable {
    var access: AdminAccess
    /// The service's own user.
    var ownUser: UInt32

    /// The most that somebody may do; nil: nothing.
    ///
    /// - Parameter groups: by name, as the machine knows them now.
    func role(user: UInt32, groups: Set<String>) -> AdminRole? {
        guard let roles = access.roles, user != 0, user != ownUser else { return .approve }
        if roles.approve.contains(where: groups.contains) { return .approve }
        if roles.operate.contains(where: groups.contains) { return .operate }
        return roles.look.contains(where: groups.contains) ? .look : nil
    }

    /// The groups whose members have a role, for who lacks it.
    func groups(with role: AdminRole) -> [String] {
        guard let roles = access.roles else { return [] }
        let lists = [(AdminRole.look, roles.look), (.operate, roles.operate), (.approve, roles.approve)]
        return lists.filter { $0.0 >= role }.flatMap(\.1)
    }
}
