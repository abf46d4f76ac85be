package import SyncModel

/// A position in what a slapd provider has to tell: the newest change known of each provider (`contextCSN`).
package struct SyncCookie: Hashable, Sendable {
    /// At most one for each replica, in the order of replicas.
    package let numbers: [ChangeSequenceNumber]

    package init(_ numbers: [ChangeSequenceNumber]) {
        var newest: [Int: ChangeSequenceNumber] = [:]
        for number in numbers { newest[number.replica] = max(number, newest[number.replica] ?? number) }
        self.numbers = newest.values.sorted { $0.replica < $1.replica }
    }

    /// Reads `rid=…,sid=…,csn=…;…` as slapd writes it. Nil where there is no CSN or one that can't be read: a cookie that slapd can't read is
    /// answered by a full refresh that doesn't name what is gone.
    package init?(parsing octets: Octets) {
        guard let text = octets.text else { return nil }
        for part in text.split(separator: ",") where part.hasPrefix("csn=") {
            let parsed = part.dropFirst(4).split(separator: ";").map { ChangeSequenceNumber(parsing: String($0)) }
            guard !parsed.isEmpty, !parsed.contains(nil) else { return nil }
            self.init(parsed.compactMap(\.self))
            return
        }
        return nil
    }

    /// What is sent. Without `sid`: a provider keeps changes of that replica back, taking it for their origin.
    package var octets: Octets {
        Octets("rid=001,csn=" + numbers.map(\.description).joined(separator: ";"))
    }

    package var newest: ChangeSequenceNumber? { numbers.max() }

    /// Whether all that `other` has seen is in this one, too.
    package func covers(_ other: SyncCookie) -> Bool {
        other.numbers.allSatisfy { number in
            numbers.contains { $0.replica == number.replica && $0 >= number }
        }
    }

    /// The newer of both for each replica.
    package func merged(with other: SyncCookie) -> SyncCookie {
        SyncCookie(numbers + other.numbers)
    }
}
