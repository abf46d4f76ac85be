internal import LDAPClient
package import Logging
internal import SyncModel
internal import Synchronization

/// Checks and changes passwords: what the requests of all connections come to. One for each run with one configuration.
package final class PasswordGateway: Sendable {
    typealias Instant = ContinuousClock.Instant

    let settings: GatewaySettings
    let directories: any AccountDirectories
    let memory: GatewayMemory
    let audit: GatewayAudit
    let logger: Logger
    /// Says that something may be due.
    let signals: AsyncStream<Void>
    let signal: AsyncStream<Void>.Continuation
    private let inFlight = Mutex(0)
    private let accountFailures: Mutex<FailureLimiter<AccountName>>
    private let addressFailures: Mutex<FailureLimiter<String>>

    /// An account, or a name that nobody has: both are limited alike, so that the limit tells nothing.
    private enum AccountName: Hashable, Sendable {
        case account(Account.Key)
        case unknown(String)
    }

    package init(
        settings: GatewaySettings,
        directories: any AccountDirectories,
        memory: GatewayMemory,
        logger: Logger,
        audit: Logger
    ) {
        self.settings = settings
        self.directories = directories
        self.memory = memory
        self.logger = logger
        self.audit = GatewayAudit(logger: audit)
        let limits = settings.limits
        accountFailures = Mutex(FailureLimiter(capacity: limits.failuresPerAccount, window: limits.window))
        addressFailures = Mutex(FailureLimiter(capacity: limits.failuresPerAddress, window: limits.window))
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Carries out one request of a client at `address`.
    package func perform(_ request: GatewayRequest, from address: String) async -> GatewayAnswer {
        inFlight.withLock { $0 += 1 }
        defer { inFlight.withLock { $0 -= 1 } }
        return switch request {
        case .bind(let name, let password): await bind(name, password, from: address)
        case .change(let change): await self.change(change, from: address)
        }
    }

    /// Passwords that are on their way to a side, those included whose delivery has only begun.
    package var pendingCount: Int { memory.pending.count }

    /// Waits until what is carried out has ended, or for `limit`.
    package func settle(within limit: Duration) async {
        let end = ContinuousClock.now + limit
        while inFlight.withLock({ $0 > 0 }), ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    // MARK: Binds

    private func bind(_ name: String, _ password: Password, from address: String) async -> GatewayAnswer {
        let begin = ContinuousClock.now
        let account: Account?
        do throws(DirectoryUnavailable) {
            account = try await directories.find(name)
        } catch {
            audit.record(.bind, who: nil, whom: nil, from: address, outcome: "unavailable", details: error.reason)
            return GatewayAnswer(.unavailable, "the directories can't be reached")
        }
        guard let attempt = attempt(account, name, from: address) else {
            return await tooMany(.bind, account, from: address, since: begin)
        }
        guard let account else { return await refuse(.bind, nil, from: address, since: begin, details: "unknown name") }
        let side = account.checkingSide(authority: settings.authority)
        let answer = await directories.check(side, account, password)
        switch answer {
        case .done:
            giveBack(attempt)
            carryThrough(account, password, checkedAt: side)
            audit.record(.bind, who: account, whom: account, from: address, outcome: "done")
            return GatewayAnswer(.success, account: account)
        case .demand(let demand):
            giveBack(attempt)
            let words = demand.userWords
            audit.record(.bind, who: account, whom: account, from: address, outcome: "refused", details: words)
            return GatewayAnswer(.invalidCredentials, words)
        case .wrongPassword:
            memory.pace.withLock { $0.note(ContinuousClock.now - begin) }
            return await refuse(.bind, account, from: address, since: begin, details: nil)
        case .refused(let refusal):
            giveBack(attempt)
            let details = "\(side.name): \(refusal.words)"
            audit.record(.bind, who: nil, whom: account, from: address, outcome: "refused", details: details)
            return GatewayAnswer(.unwillingToPerform, "\(side.title) takes no bind of this account")
        case .unavailable(let reason), .unknown(let reason):
            giveBack(attempt)
            let details = "\(side.name): \(reason)"
            audit.record(.bind, who: nil, whom: account, from: address, outcome: "unavailable", details: details)
            return GatewayAnswer(.unavailable, "\(side.title) can't be reached")
        }
    }

    /// The other side is given the password, if it has another one.
    private func carryThrough(_ account: Account, _ password: Password, checkedAt side: Side) {
        let other = side.opposite
        guard account.names[side] != nil, account.names[other] != nil else { return }
        let now = ContinuousClock.now
        if memory.verified.isKnown(other, account, password, at: now) { return }
        do {
            _ = try memory.pending.add(
                account,
                other,
                password,
                .bindThrough,
                reason: "",
                keeping: settings.keepsPending,
                at: now
            )
            signal.yield()
        } catch {
            logger.warning("A password could not be taken along", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: Changes

    private func change(_ request: PasswordChangeRequest, from address: String) async -> GatewayAnswer {
        let begin = ContinuousClock.now
        let kind: GatewayAudit.Operation = request.former == nil ? .reset : .change
        func refuse(_ code: LDAPResultCode, _ words: String, _ target: Account?) -> GatewayAnswer {
            audit.record(kind, who: request.requester, whom: target, from: address, outcome: "refused", details: words)
            return GatewayAnswer(code, words)
        }
        if let words = request.password.objection { return refuse(.constraintViolation, words, request.requester) }
        let target: Account?
        do throws(DirectoryUnavailable) {
            if let name = request.name { target = try await directories.find(name) } else { target = request.requester }
        } catch {
            return refuse(.unavailable, "the directories can't be reached", nil)
        }
        guard let target else {
            // To an administrator the truth, to anybody else what a wrong password gets.
            if request.requester?.mayReset == true { return refuse(.noSuchObject, "nobody is known by this name", nil) }
            guard attempt(nil, request.name ?? "", from: address) != nil else {
                return await tooMany(kind, nil, from: address, since: begin)
            }
            return await self.refuse(kind, nil, from: address, since: begin, details: "unknown name")
        }
        let authorization = PasswordAuthorization(
            requester: request.requester,
            target: target,
            hasFormer: request.former != nil,
            resetsProtected: settings.resetsProtected
        )
        if case .refused(let code, let words) = authorization { return refuse(code, words, target) }
        var spent: Attempt?
        if authorization == .change {
            spent = attempt(target, "", from: address)
            guard spent != nil else { return await tooMany(kind, target, from: address, since: begin) }
        }
        let outcome = await memory.turns.with(target) {
            await self.carryOut(request, target, isReset: authorization == .reset)
        }
        if outcome == .wrongPassword {
            memory.pace.withLock { $0.note(ContinuousClock.now - begin) }
            await pause(since: begin)
        } else if let spent {
            giveBack(spent)
        }
        audit.record(
            kind,
            who: request.requester ?? (outcome == .wrongPassword ? nil : target),
            whom: target,
            from: address,
            outcome: outcome.word,
            details: outcome.details
        )
        return outcome.answer
    }

    private func carryOut(
        _ request: PasswordChangeRequest,
        _ target: Account,
        isReset: Bool
    ) async -> PasswordChange.Outcome {
        let former = isReset ? nil : request.former
        let password = request.password
        let isFormerAtAD =
            former.map { memory.verified.isKnown(.ad, target, $0, at: ContinuousClock.now) } ?? false
        var change = PasswordChange(
            authority: settings.authority,
            sides: Set(Side.allCases.filter { target.names[$0] != nil }),
            hasFormer: former != nil,
            isFormerAtAD: isFormerAtAD
        )
        var step = change.begin()
        while true {
            let answer: DirectoryAnswer
            switch step {
            case .look(let side): answer = await directories.objection(side, target, to: password)
            case .prove(let side): answer = await directories.check(side, target, former ?? password)
            case .verify(let side): answer = await directories.check(side, target, password)
            case .change(let side):
                answer = await directories.change(side, target, from: former ?? password, to: password)
            case .set(let side): answer = await directories.reset(side, target, to: password)
            case .restore(let side): answer = await directories.reset(side, target, to: former ?? password)
            case .end(let outcome):
                remember(outcome, target, password)
                return outcome
            }
            step = change.answered(answer)
        }
    }

    private func remember(_ outcome: PasswordChange.Outcome, _ target: Account, _ password: Password) {
        let now = ContinuousClock.now
        switch outcome {
        case .done:
            memory.pending.forget(target)
            for side in Side.allCases { memory.verified.note(side, target, password, at: now) }
        case .pending(let side, let reason):
            memory.verified.note(side.opposite, target, password, at: now)
            memory.verified.forget(side, target)
            do {
                let isKept = try memory.pending.add(
                    target,
                    side,
                    password,
                    .change,
                    reason: reason,
                    keeping: settings.keepsPending,
                    at: now
                )
                if !isKept { logger.error("Too many passwords are pending: one is not kept") }
                signal.yield()
            } catch {
                logger.error("A pending password could not be kept", metadata: ["reason": "\(error)"])
            }
        case .split, .unknown:
            memory.pending.forget(target)
            for side in Side.allCases { memory.verified.forget(side, target) }
        case .wrongPassword, .refused, .unavailable: break
        }
    }

    // MARK: Limits

    private struct Attempt {
        var account: AccountName
        var address: String
    }

    /// Nil where the account, or the address, has failed too often. Given back if it was no failure.
    private func attempt(_ account: Account?, _ name: String, from address: String) -> Attempt? {
        let now = ContinuousClock.now
        let name = account.map { AccountName.account($0.key) } ?? .unknown(String(name.lowercased().prefix(256)))
        guard addressFailures.withLock({ $0.take(address, at: now) }) else { return nil }
        guard accountFailures.withLock({ $0.take(name, at: now) }) else {
            addressFailures.withLock { $0.giveBack(address, at: now) }
            return nil
        }
        return Attempt(account: name, address: address)
    }

    private func giveBack(_ attempt: Attempt) {
        let now = ContinuousClock.now
        addressFailures.withLock { $0.giveBack(attempt.address, at: now) }
        accountFailures.withLock { $0.giveBack(attempt.account, at: now) }
    }

    private func refuse(
        _ operation: GatewayAudit.Operation,
        _ account: Account?,
        from address: String,
        since begin: Instant,
        details: String?
    ) async -> GatewayAnswer {
        await pause(since: begin)
        audit.record(operation, who: nil, whom: account, from: address, outcome: "wrong-password", details: details)
        return .wrong
    }

    private func tooMany(
        _ operation: GatewayAudit.Operation,
        _ account: Account?,
        from address: String,
        since begin: Instant
    ) async -> GatewayAnswer {
        await pause(since: begin)
        audit.record(operation, who: nil, whom: account, from: address, outcome: "limited")
        return GatewayAnswer(.busy, "too many wrong passwords; try again in some minutes")
    }

    /// Until a refusal may be answered, so that all take the same time.
    private func pause(since begin: Instant) async {
        let end = begin + memory.pace.withLock { $0.current }
        try? await Task.sleep(until: end, clock: .continuous)
    }
}

extension Password {
    /// Why neither side could take it.
    fileprivate var objection: String? {
        if isEmpty { return "the new password is empty" }
        if !isText { return "the new password must be UTF-8" }
        if isHash { return "a hash can't be carried to the other side; send the password itself" }
        return nil
    }
}

extension DirectoryAnswer.Demand {
    fileprivate var userWords: String {
        switch self {
        case .passwordExpired: "the password has expired; change it"
        case .mustChangePassword: "the password must be changed first"
        }
    }
}
