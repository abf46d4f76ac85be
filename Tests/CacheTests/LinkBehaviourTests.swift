import SyncModel
import Testing

/// What the engine may rely on of memberships, whichever store it has.
@Suite struct LinkBehaviourTests {
    private struct Refused: Error {}

    private func id(_ group: UInt64, _ member: UInt64, _ side: Side = .ad) -> LinkID {
        LinkID(side: side, group: .number(group), member: .number(member))
    }

    private func members(
        _ transaction: any StoreTransaction,
        of group: UInt64,
        _ side: Side = .ad,
        after: UInt64? = nil,
        limit: Int = .max
    ) throws -> [Anchor] {
        var found: [Anchor] = []
        try transaction.forEachLink(side, ofGroup: .number(group), after: after.map { .number($0) }) {
            member,
            link throws in
            #expect(try transaction.link(LinkID(side: side, group: .number(group), member: member)) == link)
            found.append(member)
            return found.count < limit
        }
        return found
    }

    private func groups(
        _ transaction: any StoreTransaction,
        of member: UInt64,
        _ side: Side = .ad,
        after: UInt64? = nil,
        limit: Int = .max
    ) throws -> [Anchor] {
        var found: [Anchor] = []
        try transaction.forEachGroup(side, ofMember: .number(member), after: after.map { .number($0) }) { group in
            found.append(group)
            return found.count < limit
        }
        return found
    }

    private func numbers(_ numbers: UInt64...) -> [Anchor] { numbers.map { .number($0) } }

    @Test(arguments: Backing.allCases)
    func aMembershipIsFoundFromTheGroupAndFromTheMember(backing: Backing) throws {
        let store = try backing.make()
        try store.write { transaction throws in
            try transaction.put(Link(sources: .group), for: id(1, 2))
            try transaction.put(Link(sources: .member), for: id(2, 1, .miniorange))
            #expect(try transaction.link(id(1, 2)) == Link(sources: .group))
            #expect(try transaction.link(id(2, 1)) == nil)
            #expect(try transaction.link(id(1, 2, .miniorange)) == nil)
            #expect(try members(transaction, of: 1) == numbers(2))
            #expect(try members(transaction, of: 2) == [])
            #expect(try groups(transaction, of: 2) == numbers(1))
            #expect(try groups(transaction, of: 1) == [])
            #expect(try groups(transaction, of: 1, .miniorange) == numbers(2))
            #expect(try transaction.count(.links) == 2)
            try transaction.removeLink(id(1, 2))
            try transaction.removeLink(id(1, 2))
            #expect(try transaction.link(id(1, 2)) == nil)
            #expect(try members(transaction, of: 1) == [])
            #expect(try groups(transaction, of: 2) == [])
            #expect(try transaction.count(.links) == 1)
        }
    }

    @Test(arguments: Backing.allCases)
    func membershipsAreVisitedInOrder(backing: Backing) throws {
        let store = try backing.make()
        try store.write { transaction throws in
            for (group, member) in [(5, 300), (5, 2), (4, 9), (5, 255), (6, 2), (5, 256), (1, 2)] as [(UInt64, UInt64)]
            {
                try transaction.put(Link(sources: .group), for: id(group, member))
            }
            #expect(try members(transaction, of: 5) == numbers(2, 255, 256, 300))
            #expect(try members(transaction, of: 5, limit: 2) == numbers(2, 255))
            #expect(try members(transaction, of: 5, after: 255) == numbers(256, 300))
            #expect(try members(transaction, of: 5, after: 3, limit: 1) == numbers(255))
            #expect(try members(transaction, of: 5, after: 300) == [])
            #expect(try groups(transaction, of: 2) == numbers(1, 5, 6))
            #expect(try groups(transaction, of: 2, after: 1, limit: 1) == numbers(5))
            #expect(try groups(transaction, of: 2, after: 6) == [])
        }
    }

