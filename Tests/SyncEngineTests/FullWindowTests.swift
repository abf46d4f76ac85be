import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// One write at a time goes to each side. The LDAP side's is on its way, and what Bo's membership comes to waits for its answer.
struct FullWindowTests {
    private let bench: Bench
    private let groups: PerSide<Anchor>

    init() throws {
        bench = try Bench.withGroups(window: 1, try Bench.named())
        for name in ["Ann", "Bo", "Cy", "Dee"] { try bench.create(.ad, name) }
        let (ann, dee) = (try Crew.entry(bench, .ad, "ann"), try Crew.entry(bench, .ad, "dee"))
        try bench.createGroup(.ad, "crew", members: [ann, dee])
        try Crew.settled(bench)
        groups = PerSide(ad: try Crew.group(bench, .ad), miniorange: try Crew.group(bench, .miniorange))
        try bench.set(.ad, try Crew.entry(bench, .ad, "cy"), "mail", ["cy@syncline.test"])
        #expect(try bench.tell(.ad).map { $0.hasPrefix("miniorange modify") } == [true])
        try bench.setMembers(.ad, groups.ad, add: [try Crew.entry(bench, .ad, "bo")])
        #expect(try bench.tell(.ad).isEmpty)
    }

    private func expectMembers(_ names: String) {
        for side in Side.allCases { #expect(bench.members(side, "crew") == names) }
    }

    @Test
    func `It goes with the answer`() throws {
        #expect(try bench.answer().contains { $0.hasPrefix("miniorange edit") })
        try Crew.settled(bench)
        expectMembers("ann bo dee")
    }

    @Test
    func `Who is taken out on that side meanwhile is taken out on the other at once`() throws {
        try bench.setMembers(.miniorange, groups.miniorange, remove: [try Crew.entry(bench, .miniorange, "ann")])
        #expect(try bench.tell(.miniorange).contains { $0.hasPrefix("ad edit") })
        try Crew.settled(bench)
        expectMembers("bo dee")
    }

    @Test
    func `Who comes meanwhile goes with it, and who went again does not`() throws {
        let cy = try Crew.entry(bench, .ad, "cy")
        try bench.setMembers(.ad, groups.ad, add: [cy])
        #expect(try bench.tell(.ad).isEmpty)
        try bench.setMembers(.ad, groups.ad, remove: [try Crew.entry(bench, .ad, "bo")])
        #expect(try bench.tell(.ad).isEmpty)
        #expect(try bench.answer().filter { $0.hasPrefix("miniorange edit") }.count == 1)
        try Crew.settled(bench)
        expectMembers("ann cy dee")
    }

    @Test
    func `It is written when the side is back, and what moved since with it`() throws {
        try bench.disconnect(.miniorange)
        try bench.setMembers(.ad, groups.ad, add: [try Crew.entry(bench, .ad, "cy")])
        #expect(try bench.tell(.ad).isEmpty)
        #expect(try bench.connect(.miniorange).isEmpty)
        _ = try bench.answer()
        try Crew.settled(bench)
        expectMembers("ann bo cy dee")
    }
}
