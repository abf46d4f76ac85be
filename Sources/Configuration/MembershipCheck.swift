import Mapping
import SyncModel

/// What the memberships of groups need of the other objects.
struct MembershipCheck {
    let objects: [ReadObject]

    func report() {
        for (index, group) in objects.enumerated() {
            guard let form = group.specification.membership?.form else { continue }
            if case .memberAttribute(let attribute) = form.value { reportMissing(attribute, group) }
            if form.holder == .member {
                reportHolders(form.attribute, group)
                for earlier in objects[..<index] { reportShared(form, group, earlier) }
            }
        }
    }

    private var users: [ObjectSpecification] { objects.map(\.specification).filter { $0.kind == .user } }

    private func maps(_ user: ObjectSpecification, _ attribute: String) -> Bool {
        user.attributes.contains { CaseFolding.lowercaseName($0.miniorange) == attribute }
    }

    /// memberUid holds a value of the user; without a rule nobody knows it.
    private func reportMissing(_ attribute: String, _ group: ReadObject) {
        guard !users.contains(where: { maps($0, attribute) }) else { return }
        report(
            group,
            "`membership: memberUid` names users by their `\(attribute)`, and no object of users maps it",
            "add an object of `kind: user` with a rule such as `{ad: sAMAccountName, miniorange: \(attribute)}`"
        )
    }

    private func reportHolders(_ attribute: String, _ group: ReadObject) {
        guard !users.isEmpty else {
            return report(
                group,
                "`membership: user-attribute` needs users, and there is no object of them",
                "add an object of `kind: user`"
            )
        }
        guard let user = users.first(where: { maps($0, attribute) }) else { return }
        report(
            group,
            "`\(attribute)` holds the groups of users, and the object `\(user.name)` has an attribute rule for it",
            "remove that rule: memberships are kept value by value, and not by attribute rules"
        )
    }

    /// DNs tell the groups of two objects apart by their bases; plain names don't.
    private func reportShared(_ form: MembershipForm, _ group: ReadObject, _ earlier: ReadObject) {
        guard let other = earlier.specification.membership?.form, other.holder == .member,
            other.attribute == form.attribute, other.value == .groupName || form.value == .groupName
        else { return }
        report(
            group,
            "`\(form.attribute)` holds the groups of the object `\(earlier.specification.name)` as well, "
                + "and plain names do not tell whose group is meant",
            "give each object its own `userAttribute`, or write `userValues: dns` at both"
        )
    }

    private func report(_ group: ReadObject, _ message: String, _ remedy: String) {
        let position = group.miniorange?.position(of: "membership") ?? group.section.position
        group.section.reading.problems.report(message, at: position, remedy: remedy)
    }
}