    /// More servers than any domain has, each version of its own.
    @Test(arguments: Backing.allCases)
    func membershipsKeepWhatTheyAreGiven(backing: Backing) throws {
        let store = try backing.make()
        var generator = NounGenerator(seed: 6)
        var links: [LinkID: Link] = [:]
        for number in 0..<600 as Range<UInt64> {
            var link = generator.link()
            if number % 2 == 0 { link.version = .usn(number, invocationID: .number(number)) }
            links[LinkID(side: generator.side(), group: .number(7), member: .number(number))] = link
        }
        try store.write { transaction throws in
            for (id, link) in links.sorted(by: { $0.key < $1.key }) {
                try transaction.put(Link(sources: .group, value: "before"), for: id)
                try transaction.put(link, for: id)
            }
        }
        try store.write { transaction throws in
            for (id, link) in links { #expect(try transaction.link(id) == link) }
            var count = 0
            for side in Side.allCases {
                try transaction.forEachLink(side, ofGroup: .number(7), after: nil) { member, link throws in
                    #expect(links[LinkID(side: side, group: .number(7), member: member)] == link)
                    count += 1
                    return true
                }
            }
            #expect(count == 600)
            #expect(try transaction.count(.links) == 600)
        }
    }

    @Test(arguments: Backing.allCases)
    func entriesBelowAContainerAreListedInOrder(backing: Backing) throws {
        let store = try backing.make()
        let long = String(repeating: "x", count: 600)
        let entries: [(UInt64, String)] = [(5, "Anna"), (3, "Berta"), (4, "Anna"), (9, long), (1, long), (300, "Zoe")]
        try store.write { transaction throws in
            for (number, name) in entries {
                try transaction.put(.sample(number, parent: .entry(.number(8)), name: name), replacing: nil)
            }
            try transaction.put(.sample(6, parent: .entry(.number(7))), replacing: nil)
            try transaction.put(.sample(2, parent: .root), replacing: nil)
            try transaction.put(.sample(2, side: .miniorange, parent: .entry(.number(8))), replacing: nil)
            #expect(
                try transaction.children(.ad, of: .number(8), after: nil, limit: 99) == numbers(1, 3, 4, 5, 9, 300)
            )
            #expect(try transaction.children(.ad, of: .number(8), after: nil, limit: 2) == numbers(1, 3))
            #expect(try transaction.children(.ad, of: .number(8), after: .number(3), limit: 2) == numbers(4, 5))
            #expect(try transaction.children(.ad, of: .number(8), after: .number(300), limit: 2) == [])
            #expect(try transaction.children(.ad, of: .number(8), after: nil, limit: 0) == [])
            #expect(try transaction.children(.ad, of: .number(1), after: nil, limit: 9) == [])
            let left = Replica.sample(4, parent: .entry(.number(8)), name: "Anna")
            try transaction.put(.sample(4, parent: .entry(.number(7)), name: "Anna"), replacing: left)
            try transaction.remove(.sample(9, parent: .entry(.number(8)), name: long))
            #expect(try transaction.children(.ad, of: .number(8), after: nil, limit: 99) == numbers(1, 3, 5, 300))
            #expect(try transaction.children(.ad, of: .number(7), after: nil, limit: 99) == numbers(4, 6))
        }
    }

    /// Names shorter and longer than a key may be, on its edge, and beginning with each other.
    static let names: [Octets] = [
        "", "cn=anna", "cn=anna,dc=test", Octets([0, 0xFF]),
        Octets(String(repeating: "x", count: 470)), Octets(String(repeating: "x", count: 490)),
        Octets(String(repeating: "x", count: 491)), Octets(String(repeating: "x", count: 492)),
        Octets(String(repeating: "x", count: 493)), Octets(String(repeating: "x", count: 494)),
        Octets(String(repeating: "x", count: 5000)), Octets(String(repeating: "x", count: 4999) + "y"),
    ]

    @Test(arguments: Backing.allCases)
    func aParkedNameIsFoundFromBothEnds(backing: Backing) throws {
        let store = try backing.make()
        try store.write { transaction throws in
            for name in Self.names.reversed() {
                for holder in [7, 3, 7] as [UInt64] {
                    try transaction.parkLink(.ad, name: name, holder: .number(holder))
                }
                try transaction.parkLink(.miniorange, name: name, holder: .number(1))
            }
            try transaction.parkLink(.ad, name: "cn=berta", holder: .number(3))
            #expect(try transaction.count(.parkedLinks) == 3 * Self.names.count + 1)
            #expect(try transaction.count(.waiting) == 0)
            #expect(try transaction.parkedLinks(.ad, holder: .number(7)) == Self.names.sorted())
            #expect(try transaction.parkedLinks(.ad, holder: .number(3)) == (Self.names + ["cn=berta"]).sorted())
            #expect(try transaction.parkedLinks(.ad, holder: .number(1)) == [])
            #expect(try transaction.takeParkedLinks(.ad, name: "cn=ann") == [])
            var left = Self.names.sorted()
            for name in Self.names {
                #expect(try transaction.takeParkedLinks(.ad, name: name) == numbers(3, 7))
                #expect(try transaction.takeParkedLinks(.ad, name: name) == [])
                left.removeAll { $0 == name }
                #expect(try transaction.parkedLinks(.ad, holder: .number(7)) == left)
            }
            #expect(try transaction.parkedLinks(.ad, holder: .number(3)) == ["cn=berta"])
            #expect(try transaction.parkedLinks(.miniorange, holder: .number(1)) == Self.names.sorted())
        }
    }

    @Test(arguments: Backing.allCases, names)
    func aParkedNameIsForgottenForItsHolderAlone(backing: Backing, name: Octets) throws {
        let store = try backing.make()
        try store.write { transaction throws in
            for holder in [1, 2] as [UInt64] { try transaction.parkLink(.ad, name: name, holder: .number(holder)) }
            try transaction.unparkLink(.ad, name: name, holder: .number(1))
            try transaction.unparkLink(.ad, name: name, holder: .number(1))
            try transaction.unparkLink(.ad, name: "cn=none", holder: .number(2))
            #expect(try transaction.parkedLinks(.ad, holder: .number(1)) == [])
            #expect(try transaction.parkedLinks(.ad, holder: .number(2)) == [name])
            #expect(try transaction.takeParkedLinks(.ad, name: name) == numbers(2))
            #expect(try transaction.count(.parkedLinks) == 0)
        }
    }

