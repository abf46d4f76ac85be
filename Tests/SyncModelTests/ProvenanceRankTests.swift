import SyncModel
import Testing

struct ProvenanceRankTests {
    static func stamp(author: String? = nil, server: String? = nil) -> Stamp {
        Stamp(time: Timestamp(milliseconds: 0), granularity: 1, source: .log, server: server, author: author)
    }

    @Test(
        arguments: [
            ("cn=hr,dc=test", "cn=hr,dc=test", true), ("cn=hr,dc=test", "cn=hr", false),
            ("cn=hr", "cn=hr,dc=test", false), ("CN=HR,DC=Test", "cn=hr,dc=test", true),
            ("cn=hr,dc=test", "CN=HR,dc=TEST", true), ("*", "", true), ("*", "anyone", true), ("", "", true),
            ("", "a", false), ("a", "", false), ("cn=*", "cn=hr", true), ("cn=*", "cn=", true),
            ("cn=*", "uid=x", false),
            ("*,ou=feeds,dc=test", "cn=hr,ou=feeds,dc=test", true),
            ("*,ou=feeds,dc=test", "cn=hr,ou=people,dc=test", false),
            ("*,ou=feeds,dc=test", "ou=feeds,dc=test", false), ("cn=*,ou=*,dc=test", "cn=a,ou=b,ou=c,dc=test", true),
            ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false), ("a*a", "a", false), ("a*a", "aa", true),
            ("a*a", "aba", true), ("a*b*a", "abba", true), ("*ab", "aab", true), ("*aab", "aaab", true),
            ("**", "a", true), ("a**", "a", true), ("a**b", "ab", true), ("a?", "ab", false), ("a.", "ab", false),
            ("ü*", "Übel", true),
        ]
    )
    func `a pattern fits the whole name, whatever its case`(_ pattern: String, _ name: String, _ fits: Bool) {
        let ranks = [ProvenanceRank(subject: .author, pattern: pattern, rank: 7)]
        #expect(ProvenanceRank.rank(of: Self.stamp(author: name), by: ranks) == (fits ? 7 : 0))
        #expect(ProvenanceRank.rank(of: Self.stamp(server: name), by: ranks) == 0)
        let servers = [ProvenanceRank(subject: .server, pattern: pattern, rank: -7)]
        #expect(ProvenanceRank.rank(of: Self.stamp(server: name), by: servers) == (fits ? -7 : 0))
        #expect(ProvenanceRank.rank(of: Self.stamp(author: name), by: servers) == 0)
    }

    /// Against the definition: a star takes some characters, or none.
    @Test func `every short pattern fits what it should`() {
        func fits(_ pattern: Substring, _ name: Substring) -> Bool {
            guard let first = pattern.first else { return name.isEmpty }
            if first == "*" {
                return fits(pattern.dropFirst(), name) || !name.isEmpty && fits(pattern, name.dropFirst())
            }
            return name.first == first && fits(pattern.dropFirst(), name.dropFirst())
        }
        func words(_ letters: [Character], upTo length: Int) -> [String] {
            var all = [""]
            var last = [""]
            for _ in 0..<length {
                last = last.flatMap { word in letters.map { word + String($0) } }
                all += last
            }
            return all
        }
        var wrong: [String] = []
        let names = words(["a", "b"], upTo: 5)
        for pattern in words(["a", "b", "*"], upTo: 4) {
            let ranks = [ProvenanceRank(subject: .author, pattern: pattern, rank: 1)]
            for name in names {
                let isRanked = ProvenanceRank.rank(of: Self.stamp(author: name), by: ranks) == 1
                if isRanked != fits(pattern[...], name[...]) { wrong.append("\(pattern) | \(name)") }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test func `many stars take no time`() {
        let ranks = [ProvenanceRank(subject: .author, pattern: String(repeating: "*a", count: 40) + "b", rank: 1)]
        let name = String(repeating: "a", count: 2000)
        #expect(ProvenanceRank.rank(of: Self.stamp(author: name), by: ranks) == 0)
    }

    @Test func `the first that fits counts, and nobody has nothing`() {
        let ranks = [
            ProvenanceRank(subject: .author, pattern: "cn=boss", rank: -5),
            ProvenanceRank(subject: .server, pattern: "001", rank: 3),
            ProvenanceRank(subject: .author, pattern: "*", rank: 9),
        ]
        #expect(ProvenanceRank.rank(of: Self.stamp(author: "cn=boss", server: "001"), by: ranks) == -5)
        #expect(ProvenanceRank.rank(of: Self.stamp(author: "cn=else", server: "001"), by: ranks) == 3)
        #expect(ProvenanceRank.rank(of: Self.stamp(author: "cn=else", server: "002"), by: ranks) == 9)
        #expect(ProvenanceRank.rank(of: Self.stamp(server: "002"), by: ranks) == 0)
        #expect(ProvenanceRank.rank(of: Self.stamp(), by: ranks) == 0)
        #expect(ProvenanceRank.rank(of: Self.stamp(author: "cn=boss"), by: []) == 0)
    }
}
