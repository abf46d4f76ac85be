internal import LDAPClient
internal import SyncModel

/// Reads an entry, and who may read it.
extension WriteExecution {
    /// One round trip, with the first of a connection, too.
    func confirmEmpty(_ anchor: Anchor, _ attributes: [String]) {
        let dictionary = server.dictionary
        let questions = dictionary.questions(for: attributes, at: server.controller)
        var request = reading.search(anchor, showDeleted: true)
        request.attributes.append(AccessReading.descriptor)
        request.controls.append(.accessControlAlone)
        let requests = questions.requests + [request]
        connection.submit(requests.map(PipelinedRequest.search)) { answers in
            dictionary.take(answers.dropLast(), to: questions)
            let answer = answers[answers.count - 1]
            dictionary.whenKnown(attributes) { words in
                found(in: answer) { found in
                    switch found {
                    case .absent: finish(.gone)
                    case .failed(let error): finish(error.readOutcome)
                    case .entry(var current):
                        guard let words, case .success(.search(let result)) = answer, let entry = result.entries.first
                        else { return finish(.unavailable) }
                        let access = AccessReading(entry, words: words)
                        for name in attributes where current.attributes[name].isEmpty {
                            current.readable[name] = !access.forbids(name)
                        }
                        finish(.done(current))
                    }
                }
            }
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
}

extension LDAPControl {
    /// Of a security descriptor its DACL alone, which needs the least rights ([MS-ADTS] 3.1.1.3.4.1.11).
    static let accessControlAlone = {
        var writer = BERWriter()
        writer.sequence { $0.integer(4) }
        return LDAPControl("1.2.840.113556.1.4.801", isCritical: true, value: writer.octets)
    }()
}
