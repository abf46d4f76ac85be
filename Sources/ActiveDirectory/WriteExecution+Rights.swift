internal import LDAPClient
internal import SyncModel

/// Reads an entry, and who may read it.
extension WriteExecution {
    /// One round trip, with the first of a connection, too.
    func confirmEmpty(_ anchor: Anchor, _ attributes: [String]) {
        ask(reading.search(anchor, showDeleted: true), about: attributes) { answer, access in
            found(in: answer) { found in
                switch found {
                case .absent: finish(.gone)
                case .failed(let error): finish(error.readOutcome)
                case .entry(let current):
                    finish(access.map { .done($0.noting(attributes, in: current)) } ?? .unavailable)
                }
            }
        }
    }

    /// Tells of an entry that has just been read which of these attributes may be read.
    func withRights(
        to attributes: [String],
        _ entry: EntrySnapshot,
        _ then: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        var request = reading.search(entry.anchor, showDeleted: false)
        request.attributes = []
        ask(request, about: attributes) { answer, access in
            if case .failure(let error) = answer { return then(error.isNoSuchObject ? .gone : error.readOutcome) }
            then(access.map { .done($0.noting(attributes, in: entry)) } ?? .unavailable)
        }
    }

    /// Nil where nothing is told of the rights, and it may be asked again.
    private func ask(
        _ request: SearchRequest,
        about attributes: [String],
        _ then: @escaping @Sendable (Answer, AccessReading?) -> Void
    ) {
        var request = request
        request.attributes.append(AccessReading.descriptor)
        request.controls.append(.accessControlAlone)
        server.read(request, understanding: attributes) { answer, words in
            guard let words, case .success(.search(let result)) = answer, let entry = result.entries.first else {
                return then(answer, nil)
            }
            then(answer, AccessReading(entry, words: words))
        }
    }
}

/// Understands what an entry tells of who may read it: pure.
struct AccessReading {
    static let descriptor = "nTSecurityDescriptor"

    private let words: ServerDictionary.Words
    private let control: AccessControl?

    init(_ entry: LDAPEntry, words: ServerDictionary.Words) {
        self.words = words
        // What can't be understood is as good as not told.
        control = entry.first(Self.descriptor).flatMap { try? AccessControl(decoding: $0) }
    }

    /// Whether the account surely may not read the attribute of this entry. An account that may not read who may read it is told nothing.
    func forbids(_ attribute: String) -> Bool {
        guard let control, let attribute = words.attributes[attribute] else { return false }
        return control.permitsReading(attribute, token: words.token) == false
    }

    /// Whether these attributes may be read, as what is shown surely may.
    func noting(_ attributes: [String], in entry: EntrySnapshot) -> EntrySnapshot {
        var entry = entry
        for name in attributes { entry.readable[name] = !entry.attributes[name].isEmpty || !forbids(name) }
        return entry
    }
}
