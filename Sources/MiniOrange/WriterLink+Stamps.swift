internal import LDAPClient
internal import SyncModel

extension WriterLink {
    /// Reads an entry, and when and by whom these attributes of it were set.
    func readStamps(
        _ anchor: Anchor,
        _ attributes: [String],
        _ completion: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        let question = LogQuestion(anchor, attributes, schema: plan.schema, canSift: plan.supportsMatchedValues)
        Task { completion(await StampReading(link: self, question: question).run()) }
    }
}

/// The requests for the stamps of one entry: one round trip where the entry's last change touched one of the attributes, two where not.
private struct StampReading: Sendable {
    /// A change can be seen a moment before its record.
    static let patience = Duration.milliseconds(20)

    let link: WriterLink
    let question: LogQuestion

    func run() async -> WriteOutcome {
        var requests = [
            PipelinedRequest.search(
                SearchRequest(
                    base: link.searchBase.description,
                    scope: .subtree,
                    filter: question.anchor.filter,
                    attributes: link.plan.shape.requested + EntryStamp.requested
                )
            )
        ]
        if link.log.isOpen { requests.append(.search(question.search(link.log.base))) }
        let answers = await link.connection.pipeline(requests)
        switch answers.first {
        case .success(.search(let result))?:
            guard let entry = result.entries.first else { return await absent() }
            guard let snapshot = try? link.plan.shape.snapshot(entry) else { return await absent() }
            return await stamped(entry, snapshot, answers.count > 1 ? answers[1] : nil)
        case .failure(let error)?: return WriteAnswer.failedRead(error)
        default: return .unavailable
        }
    }

    /// As a read says it, which proves what it doesn't see.
    private func absent() async -> WriteOutcome {
        let outcome = await withCheckedContinuation { continuation in
            link.find(question.anchor) { continuation.resume(returning: $0) }
        }
        if case .done = outcome { return .unavailable }
        return outcome
    }

    private func stamped(
        _ entry: LDAPEntry,
        _ snapshot: EntrySnapshot,
        _ answer: Result<PipelinedAnswer, LDAPError>?
    ) async -> WriteOutcome {
        var told: [String: Stamp] = [:]
        var others = EntryStamp.stamp(entry, ownName: link.ownName)
        if case .csn(let number) = snapshot.version, let answer {
            do {
                if let (log, horizon) = try await ask(number, answer) {
                    told = log.stamps.filter { name, _ in
                        !link.plan.shape.isTold(name) || !log.contradicts(snapshot.attributes[name], of: name)
                    }
                    // Not by the entry's last change, which is in the log; by whom isn't known.
                    others?.time = min(horizon ?? number, number).timestamp
                    others?.server = nil
                    others?.author = nil
                    others?.isOurs = false
                }
            } catch {
                guard error.serverResult != nil || error.disposition != .reconnect else { return .unavailable }
                link.log.wasRefused()
            }
        }
        let stamps = question.names.compactMap { name in
            (told[name.logged] ?? others).map { AttributeStamp(attribute: name.asked, stamp: $0) }
        }
        return .stamped(snapshot, stamps)
    }

    /// What the log says, and how far back it goes where that is of interest; nil where it lacks the entry's last change, and so perhaps others.
    private func ask(
        _ number: ChangeSequenceNumber,
        _ answer: Result<PipelinedAnswer, LDAPError>
    ) async throws(LDAPError) -> (LogStamps, horizon: ChangeSequenceNumber?)? {
        var log = try await stamps(answer, asOf: number)
        var horizon: ChangeSequenceNumber?
        var isHorizonKnown = false
        for attempt in 0..<3 where log.map({ !covers($0, number) }) == true {
            // It was never logged.
            if let horizon, number <= horizon { return nil }
            if attempt == 2 { try? await Task.sleep(for: Self.patience) }
            let answers = await link.connection.pipeline([
                .search(question.search(link.log.base, including: number)), readHorizon,
            ])
            log = try await stamps(answers[0], asOf: number, isIncluded: true)
            horizon = Self.horizon(answers[1])
            isHorizonKnown = true
        }
        guard let log, log.isReadable, covers(log, number) else { return nil }
        // Read after the records: what is purged in between was set before.
        if !isHorizonKnown, question.names.contains(where: { log.stamps[$0.logged] == nil }) {
            horizon = await link.connection.pipeline([readHorizon]).first.flatMap(Self.horizon)
        }
        return (log, horizon)
    }

    private func covers(_ log: LogStamps, _ number: ChangeSequenceNumber) -> Bool {
        log.newest.map { $0 >= number } ?? false
    }

    /// Nil where there are too many records.
    private func stamps(
        _ answer: Result<PipelinedAnswer, LDAPError>,
        asOf number: ChangeSequenceNumber,
        isIncluded: Bool = false
    ) async throws(LDAPError) -> LogStamps? {
        var records: [LDAPEntry]? = []
        switch answer {
        case .success(.search(let result)): records = result.entries
        case .success: break
        // Servers often limit a plain search and let pages through.
        case .failure(let error) where error.code == .sizeLimitExceeded:
            records = try await pages(including: isIncluded ? number : nil)
        case .failure(let error): throw error
        }
        return records.map { records in
            LogStamps(
                records,
                wanted: Set(question.names.map(\.logged)),
                schema: link.plan.schema,
                ownName: link.ownName,
                asOf: number
            )
        }
    }

    private func pages(including number: ChangeSequenceNumber?) async throws(LDAPError) -> [LDAPEntry]? {
        var request = question.search(link.log.base, including: number)
        request.pageSize = LogQuestion.pageSize
        var records: [LDAPEntry] = []
        var pages = link.connection.searchPages(request).makeAsyncIterator()
        do throws(LDAPError) {
            while let page = try await pages.nextResult() {
                records += page.entries
                if records.count > LogQuestion.maximumRecords { return nil }
            }
        } catch {
            // This entry's are too many; another's may not be.
            guard error.code == .sizeLimitExceeded else { throw error }
            return nil
        }
        return records
    }

    /// Where the server says up to which change it has purged the log.
    private var readHorizon: PipelinedRequest {
        .search(SearchRequest(base: link.log.base.description, scope: .base, attributes: ["minCSN"]))
    }

    /// All changes after this are in the log. Nil where that isn't known.
    private static func horizon(_ answer: Result<PipelinedAnswer, LDAPError>) -> ChangeSequenceNumber? {
        guard case .success(.search(let result)) = answer else { return nil }
        return (result.entries.first?["minCSN"] ?? []).compactMap(ChangeSequenceNumber.init(parsing:)).max()
    }
}
