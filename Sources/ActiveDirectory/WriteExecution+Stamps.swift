internal import LDAPClient
internal import SyncModel

/// Reads an entry with when and where its attributes were set.
extension WriteExecution {
    func readStamps(_ anchor: Anchor, _ attributes: [String]) {
        var request = reading.search(anchor, showDeleted: true)
        request.attributes.append("whenChanged")
        connection.submit([.search(request)]) { answers in
            let entry: LDAPEntry? =
                if case .success(.search(let result)) = answers[0] { result.entries.first } else { nil }
            found(in: answers[0]) { found in
                switch found {
                case .entry(let current):
                    let changed = entry?.text("whenChanged").flatMap(GeneralizedTime.init(parsing:))
                    let stamp = changed.map {
                        Stamp(time: Timestamp(milliseconds: $0.seconds * 1000), granularity: 1000, source: .entry)
                    }
                    finish(
                        .stamped(
                            current,
                            attributes.compactMap { name in
                                stamp.map { AttributeStamp(attribute: name, stamp: $0) }
                            }
                        )
                    )
                case .absent: finish(.gone)
                case .failed(let error): finish(error.readOutcome)
                }
            }
        }
    }
}
