import Mapping
import SyncModel

/// Reads what becomes of deletions: for all objects, or for one.
struct DeletionsReader {
    /// `deletes`, at the top of the file or in an object.
    let section: Section
    /// What holds where the section says nothing.
    let outer: DeletionRule

    private static let longestGrace: Duration = .seconds(86_400 * 365)
    private static let longestWindow: Duration = .seconds(86_400 * 30)

    func read() -> DeletionRule {
        var rule = outer
        if let policy = section["policy"]?.asDeletePolicy() { rule.policy = policy }
        if let grace = section["grace"]?.asDuration(in: .zero...Self.longestGrace) { rule.grace = grace.milliseconds }
        if let limit = section["limit"] { rule.limit = readLimit(limit) }
        if let containers = section["containers"]?.asSection() {
            for side in Side.allCases {
                if let name = containers[side.name]?.asDistinguishedName() { rule.containers[side] = name }
            }
        }
        if let disables = section["disable"]?.asFlag() { rule.disables = disables }
        if rule.policy != .move {
            section.refuse("containers", "is for `policy: move`")
            section.refuse("disable", "is for `policy: move`; `policy: disable` disables and moves nothing")
        }
        return rule
    }

    private func readLimit(_ value: Value) -> DeletionLimit? {
        if value.written == "none" { return nil }
        guard !value.isSingle else {
            value.report(
                "`\(value.path)` must be `none` or a section, not `\(value.written ?? "")`",
                remedy: "write `limit: {count: 500, percent: 5, window: 1h}` or `limit: none`"
            )
            return nil
        }
        guard let section = value.asSection() else { return nil }
        var limit = outer.limit ?? .usual
        if let count = section["count"]?.asInteger(in: 1...1_000_000) { limit.count = count }
        if let percent = section["percent"]?.asInteger(in: 1...100) { limit.percent = percent }
        if let window = section["window"]?.asDuration(in: .seconds(60)...Self.longestWindow) {
            limit.window = window.milliseconds
        }
        return limit
    }
}

/// Holds an object's rule for deletions against what the object is.
struct DeletionsCheck {
    let specification: ObjectSpecification
    /// The object's own section, and where the rule stands that is wrong.
    let section: Section
    let position: Position

    private var rule: DeletionRule { specification.deletions }
    /// The sides that may lose entries by a deletion on the other one.
    private var written: [Side] { Side.allCases.filter { specification.direction.permits(writingTo: $0) } }

    func run() {
        switch rule.policy {
        case .delete, .keep: return
        case .disable: checkDisabling("`deletes: {policy: disable}`")
        case .move: checkMoving()
        }
    }

    private func report(_ message: String, remedy: String) {
        section.reading.problems.report("object `\(specification.name)`: \(message)", at: position, remedy: remedy)
    }

    private func checkDisabling(_ what: String) {
        guard specification.kind == .user else {
            report(
                "\(what) is for people, and a \(specification.kind.name) has no account",
                remedy: "write `deletes: {policy: delete}` or `deletes: {policy: keep}` in this object"
            )
            return
        }
        guard let account = specification.accountRule else {
            report(
                "\(what) needs a rule by which accounts are disabled, and there is none",
                remedy:
                    "add `{ad: userAccountControl, miniorange: pwdAccountLockedTime, type: account-enabled}` to `attributes`"
            )
            return
        }
        for side in written where !account.direction.permits(writingTo: side) {
            report(
                "\(what) must be able to disable on the \(side.name) side, and the rule of `\(account.ad)` goes the other way only",
                remedy: "widen the rule's `direction`, or narrow the object's"
            )
        }
    }

    private func checkMoving() {
        guard specification.kind != .container, !specification.isVirtualAtMiniOrange else {
            report(
                "`deletes: {policy: move}` is for people and groups that are entries on both sides",
                remedy: "write `deletes: {policy: delete}` or `deletes: {policy: keep}` in this object"
            )
            return
        }
        if rule.disables { checkDisabling("`deletes: {policy: move, disable: true}`") }
        for side in written {
            guard let container = rule.containers[side] else {
                report(
                    "`deletes: {policy: move}` needs a container on the \(side.name) side",
                    remedy:
                        "add `containers: {\(side.name): \"\(side == .ad ? "OU=Leavers,DC=…" : "ou=leavers,dc=…")\"}` to `deletes`"
                )
                continue
            }
            if specification.scopes[side].base.isEqualOrDescendant(of: container) {
                report(
                    "`\(container)` holds the object's whole base, so whoever is moved there has not left",
                    remedy: "name a container of its own for those who left"
                )
            }
        }
    }
}
