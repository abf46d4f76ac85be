import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// AD's CN, its account name and the LDAP side's cn are one name, until AD's CN is given one of its own.
struct GroupRenameTests {
    private func names(_ bench: Bench, _ ad: Anchor, _ miniorange: Anchor) -> [String] {
        let atAD = bench.directories.ad.entries[ad]
        let atMiniOrange = bench.directories.miniorange.entries[miniorange]
        return [
            atAD?.attributes["cn"].first?.text ?? "-", atAD?.attributes["samaccountname"].first?.text ?? "-",
            atMiniOrange?.attributes["cn"].map { $0.text ?? "" }.joined(separator: "+") ?? "-",
        ]
    }

    private func bench() throws -> Bench {
        try Bench.withGroups(
            try Bench.named(),
            specifyGroups: { $0.attributes = AttributePreset.group(objectClasses: ["groupOfNames"]) }
        )
    }

    private func rename(_ bench: Bench, _ side: Side, _ anchor: Anchor, _ name: String) throws {
        let rdn = RelativeDistinguishedName(type: side == .ad ? "CN" : "cn", value: Octets(name))
        try bench.move(side, anchor, to: "", rdn: rdn)
    }

    @Test(arguments: Side.allCases)
    func `A group that is renamed anywhere is renamed everywhere`(_ side: Side) throws {
        let bench = try bench()
        try bench.createGroup(side, "team")
        try bench.settle()
        let ad = try #require(bench.groupNamed(.ad, "team"))
        let miniorange = try #require(bench.groupNamed(.miniorange, "team"))
        #expect(names(bench, ad, miniorange) == ["team", "team", "team"])
        try bench.set(.ad, ad, "samaccountname", ["crew"])
        try bench.settle()
        #expect(names(bench, ad, miniorange) == ["crew", "crew", "crew"])
        try rename(bench, .ad, ad, "squad")
        try bench.settle()
        #expect(names(bench, ad, miniorange) == ["squad", "squad", "squad"])
        try rename(bench, .miniorange, miniorange, "band")
        try bench.settle()
        #expect(names(bench, ad, miniorange) == ["band", "band", "band"])
        try rename(bench, .ad, ad, "gang")
        try bench.set(.ad, ad, "samaccountname", ["gang"])
        try bench.settle()
        #expect(names(bench, ad, miniorange) == ["gang", "gang", "gang"])
    }

    @Test(arguments: Side.allCases)
    func `A CN that can be no account name is AD's own from then on`(_ side: Side) throws {
        let bench = try bench()
        try bench.createGroup(side, "team")
        try bench.settle()
        let ad = try #require(bench.groupNamed(.ad, "team"))
        let miniorange = try #require(bench.groupNamed(.miniorange, "team"))
        try rename(bench, .ad, ad, "A+B")
        try bench.settle()
        #expect(names(bench, ad, miniorange) == ["A+B", "team", "team"])
        try rename(bench, .miniorange, miniorange, "band")
        try bench.settle()
        #expect(names(bench, ad, miniorange) == ["A+B", "band", "band"])
    }

    @Test
    func `A joined group keeps a CN of its own`() throws {
        let bench = try bench()
        let ad = try bench.createGroup(.ad, "team")
        try rename(bench, .ad, ad, "The Team")
        let miniorange = try bench.createGroup(.miniorange, "team")
        try bench.settle()
        #expect(names(bench, ad, miniorange) == ["The Team", "team", "team"])
        try bench.delete(.ad, ad)
        try bench.set(.miniorange, miniorange, "description", ["kept"])
        try bench.settle()
        let again = try #require(bench.groupNamed(.ad, "team"))
        #expect(names(bench, again, miniorange) == ["team", "team", "team"])
    }
}
