import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Groups that the LDAP side knows by their names in an attribute of the users alone.
struct ListedGroupTests {
    /// A new process with groups in another form, which reads both sides anew.
    private func reform(
        _ bench: Bench,
        _ membership: MembershipSpecification,
        _ specify: (inout ObjectSpecification) -> Void = { _ in }
    ) throws {
        var groups = try Bench.groups(membership)
        specify(&groups)
        try bench.configure(mapping: "other", others: [groups]) { _ in }
        for side in Side.allCases {
            let shown = bench.directories[side].sorted.compactMap { bench.directories[side].snapshot($0.anchor) }
            try bench.step(.feed(side, .changes(shown.map { .present($0) }, cursor: nil)))
            try bench.complete(side)
        }
        try bench.settle(rounds: 2, milliseconds: 5_000)
        try bench.expectRest()
    }

    @Test(arguments: [true, false])
    func `Groups that were names become entries, and the other way round`(toEntries: Bool) throws {
        let names = MembershipSpecification(
            form: MembershipForm(holder: .member, attribute: "groups", value: .groupName)
        )
        let bench = try toEntries ? Bench.withLists() : Bench.withGroups(Bench.named())
        let ann = try bench.create(.ad, "Ann")
        try bench.create(.ad, "Bo")
        let crew = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        if toEntries {
            try reform(bench, try Bench.named())
            #expect(bench.members(.miniorange, "crew") == "ann")
        } else {
            try reform(bench, names) { $0.isVirtualAtMiniOrange = true }
            #expect(bench.groups(of: "ann") == "crew")
            #expect(bench.members(.miniorange, "crew") == "ann")
        }
        #expect(bench.members(.ad, "crew") == "ann")
        // From then on they are carried in the new form.
        try bench.setMembers(.ad, crew, remove: [ann])
        try bench.expectRest()
        let bo = try Crew.entry(bench, .miniorange, "bo")
        if toEntries {
            #expect(bench.members(.miniorange, "crew") == "nobody")
            try bench.setMembers(.miniorange, try #require(bench.groupNamed(.miniorange, "crew")), add: [bo])
        } else {
            #expect(bench.groups(of: "ann") == "")
            try bench.set(.miniorange, bo, "groups", ["crew"])
        }
        try bench.expectRest()
        #expect(bench.members(.ad, "crew") == "bo")
    }

    @Test
    func `What is taken out of a list makes no group`() throws {
        let bench = try Bench.withLists(createsMissing: true)
        let ann = try bench.create(.ad, "Ann")
        let group = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        try bench.set(.ad, group, "samaccountname", ["band"])
        try bench.expectRest()
        // The log tells of our own write behind its answer.
        let other = try #require(bench.counterpart(.miniorange, "ann"))
        let version = try #require(bench.directories.miniorange.snapshot(other)?.version)
        let edits: [AttributeEdit] = [
            AttributeEdit(kind: .delete, name: "groups", values: ["crew"]),
            AttributeEdit(kind: .add, name: "groups", values: ["band"]),
        ]
        let change = Change.edited(other, edits: edits, newName: nil, version: version)
        #expect(try bench.step(.feed(.miniorange, .changes([change], cursor: nil))).isEmpty)
        try bench.expectRest()
        #expect(bench.groupNamed(.ad, "crew") == nil)
        #expect(bench.groups(of: "ann") == "band")
    }

    @Test
    func `A group that could not be made is forgotten with the last one who names it`() throws {
        let bench = try Bench.withLists(createsMissing: true)
        for name in ["Ann", "Bo"] { try bench.create(.ad, name) }
        try bench.expectRest()
        let members = try ["ann", "bo"].map { try Crew.entry(bench, .miniorange, $0) }
        let pairs = bench.store.contents.pairs.count
        for member in members { try bench.set(.miniorange, member, "groups", ["a,b"]) }
        try bench.expectRest()
        #expect(bench.store.contents.quarantine.count == 1)
        try bench.set(.miniorange, members[0], "groups", [])
        try bench.expectRest()
        #expect(bench.store.contents.quarantine.count == 1)
        try bench.set(.miniorange, members[1], "groups", ["crew"])
        try bench.expectRest()
        #expect(bench.store.contents.quarantine.count == 0)
        #expect(bench.members(.ad, "crew") == "bo")
        #expect(bench.store.contents.pairs.count == pairs + 1)
    }

    @Test
    func `A name of spaces names nobody, and is forgotten with the list that held it`() throws {
        let bench = try Bench.withLists(createsMissing: true)
        try bench.create(.ad, "Ann")
        try bench.expectRest()
        let ann = try Crew.entry(bench, .miniorange, "ann")
        try bench.set(.miniorange, ann, "groups", [" "])
        try bench.expectRest()
        #expect(bench.store.contents.parkedLinks.count == 1)
        try bench.set(.miniorange, ann, "groups", ["crew"])
        try bench.expectRest()
        #expect(bench.store.contents.parkedLinks.count == 0)
        #expect(bench.members(.ad, "crew") == "ann")
    }

    @Test
    func `A group that is known by its name alone is renamed by either of AD's names`() throws {
        let form = MembershipForm(holder: .member, attribute: "groups", value: .groupName)
        let bench = try Bench.withGroups(MembershipSpecification(form: form)) { groups in
            groups.isVirtualAtMiniOrange = true
            groups.attributes = AttributePreset.virtualGroup
        }
        let ann = try bench.create(.ad, "Ann")
        let group = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        try bench.move(.ad, group, to: "", rdn: RelativeDistinguishedName(type: "cn", value: "band"))
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "band")
        #expect(bench.directories.ad.entries[group]?.attributes["samaccountname"] == ["band"])
        try bench.set(.ad, group, "samaccountname", ["choir"])
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "choir")
        #expect(bench.directories.ad.entries[group]?.rdn.value == "choir")
    }
}