    @Test(arguments: Backing.allCases)
    func membershipsWaitByTheirPairInOrder(backing: Backing) throws {
        let store = try backing.make()
        let sorted = [id(1, 9), id(2, 3), id(2, 300), id(1, 1, .miniorange)]
        try store.write { transaction throws in
            for link in sorted.reversed() + [sorted[0]] { try transaction.pend(link, of: PairID(256)) }
            try transaction.pend(id(5, 5), of: PairID(255))
            #expect(try transaction.pending(of: PairID(256), limit: 9) == sorted)
            #expect(try transaction.pending(of: PairID(256), limit: 2) == Array(sorted[..<2]))
            #expect(try transaction.pending(of: PairID(256), limit: 0) == [])
            #expect(try transaction.pending(of: PairID(1), limit: 9) == [])
            #expect(try transaction.count(.pendingLinks) == 5)
            for _ in 0..<2 { try transaction.unpend(sorted[1], of: PairID(256)) }
            try transaction.unpend(id(5, 5), of: PairID(256))
            #expect(try transaction.pending(of: PairID(256), limit: 9) == [sorted[0], sorted[2], sorted[3]])
            #expect(try transaction.pending(of: PairID(255), limit: 9) == [id(5, 5)])
            #expect(try transaction.count(.pendingLinks) == 4)
        }
    }

    @Test(arguments: Backing.allCases)
    func refusedMembershipsKeepWhatTheyAreGiven(backing: Backing) throws {
        let store = try backing.make()
        var generator = NounGenerator(seed: 8)
        let records = (0..<40 as Range<UInt64>).map { (id(1, $0), generator.refusedLink()) }
        try store.write { transaction throws in
            for (link, record) in records.reversed() {
                try transaction.put(generator.refusedLink(), for: link, of: PairID(1))
                try transaction.put(record, for: link, of: PairID(1))
            }
            try transaction.put(records[0].1, for: id(1, 1), of: PairID(2))
            let found = try transaction.refusedLinks(of: PairID(1), limit: 99)
            #expect(found.map(\.0) == records.map(\.0))
            #expect(found.map(\.1) == records.map(\.1))
            #expect(try transaction.refusedLinks(of: PairID(1), limit: 3).map(\.0) == records[..<3].map(\.0))
            #expect(try transaction.refusedLinks(of: PairID(1), limit: 0).isEmpty)
            for _ in 0..<2 { try transaction.removeRefused(id(1, 0), of: PairID(1)) }
            #expect(try transaction.refusedLinks(of: PairID(1), limit: 1).map(\.0) == [id(1, 1)])
            #expect(try transaction.count(.refusedLinks) == 40)
        }
    }

    @Test(arguments: Backing.allCases)
    func whatThrowsLeavesNoMembership(backing: Backing) throws {
        let store = try backing.make()
        var generator = NounGenerator(seed: 9)
        let kept = generator.refusedLink()
        let version = Version.usn(1, invocationID: .number(77))
        try store.write { transaction throws in
            try transaction.put(Link(sources: .group), for: id(1, 2))
            try transaction.put(Link(sources: .group), for: id(1, 3))
            try transaction.parkLink(.ad, name: "anna", holder: .number(1))
            try transaction.pend(id(1, 2), of: PairID(1))
            try transaction.put(kept, for: id(1, 2), of: PairID(1))
        }
        #expect(throws: Refused.self) {
            try store.write { transaction throws in
                try transaction.removeLink(id(1, 2))
                try transaction.put(Link(sources: .member, isAgreed: true, version: version), for: id(1, 3))
                try transaction.put(Link(sources: .group), for: id(4, 2))
                _ = try transaction.takeParkedLinks(.ad, name: "anna")
                try transaction.parkLink(.ad, name: "berta", holder: .number(1))
                try transaction.unpend(id(1, 2), of: PairID(1))
                try transaction.pend(id(1, 3), of: PairID(1))
                try transaction.removeRefused(id(1, 2), of: PairID(1))
                throw Refused()
            }
        }
        try store.write { transaction throws in
            #expect(try members(transaction, of: 1) == numbers(2, 3))
            #expect(try transaction.link(id(1, 3)) == Link(sources: .group))
            #expect(try groups(transaction, of: 2) == numbers(1))
            #expect(try transaction.parkedLinks(.ad, holder: .number(1)) == ["anna"])
            #expect(try transaction.pending(of: PairID(1), limit: 9) == [id(1, 2)])
            #expect(try transaction.refusedLinks(of: PairID(1), limit: 9).map(\.1) == [kept])
            // The server's code was taken back with the rest.
            try transaction.put(Link(sources: .member, version: version), for: id(1, 3))
            #expect(try transaction.link(id(1, 3))?.version == version)
            #expect(try transaction.takeParkedLinks(.ad, name: "anna") == numbers(1))
        }
    }
}
