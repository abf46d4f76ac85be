import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Lists of uids, which no server keeps right, and which may mean another one tomorrow.
struct MemberUIDTests {
    private func bench() throws -> Bench {
        try Bench.withGroups(MembershipSpecification(form: .memberUid), departments: true)
    }

    @Test
    func `Who gets another account while he is out of the scope of the other side is listed by it when he is back`()
        throws
    {
        let bench = try bench()
        let directory = bench.directories.ad
        let elsewhere = try bench.container(.ad, "Elsewhere", below: directory.top)
        let ann = try bench.create(.ad, "Ann", path: "OU=North,")
        try bench.createGroup(.ad, "crew", members: [ann])
        try bench.settle()
        #expect(bench.members(.miniorange, "crew") == "ann")
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        #expect(try bench.tell(.ad).count == 1)
        let north = try bench.place(.ad, "OU=North,")
        #expect(directory.rename(north, below: elsewhere, RelativeDistinguishedName(type: "OU", value: "North")) == nil)
        try bench.tell(.ad)
        try bench.answer()
        try bench.settle()
        try bench.move(.ad, north, to: "")
        try bench.settle()
        #expect(bench.members(.miniorange, "crew") == "anna")
    }

    @Test
    func `A uid that two had when it was listed means the one who has it still`() throws {
        let bench = try bench()
        let directory = bench.directories.miniorange
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0) }
        try bench.settle()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        let bo = try #require(bench.counterpart(.miniorange, "bo"))
        try bench.move(.miniorange, bo, to: "ou=North,", rdn: RelativeDistinguishedName(type: "uid", value: "ann"))
        let band = try bench.createGroup(.miniorange, "band")
        try bench.set(.miniorange, band, "memberuid", ["ann"])
        try bench.move(.miniorange, ann, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "anna"))
        let changes = try [bo, ann, band].map { try #require(directory.snapshotWithMembers($0)) }
        try bench.step(.feed(.miniorange, .changes(changes.map { .present($0) }, cursor: nil)))
        try bench.settle()
        #expect(directory.entries[band]?.attributes["memberuid"] == ["ann"])
        #expect(bench.members(.ad, "band") == "bo")
        #expect(bench.directories.ad.entries[people[1]]?.attributes["samaccountname"] == ["ann"])
    }
}
