internal import LDAPClient
package import Logging
package import SyncModel
internal import Synchronization

/// Writes to the LDAP directory over one connection, pipelined. Each write carries its precondition (RFC 4528) and brings back what it made (RFC 4527),
/// where the server offers that.
///
/// The connection is made by the first write and again after it was lost. While no server can be reached writes complete as `unavailable`.
package final class MiniOrangeWriter: DirectoryWriter {
    private typealias Job = (write: Write, completion: @Sendable (WriteOutcome) -> Void)

    private enum Link {
        case none
        case connecting
        case connected(WriterLink)
        case closed
    }

    private struct State {
        var link = Link.none
        /// In order; sent when there is a connection and room.
        var waiting: ArraySlice<Job> = []
        var inFlight = 0
        var delay = RetryDelay()
        var complaint = Complaint()
        var notBefore = ContinuousClock.now
    }

    private let settings: MiniOrangeSettings
    private let view: DirectoryView
    private let logger: Logger
    private let limit: WritePlan?
    private let state = Mutex(State())

    /// `limit`: use no more than this of what the server offers.
    package init(settings: MiniOrangeSettings, view: DirectoryView, logger: Logger, limitedTo limit: WritePlan? = nil) {
        self.limit = limit
        self.settings = settings
        self.view = view
        self.logger = logger
    }

    package func perform(_ write: Write, completion: @escaping @Sendable (WriteOutcome) -> Void) {
        let job = (write, completion)
        enum Step {
            case refuse, connect
            case wait
        }
        let step = state.withLock { state -> Step in
            switch state.link {
            case .closed: return .refuse
            case .connected(let link) where !link.connection.isClosed:
                state.waiting.append(job)
                return .wait
            case .connecting:
                state.waiting.append(job)
                return .wait
            case .none, .connected:
                guard ContinuousClock.now >= state.notBefore else { return .refuse }
                state.link = .connecting
                state.waiting.append(job)
                return .connect
            }
        }
        switch step {
        case .refuse: completion(.unavailable)
        case .connect: Task { await self.connect() }
        case .wait: pump()
        }
    }

    package func close() async {
        let (link, jobs) = state.withLock { state in
            defer {
                state.link = .closed
                state.waiting = []
            }
            return (state.link, state.waiting)
        }
        if case .connected(let link) = link {
            link.connection.close()
            // What was under way has completed when the connection is gone.
            _ = await link.connection.closed()
        }
        for job in jobs { job.completion(.unavailable) }
    }

    private func connect() async {
        do {
            let link = try await WriterLink.connect(settings, view, limit)
            let isWanted = state.withLock { state in
                guard case .connecting = state.link else { return false }
                state.link = .connected(link)
                state.delay.reset()
                return true
            }
            guard isWanted else { return link.connection.close() }
            pump()
        } catch {
            let isBindRefused = (error as? LDAPError)?.disposition == .stop
            let (jobs, isNews) = state.withLock { state -> (ArraySlice<Job>, Bool) in
                defer { state.waiting = [] }
                let isNews = state.complaint.isWorthTelling("\(error)", at: .now)
                guard case .connecting = state.link else { return (state.waiting, isNews) }
                state.link = .none
                let wait = isBindRefused ? RetryDelay.afterRefusedBind : state.delay.next()
                state.notBefore = .now + .milliseconds(wait)
                return (state.waiting, isNews)
            }
            logger.log(level: isNews ? .warning : .debug, "miniorange: no connection for writes: \(error)")
            for job in jobs { job.completion(.unavailable) }
        }
    }

    /// Sends what waits, as far as there is room.
    private func pump() {
        while let (link, job) = next() {
            let finish: @Sendable (WriteOutcome) -> Void = { outcome in
                self.state.withLock { $0.inFlight -= 1 }
                job.completion(outcome)
                self.pump()
            }
            link.perform(job.write.operation) { outcome in
                guard case .done(let snapshot) = outcome, let passwords = self.passwords(for: job.write) else {
                    return finish(outcome)
                }
                link.givePassword(to: snapshot, passwords, finish)
            }
        }
        // Not one by one: each would complete at once, and within the completion of the one before.
        let stranded = state.withLock { state -> ArraySlice<Job> in
            guard case .connected(let link) = state.link, link.connection.isClosed else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for job in stranded { job.completion(.unavailable) }
    }

    /// Nil where the write makes no account that is to get one.
    private func passwords(for write: Write) -> NewAccountPasswords? {
        guard case .add = write.operation, let given = settings.passwords, given.passwords.isGiven,
            let object = write.object, given.objects.contains(object)
        else { return nil }
        return given.passwords
    }

    private func next() -> (WriterLink, Job)? {
        state.withLock { state in
            guard case .connected(let link) = state.link, !link.connection.isClosed,
                state.inFlight < settings.writesInFlight, let job = state.waiting.popFirst()
            else { return nil }
            state.inFlight += 1
            return (link, job)
        }
    }
}
