import Support
import SyncEngine
import SyncModel
import Testing

/// A DN names who had the name when it was written, whoever has it by the time that it is told.
struct NamesThenTests {
    private static func answerAll(_ bench: Bench) throws {
        for _ in 0..<50 where !bench.sent.isEmpty { try bench.answer() }
    }

    /// Two take each other's account at AD, and so each other's name at the LDAP side, where the answers come before the feed.
    private static func swap(_ bench: Bench, _ one: Anchor, _ other: Anchor) throws {
        try bench.set(.ad, one, "samaccountname", ["spare"])
        try bench.set(.ad, other, "samaccountname", ["ann"])
        try bench.set(.ad, one, "samaccountname", ["bo"])
        try bench.tell(.ad)
        try answerAll(bench)
    }

    @Test
    func `A reference that was written before two swapped names, and told after it, is to who had the name`() throws {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann")
        let bo = try bench.create(.ad, "Bo")
        let cy = try bench.create(.ad, "Cy")
        try bench.settle()
        let target = try #require(bench.counterpart(.miniorange, "ann"))
        let source = try #require(bench.counterpart(.miniorange, "cy"))
        try bench.set(.miniorange, source, "manager", [Reference.entry(target).octets])
        try Self.swap(bench, ann, bo)
        #expect(bench.directories.miniorange.entries[target]?.rdn.value == "bo")
        try bench.tell(.miniorange)
        try bench.settle()
        #expect(bench.directories.ad.entries[cy]?.attributes["manager"] == [Reference.entry(ann).octets])
        #expect(bench.directories.miniorange.entries[source]?.attributes["manager"] == [Reference.entry(target).octets])
    }

    @Test
    func `Who names himself by a name that another had is told as himself`() throws {
        let bench = try Bench()
        let former = try bench.create(.ad, "Ann", path: "OU=North,")
        let ann = try bench.create(.ad, "Ann", ["samaccountname": ["ann2"]])
        try bench.settle()
        try bench.delete(.ad, former)
        try bench.move(.ad, ann, to: "OU=North,")
        try bench.set(.ad, ann, "manager", [Reference.entry(ann).octets])
        let told = try #require(bench.directories.ad.snapshot(ann))
        try bench.step(.feed(.ad, .changes([.present(told)], cursor: nil)))
        try bench.settle()
        let other = try #require(bench.counterpart(.miniorange, "ann2"))
        #expect(bench.directories.miniorange.entries[other]?.attributes["manager"] == [Reference.entry(other).octets])
        #expect(bench.directories.ad.entries[ann]?.attributes["manager"] == [Reference.entry(ann).octets])
    }

    @Test
    func `A reference by a name that its owner has no more is to him`() throws {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann")
        let cy = try bench.create(.ad, "Cy")
        try bench.settle()
        let target = try #require(bench.counterpart(.miniorange, "ann"))
        let source = try #require(bench.counterpart(.miniorange, "cy"))
        try bench.set(.miniorange, source, "manager", [Reference.entry(target).octets])
        try bench.set(.ad, ann, "samaccountname", ["other"])
        try bench.tell(.ad)
        try Self.answerAll(bench)
        try bench.tell(.miniorange)
        try bench.settle()
        #expect(bench.directories.ad.entries[cy]?.attributes["manager"] == [Reference.entry(ann).octets])
    }
}
