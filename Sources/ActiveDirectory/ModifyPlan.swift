internal import LDAPClient
internal import SyncModel

/// A modify that fails where an attribute isn't what the write was planned on: old values are deleted by value and new
/// ones added, which a domain controller checks (16, 20; for members 53, 68). There is no assertion control.
struct ModifyPlan: Hashable, Sendable {
    private(set) var modifications: [Modification]
    /// Those that the server does not compare: they are to be looked at before.
    let unchecked: [AttributeChange]
    private let changes: [AttributeChange]

    /// Samba takes any old value of these; Windows keeps them to itself and wants a replacement.
    static let replacedWhole: Set<String> = ["useraccountcontrol"]
    /// Can be written, never read ([MS-ADTS] 3.1.1.3.1.5).
    static let writeOnly: Set<String> = ["unicodepwd"]

    init(_ changes: [AttributeChange]) {
        self.changes = changes
        unchecked = changes.filter { Self.replacedWhole.contains($0.name.lowercased()) }
        modifications = changes.flatMap { change -> [Modification] in
            let name = change.name.lowercased()
            if Self.replacedWhole.contains(name) || Self.writeOnly.contains(name) {
                return [Modification(.replace, change.name, change.new)]
            }
            let old = Set(change.old)
            let new = Set(change.new)
            let gone = change.old.filter { !new.contains($0) }
            let added = change.new.filter { !old.contains($0) }
            return (gone.isEmpty ? [] : [Modification(.delete, change.name, gone)])
                + (added.isEmpty ? [] : [Modification(.add, change.name, added)])
        }
    }

    /// The same, and the password must be changed at the next logon.
    var demandingNewPassword: ModifyPlan {
        if changes.contains(where: { $0.name.lowercased() == "pwdlastset" }) { return self }
        var plan = self
        plan.modifications.append(Modification(.replace, "pwdLastSet", ["0"]))
        return plan
    }

    /// Whether the entry differs from what the unchecked changes were planned on.
    func isStaleBefore(_ current: EntrySnapshot) -> Bool {
        unchecked.contains { Set(current.attributes[$0.name.lowercased()]) != Set($0.old) }
    }

    /// Whether a refusal comes from the entry's being other than planned, rather than from the new values.
    func isStale(_ current: EntrySnapshot, code: LDAPResultCode, references: Set<String>) -> Bool {
        guard Self.mismatchCodes.contains(code) else { return false }
        return changes.contains { change in
            let name = change.name.lowercased()
            guard !Self.writeOnly.contains(name) else { return false }
            func keys(_ values: [Octets]) -> Set<Octets> {
                Set(references.contains(name) ? values.map(Self.nameKey) : values)
            }
            let old = keys(change.old)
            let new = keys(change.new)
            let current = keys(current.attributes[name])
            if !old.subtracting(new).isSubset(of: current) { return true }
            if !new.subtracting(old).isDisjoint(with: current) { return true }
            // A second value for what holds one only. Of a large set only what changes is planned.
            return code == .attributeOrValueExists && !current.subtracting(old).isEmpty
        }
    }

    private static let mismatchCodes: Set<LDAPResultCode> = [
        .noSuchAttribute, .attributeOrValueExists, .entryAlreadyExists, .unwillingToPerform,
    ]

    private static func nameKey(_ value: Octets) -> Octets {
        (try? DistinguishedName(parsing: value))?.normalized ?? value
    }
}
