internal import LDAPClient
package import SyncModel

/// One new password on its way to both sides: answers in, the next step out.
///
/// Active Directory comes first, since its policy is the stricter one. Nothing is written before the former password has been found right by the authority, and
/// before everything that can be seen speaks for the other side's taking the new one.
package struct PasswordChange: Sendable {
    package enum Step: Hashable, Sendable {
        /// Ask what speaks against it.
        case look(Side)
        /// Check the former password by a bind.
        case prove(Side)
        /// Change with the former password.
        case change(Side)
        /// Set without it.
        case set(Side)
        /// Find out by a bind whether the new password is there.
        case verify(Side)
        /// Set the former password again.
        case restore(Side)
        case end(Outcome)
    }

    package enum Outcome: Hashable, Sendable {
        /// Every side that knows the account has the new password.
        case done
        case wrongPassword
        /// Nothing has changed on either side.
        case refused(Side, DirectoryAnswer.Refusal)
        /// Nothing has changed on either side.
        case unavailable(Side, String)
        /// The first side has it; the second is given it as soon as it can be reached.
        case pending(Side, String)
        /// The first side has it, the second refuses it, and the first could not be given the former one again.
        case split(changed: Side, refusing: Side, DirectoryAnswer.Refusal)
        /// It is not known whether the side has it.
        case unknown(Side, String)
    }

    private let authority: Side
    private let sides: [Side]
    private let hasFormer: Bool
    /// Whether the former password is known to be the one at AD, where AD is not who is asked whether it is right.
    private let isFormerAtFirst: Bool
    private var asked: Step
    private var written: [Side] = []
    /// The refusal for which the first side is given the former password again.
    private var refusal: (side: Side, reason: DirectoryAnswer.Refusal)?
    private var isProven = false

    /// - Parameters:
    ///   - sides: those that know the account.
    ///   - hasFormer: whether it is a change by the owner, who has given the former password.
    ///   - isFormerAtAD: whether the former password was last seen to be that at AD.
    package init(authority: Side, sides: Set<Side>, hasFormer: Bool, isFormerAtAD: Bool) {
        self.authority = sides.contains(authority) ? authority : authority.opposite
        self.sides = sides.sorted()
        self.hasFormer = hasFormer
        isFormerAtFirst = isFormerAtAD
        asked = .look(.miniorange)
    }

    package mutating func begin() -> Step {
        ask(sides.contains(.miniorange) ? .look(.miniorange) : proof())
    }

    package mutating func answered(_ answer: DirectoryAnswer) -> Step {
        switch asked {
        case .look(let side): looked(side, answer)
        case .prove(let side): proven(side, answer)
        case .change(let side), .set(let side): wrote(side, answer)
        case .verify(let side): verified(side, answer)
        case .restore(let side): restored(side, answer)
        case .end: asked
        }
    }

    private mutating func ask(_ step: Step) -> Step {
        asked = step
        return step
    }

    private mutating func end(_ outcome: Outcome) -> Step { ask(.end(outcome)) }

    // Nothing is written. What can't be seen does not speak against it, but where the side is the authority it will be needed at once.
    private mutating func looked(_ side: Side, _ answer: DirectoryAnswer) -> Step {
        switch answer {
        case .refused(let refusal): end(.refused(side, refusal))
        case .unavailable(let reason), .unknown(let reason):
            hasFormer && side == authority ? end(.unavailable(side, reason)) : ask(proof())
        case .done, .wrongPassword, .demand: ask(proof())
        }
    }

    /// A change at AD is its own proof: AD compares the former password itself.
    private func proof() -> Step {
        guard hasFormer, authority == .miniorange else { return write(sides[0]) }
        return .prove(.miniorange)
    }

    private func write(_ side: Side) -> Step {
        guard side == .ad, hasFormer else { return .set(side) }
        return authority == .ad || isFormerAtFirst ? .change(side) : .set(side)
    }

    private mutating func proven(_ side: Side, _ answer: DirectoryAnswer) -> Step {
        isProven = true
        switch answer {
        case .done, .demand: return ask(write(sides[0]))
        case .wrongPassword: return end(.wrongPassword)
        case .refused(let refusal): return end(.refused(side, refusal))
        case .unavailable(let reason), .unknown(let reason): return end(.unavailable(side, reason))
        }
    }

    private mutating func wrote(_ side: Side, _ answer: DirectoryAnswer) -> Step {
        let isFirst = written.isEmpty
        switch answer {
        case .done, .demand:
            return wroteAll(side)
        case .wrongPassword where asked == .change(side):
            // Proven by the authority, and another one here: as an administrator, then.
            return isProven ? ask(.set(side)) : end(.wrongPassword)
        case .wrongPassword:
            return refused(side, .other("the password was not taken"))
        case .refused(let reason):
            return refused(side, reason)
        case .unavailable(let reason):
            return end(isFirst ? .unavailable(side, reason) : .pending(side, reason))
        case .unknown(let reason):
            return isFirst ? ask(.verify(side)) : end(.pending(side, reason))
        }
    }

    /// What was written before is undone, where that can be.
    private mutating func refused(_ side: Side, _ reason: DirectoryAnswer.Refusal) -> Step {
        guard let first = written.first else { return end(.refused(side, reason)) }
        refusal = (side, reason)
        guard hasFormer else { return end(.split(changed: first, refusing: side, reason)) }
        return ask(.restore(first))
    }

    private mutating func wroteAll(_ side: Side) -> Step {
        written.append(side)
        guard let next = sides.first(where: { !written.contains($0) }) else { return end(.done) }
        return ask(write(next))
    }

    // The answer to a write was lost: the bind tells whether it was carried out.
    private mutating func verified(_ side: Side, _ answer: DirectoryAnswer) -> Step {
        switch answer {
        case .done, .demand: wroteAll(side)
        case .wrongPassword: end(.unavailable(side, "the connection was lost"))
        case .refused: end(.unknown(side, "the connection was lost"))
        case .unavailable(let reason), .unknown(let reason): end(.unknown(side, reason))
        }
    }

    private mutating func restored(_ side: Side, _ answer: DirectoryAnswer) -> Step {
        guard let refusal else { return asked }
        return answer == .done
            ? end(.refused(refusal.side, refusal.reason))
            : end(.split(changed: side, refusing: refusal.side, refusal.reason))
    }
}

