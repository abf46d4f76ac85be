internal import Logging
internal import SyncModel

/// Passwords that a side still has to be given.
extension PasswordGateway {
    private static let atOnce = 4
    private static let step = Duration.milliseconds(100)

    /// Delivers them until the task is cancelled.
    package func deliver() async {
        // Those of an earlier configuration.
        signal.yield()
        for await _ in signals {
            while let next = memory.pending.nextInstant {
                if next > .now {
                    // A new one may be due sooner.
                    do { try await Task.sleep(for: Self.step) } catch { return }
                    continue
                }
                do {
                    let due = try memory.pending.take(Self.atOnce, at: .now)
                    await withTaskGroup { group in
                        for delivery in due { group.addTask { await self.deliver(delivery) } }
                    }
                } catch {
                    logger.error("A pending password can't be read", metadata: ["reason": "\(error)"])
                    return
                }
            }
        }
    }

    private func deliver(_ delivery: PendingPasswords.Delivery) async {
        await memory.turns.with(delivery.account) {
            // Somebody may have set another one while this waited for its turn.
            guard self.memory.pending.isCurrent(delivery) else { return }
            await self.deliverNow(delivery)
        }
    }

    private func deliverNow(_ delivery: PendingPasswords.Delivery) async {
        let (account, side) = (delivery.account, delivery.side)
        if delivery.purpose == .bindThrough {
            switch await directories.check(side, account, delivery.password) {
            case .done, .demand: return end(delivery, "done", isNews: false)
            case .wrongPassword: break
            case .refused(let refusal): return end(delivery, "refused", refusal.words)
            case .unavailable(let reason), .unknown(let reason): return postpone(delivery, reason)
            }
        }
        switch await directories.objection(side, account, to: delivery.password) {
        case .refused(let refusal): return end(delivery, "refused", refusal.words)
        case .unavailable(let reason), .unknown(let reason): return postpone(delivery, reason)
        case .done, .wrongPassword, .demand: break
        }
        switch await directories.reset(side, account, to: delivery.password) {
        case .done, .demand: end(delivery, "done")
        case .wrongPassword: end(delivery, "refused", "the password was not taken")
        case .refused(let refusal): end(delivery, "refused", refusal.words)
        case .unavailable(let reason), .unknown(let reason): postpone(delivery, reason)
        }
    }

    /// Also a refusal is remembered: the same bind would only meet it again.
    private func end(
        _ delivery: PendingPasswords.Delivery,
        _ outcome: String,
        _ details: String? = nil,
        isNews: Bool = true
    ) {
        memory.verified.note(delivery.side, delivery.account, delivery.password, at: .now)
        memory.pending.finish(delivery)
        guard isNews else { return }
        record(delivery, outcome, details)
        if outcome != "done" {
            logger.warning(
                "A password does not reach the other side",
                metadata: [
                    "account": "\(delivery.account.label)", "side": "\(delivery.side.name)",
                    "reason": "\(details ?? "")",
                ]
            )
        }
    }

    private func postpone(_ delivery: PendingPasswords.Delivery, _ reason: String) {
        if memory.pending.postpone(delivery, reason: reason, at: .now) {
            logger.info(
                "A password is pending",
                metadata: [
                    "account": "\(delivery.account.label)", "side": "\(delivery.side.name)", "reason": "\(reason)",
                ]
            )
        } else {
            record(delivery, "expired", reason)
            logger.warning(
                "A pending password was given up: the side has another one than the authority, until the next bind or change",
                metadata: ["account": "\(delivery.account.label)", "side": "\(delivery.side.name)"]
            )
        }
    }

    private func record(_ delivery: PendingPasswords.Delivery, _ outcome: String, _ details: String?) {
        let words = [delivery.side.name, details].compactMap(\.self).joined(separator: ": ")
        audit.record(.carry, who: nil, whom: delivery.account, from: "", outcome: outcome, details: words)
    }
}
