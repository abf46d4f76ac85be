internal import LDAPClient
internal import SyncModel

/// Reads an entry with when, where and how often its attributes were set.
extension WriteExecution {
    /// One round trip, with the first of a connection, too.
    func readStamps(_ anchor: Anchor, _ attributes: [String]) {
        let names = attributes.filter { $0 != AttributeStamp.entryName }
        server.read(stampRequest(anchor, names), understanding: names) { answer, words in
            let (answer, entry) = Self.split(answer)
            found(in: answer) { found in
                switch found {
                case .absent: finish(.gone)
                case .failed(let error): finish(error.readOutcome)
                case .entry(let current):
                    guard let words else { return finish(.unavailable) }
                    let reading = StampReading(entry, words: words)
                    server.dictionary.notesMetadata(reading.hasMetadata)
                    finish(.stamped(current, reading.stamps(of: attributes)))
                }
            }
        }
    }

    private func stampRequest(_ anchor: Anchor, _ names: [String]) -> SearchRequest {
        let dictionary = server.dictionary
        var request = reading.search(anchor, showDeleted: true)
        var stamps = [StampReading.replicationMetadata, StampReading.changed]
        if !dictionary.needsNoFragments(names) { stamps.append(StampReading.attributeFragments) }
        let hasLinks = names.contains {
            view.references.contains($0) || view.memberAttributes.contains($0) || dictionary.isLink($0)
        }
        if hasLinks { stamps.append(StampReading.valueFragments) }
        request.attributes += stamps.filter { !request.attributes.contains($0.lowercased()) }
        return request
    }

    /// The answer without the stamps, of which a server may give one range only, and the entry with all that it gave.
    private static func split(_ answer: Answer) -> (state: Answer, all: LDAPEntry) {
        guard case .success(.search(var result)) = answer, let entry = result.entries.first else {
            return (answer, LDAPEntry(dn: "", attributes: []))
        }
        let fragments = [StampReading.attributeFragments, StampReading.valueFragments].map { $0.lowercased() }
        result.entries[0].attributes.removeAll { attribute in
            let name = attribute.name.lowercased()
            return fragments.contains { name.hasPrefix($0) }
        }
        return (.success(.search(result)), entry)
    }
}
