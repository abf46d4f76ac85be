/// How much an author or a server counts where two values were set as good as simultaneously.
package struct ProvenanceRank: Hashable, Sendable {
    package enum Subject: UInt8, Hashable, Sendable { case author, server }

    package var subject: Subject
    /// A name, or a pattern: `*` stands for any characters. Case does not count.
    package var pattern: String
    /// The higher one stands. Who is named by no pattern has 0.
    package var rank: Int

    package init(subject: Subject, pattern: String, rank: Int) {
        self.subject = subject
        self.pattern = pattern
        self.rank = rank
    }

    private func matches(_ stamp: Stamp) -> Bool {
        guard let name = subject == .author ? stamp.author : stamp.server else { return false }
        return Self.matches(Array(pattern.lowercased()), Array(name.lowercased()))
    }

    /// Whether the whole name fits the pattern; in linear steps for each `*`.
    private static func matches(_ pattern: [Character], _ name: [Character]) -> Bool {
        var at = 0
        var next = 0
        var star: (pattern: Int, name: Int)?
        while next < name.count {
            if at < pattern.count, pattern[at] == "*" {
                star = (at, next)
                at += 1
            } else if at < pattern.count, pattern[at] == name[next] {
                at += 1
                next += 1
            } else if let last = star {
                at = last.pattern + 1
                next = last.name + 1
                star = (last.pattern, next)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == "*" }
    }

    /// The rank of whoever set the stamp: the first that matches.
    package static func rank(of stamp: Stamp, by ranks: [ProvenanceRank]) -> Int {
        ranks.first { $0.matches(stamp) }?.rank ?? 0
    }
}