extension PasswordChange.Outcome {
    /// For the user.
    package var answer: GatewayAnswer {
        switch self {
        case .done: GatewayAnswer(.success)
        case .wrongPassword: .wrong
        case .refused(let side, .policy(let words)):
            GatewayAnswer(.constraintViolation, "\(side.title) refuses the new password: \(words); nothing was changed")
        case .refused(_, .disabled):
            GatewayAnswer(.unwillingToPerform, "the account is disabled; nothing was changed")
        case .refused(let side, .notAllowed), .refused(let side, .other):
            GatewayAnswer(.unwillingToPerform, "\(side.title) refuses the change; nothing was changed")
        case .unavailable(let side, _):
            GatewayAnswer(.unavailable, "\(side.title) can't be reached; nothing was changed")
        case .pending(let side, _):
            GatewayAnswer(
                .unavailable,
                "\(side.opposite.title) has the new password; \(side.title) can't be reached, and is given it as soon as it can"
            )
        case .split(let changed, let refusing, let refusal):
            GatewayAnswer(
                .other,
                "\(changed.title) has the new password; \(refusing.title) refuses it\(refusal.userWords), and keeps the former one"
            )
        case .unknown(let side, _):
            GatewayAnswer(.other, "the connection to \(side.title) was lost; try the new password, then the former one")
        }
    }

    /// For metrics and the audit.
    package var word: String {
        switch self {
        case .done: "done"
        case .wrongPassword: "wrong-password"
        case .refused: "refused"
        case .unavailable: "unavailable"
        case .pending: "pending"
        case .split: "split"
        case .unknown: "unknown"
        }
    }

    /// For the audit: which side, and in whose words. Never a value.
    package var details: String? {
        switch self {
        case .done, .wrongPassword: nil
        case .refused(let side, let refusal), .split(_, let side, let refusal): "\(side.name): \(refusal.words)"
        case .unavailable(let side, let reason), .pending(let side, let reason), .unknown(let side, let reason):
            "\(side.name): \(reason)"
        }
    }
}

extension DirectoryAnswer.Refusal {
    fileprivate var userWords: String {
        if case .policy(let words) = self { ": \(words)" } else { "" }
    }

    package var words: String {
        switch self {
        case .policy(let words): "password policy: \(words)"
        case .disabled: "the account is disabled"
        case .notAllowed(let words): "Syncline's account may not: \(words)"
        case .other(let words): words
        }
    }
}

extension Side {
    /// For users, who know neither word of the configuration.
    var title: String { self == .ad ? "Active Directory" : "the LDAP directory" }
}
