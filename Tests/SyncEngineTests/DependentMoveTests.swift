import Support
import SyncEngine
import SyncModel
import Testing

/// Containers that are moved and renamed at once: one can go only where the other is by then.
struct DependentMoveTests {
    private func ou(_ side: Side) -> String { side == .ad ? "OU" : "ou" }

    /// North and South on both sides, beside each other.
    private func bench() throws -> (bench: Bench, north: PerSide<Anchor>, south: PerSide<Anchor>) {
        let bench = try Bench.withGroups(try Bench.named(), departments: true)
        for side in Side.allCases { _ = try bench.container(side, "South", below: try bench.place(side)) }
        try bench.expectRest()
        return (
            bench,
            PerSide(ad: try bench.place(.ad, "OU=North,"), miniorange: try bench.place(.miniorange, "ou=North,")),
            PerSide(ad: try bench.place(.ad, "OU=South,"), miniorange: try bench.place(.miniorange, "ou=South,"))
        )
    }

    @Test
    func `What is refused below a name that a container has no more by then is asked for by its present one`() throws {
        let (bench, north, south) = try bench()
        try bench.move(.ad, south.ad, to: "OU=North,")
        try bench.move(.ad, north.ad, to: "", rdn: RelativeDistinguishedName(type: "OU", value: "Arctic"))
        let moved = try #require(bench.directories.ad.snapshot(south.ad))
        let renamed = try #require(bench.directories.ad.snapshot(north.ad))
        let lines = try bench.step(.feed(.ad, .changes([.present(renamed), .present(moved)], cursor: nil)))
        #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("miniorange rename ") }, "\(lines)")
        try bench.answer()
        let again = try bench.answer()
        #expect(again.count == 1 && again[0].contains("-> ou=South,ou=Arctic,ou=people,"), "\(again)")
        #expect(bench.quarantine.isEmpty)
        try bench.settle()
        #expect(try bench.place(.miniorange, "ou=South,ou=Arctic,") == south.miniorange)
    }

    /// South is out of the scope of the LDAP side, where Ann stands as both had agreed on.
    @Test
    func `Who can't be moved to where the other side has him gets his new name, and goes there later`() throws {
        let (bench, _, south) = try bench()
        let directory = bench.directories.miniorange
        let elsewhere = try bench.container(.miniorange, "Elsewhere", below: directory.top)
        let ann = try bench.create(.ad, "Ann", path: "OU=North,")
        try bench.expectRest()
        let rdn = RelativeDistinguishedName(type: "ou", value: "South")
        #expect(directory.rename(south.miniorange, below: elsewhere, rdn) == nil)
        try bench.tell(.miniorange)
        try bench.move(.ad, ann, to: "OU=South,")
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        try bench.settle()
        let there = try #require(bench.counterpart(.miniorange, "anna"))
        #expect(directory.entries[there]?.parent == (try bench.place(.miniorange, "ou=North,")))
        #expect(bench.quarantine == ["no counterpart for parent"])
        try bench.move(.miniorange, south.miniorange, to: "")
        try bench.settle(rounds: 5, milliseconds: 1_000)
        #expect(directory.entries[there]?.parent == south.miniorange)
        #expect(bench.quarantine.isEmpty)
    }

    /// Each side has moved one into the other. What AD has stands, once that is free of the other there as well; no time passes.
    @Test
    func `What was to stand in what stands in it goes there as soon as that stands elsewhere`() throws {
        let (bench, north, south) = try bench()
        try bench.move(.ad, north.ad, to: "OU=South,")
        try bench.move(.miniorange, south.miniorange, to: "ou=North,")
        for side in [Side.miniorange, .ad] { try bench.disconnect(side) }
        for side in [Side.miniorange, .ad] { try bench.tell(side) }
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.expectRest()
        #expect(bench.quarantine.isEmpty)
        for side in Side.allCases {
            #expect(try bench.place(side, "\(ou(side))=North,\(ou(side))=South,") == north[side])
        }
    }

    @Test
    func `A move that is refused since its container has another name by now is made again at once`() throws {
        let bench = try Bench.withGroups(try Bench.named(), departments: true)
        let ann = try bench.create(.ad, "Ann")
        try bench.settle()
        try bench.move(.ad, ann, to: "OU=North,")
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        let rdn = RelativeDistinguishedName(type: "OU", value: "South")
        try bench.move(.ad, try bench.place(.ad, "OU=North,"), to: "", rdn: rdn)
        try bench.tell(.ad)
        let writes = bench.sent.sorted { one, _ in !one.operation.line.contains("anna") }
        #expect(writes.count == 2)
        var lines: [String] = []
        for write in writes {
            lines = try bench.step(.settled(write.id, bench.directories.miniorange.perform(write.operation)))
        }
        #expect(lines.contains { $0.contains("-> uid=anna,ou=South,") }, "\(lines)")
    }
}
