import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// The forms in which the LDAP side holds its groups.
struct MembershipFormTests {
    // MARK: An attribute of the user

    @Test(arguments: [
        (MembershipForm.Value.groupName, "crew"), (.name, "cn=crew,ou=people,dc=syncline,dc=test"),
    ])
    func `A change in AD changes the user's attribute`(_ value: MembershipForm.Value, _ name: String) throws {
        let bench = try Bench.withLists(value)
        let ann = try bench.create(.ad, "Ann")
        let group = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == name)
        try bench.setMembers(.ad, group, remove: [ann])
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "")
    }

    @Test(arguments: [
        (MembershipForm.Value.groupName, "crew"), (.name, "cn=crew,ou=people,dc=syncline,dc=test"),
    ])
    func `A change of the user's attribute changes AD's group`(_ value: MembershipForm.Value, _ name: String) throws {
        let bench = try Bench.withLists(value)
        try bench.create(.ad, "Ann")
        try bench.createGroup(.ad, "crew")
        try bench.expectRest()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.miniorange, ann, "groups", [Octets(name)])
        try bench.expectRest()
        #expect(bench.members(.ad, "crew") == "ann")
        try bench.set(.miniorange, ann, "groups", [])
        try bench.expectRest()
        #expect(bench.members(.ad, "crew") == "")
    }

    @Test
    func `A group that is named but missing is made where the configuration allows`() throws {
        for creates in [false, true] {
            let bench = try Bench.withLists(createsMissing: creates)
            try bench.create(.ad, "Ann")
            try bench.expectRest()
            let ann = try #require(bench.counterpart(.miniorange, "ann"))
            try bench.set(.miniorange, ann, "groups", ["crew"])
            try bench.expectRest()
            #expect(bench.members(.ad, "crew") == (creates ? "ann" : "no group"))
            try bench.createGroup(.ad, "late")
            try bench.set(.miniorange, ann, "groups", ["crew", "late"])
            try bench.expectRest()
            #expect(bench.members(.ad, "late") == "ann")
            if !creates {
                try bench.createGroup(.ad, "crew")
                try bench.expectRest()
                #expect(bench.members(.ad, "crew") == "ann")
            }
            #expect(bench.groups(of: "ann") == "crew late")
        }
    }

    private func edited(_ bench: Bench, _ anchor: Anchor, add values: [Octets]) throws -> EngineEvent {
        let version = try #require(bench.directories.miniorange.snapshot(anchor)).version
        let edits = [AttributeEdit(kind: .add, name: "groups", values: values)]
        let change = Change.edited(anchor, edits: edits, newName: nil, version: version)
        return .feed(.miniorange, .changes([change], cursor: nil))
    }

    @Test
    func `None is made for the name that was being written of a group that is deleted`() throws {
        let bench = try Bench.withLists(createsMissing: true)
        let ann = try bench.create(.ad, "Ann")
        try bench.expectRest()
        let crew = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.tell(.ad)
        try bench.delete(.ad, crew)
        try bench.set(.ad, ann, "displayname", ["A"])
        try bench.tell(.ad)
        try bench.answer()
        #expect(bench.sent.count == 1)
        let other = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.step(edited(bench, other, add: ["crew"]))
        for _ in 0..<10 where !bench.sent.isEmpty { try bench.answer() }
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "")
        #expect(bench.members(.ad, "crew") == "no group")
    }

    @Test
    func `Nor is one after a crash in which the answer was lost`() throws {
        let bench = try Bench.withLists(createsMissing: true)
        let ann = try bench.create(.ad, "Ann")
        try bench.expectRest()
        let crew = try bench.createGroup(.ad, "crew", members: [ann])
        #expect(try bench.tell(.ad).count == 1)
        try bench.delete(.ad, crew)
        try bench.tell(.ad)
        let other = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.miniorange, other, "groups", ["crew"])
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.tell(.miniorange)
        for _ in 0..<10 where !bench.sent.isEmpty { try bench.answer() }
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "")
        #expect(bench.members(.ad, "crew") == "no group")
    }

    @Test(arguments: [true, false])
    func `Nor for one that is deleted while who lists it is out of the scope`(_ isDeletedFirst: Bool) throws {
        let bench = try Bench.withLists(createsMissing: true)
        let ann = try bench.create(.ad, "Ann")
        let crew = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        let directory = bench.directories.miniorange
        let elsewhere = try bench.container(.miniorange, "Elsewhere", below: directory.top)
        let other = try #require(bench.counterpart(.miniorange, "ann"))
        let rdn = RelativeDistinguishedName(type: "uid", value: "ann")
        if isDeletedFirst {
            try bench.delete(.ad, crew)
            try bench.tell(.ad)
        }
        #expect(directory.rename(other, below: elsewhere, rdn) == nil)
        try bench.tell(.miniorange)
        if !isDeletedFirst { try bench.delete(.ad, crew) }
        try bench.settle()
        #expect(directory.rename(other, below: try bench.place(.miniorange), rdn) == nil)
        try bench.settle()
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "")
        #expect(bench.members(.ad, "crew") == "no group")
    }

    @Test(arguments: [true, false])
    func `Who adds the name that a group has by now leaves its former one to be taken away`(_ isLogged: Bool) throws {
        let bench = try Bench.withLists(createsMissing: true)
        let ann = try bench.create(.ad, "Ann")
        let crew = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        let other = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.ad, crew, "samaccountname", ["band"])
        try bench.set(.miniorange, other, "groups", ["crew", "band"])
        try bench.disconnect(.miniorange)
        try bench.tell(.ad)
        _ = try bench.connect(.miniorange)
        if isLogged { try bench.step(edited(bench, other, add: ["band"])) } else { try bench.tell(.miniorange) }
        for _ in 0..<10 where !bench.sent.isEmpty { try bench.answer() }
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "band")
        #expect(bench.members(.ad, "band") == "ann")
        #expect(bench.members(.ad, "crew") == "no group")
    }

    @Test
    func `So does who adds the name that a group is yet to get`() throws {
        let bench = try Bench.withLists(createsMissing: true)
        let ann = try bench.create(.ad, "Ann")
        try bench.create(.ad, "Bo")
        let crew = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        // The group is waited for, and gets no name meanwhile.
        try bench.set(.miniorange, try Crew.entry(bench, .miniorange, "bo"), "groups", ["crew"])
        #expect(try bench.tell(.miniorange).count == 1)
        try bench.set(.ad, crew, "samaccountname", ["band"])
        try bench.tell(.ad)
        let other = try Crew.entry(bench, .miniorange, "ann")
        try bench.set(.miniorange, other, "groups", ["crew", "band"])
        try bench.step(edited(bench, other, add: ["band"]))
        try bench.expectRest()
        for account in ["ann", "bo"] { #expect(bench.groups(of: account) == "band") }
        #expect(bench.members(.ad, "band") == "ann bo")
        #expect(bench.members(.ad, "crew") == "no group")
    }

    /// The group was called crew, and is called band, which is yet to be written to her list; and it is waited for, and does not get its third name meanwhile.
    @Test(arguments: [true, false])
    func `Who adds the name that a group is to lose leaves the one from before to be taken away`(
        _ isLogged: Bool
    ) throws {
        let bench = try Bench.withLists(createsMissing: true)
        let ann = try bench.create(.ad, "Ann")
        try bench.create(.ad, "Bo")
        let crew = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        try bench.set(.ad, crew, "samaccountname", ["band"])
        #expect(try bench.tell(.ad).count == 1)
        try bench.set(.miniorange, try Crew.entry(bench, .miniorange, "bo"), "groups", ["band"])
        #expect(try bench.tell(.miniorange).count == 1)
        try bench.set(.ad, crew, "samaccountname", ["gang"])
        try bench.tell(.ad)
        let other = try Crew.entry(bench, .miniorange, "ann")
        try bench.set(.miniorange, other, "groups", ["crew", "band"])
        try bench.answer(.unknown)
        if isLogged { try bench.step(edited(bench, other, add: ["band"])) }
        try bench.answerLast()
        try bench.expectRest()
        for account in ["ann", "bo"] { #expect(bench.groups(of: account) == "gang") }
        #expect(bench.members(.ad, "gang") == "ann bo")
        for name in ["crew", "band"] { #expect(bench.members(.ad, name) == "no group") }
    }

    @Test
    func `A group entry that a user names by its DN and that is missing is made on both sides`() throws {
        let form = MembershipForm(holder: .member, attribute: "groups", value: .name)
        let membership = MembershipSpecification(
            form: form,
            placeholder: try DistinguishedName(parsing: Bench.placeholder),
            createsMissing: true
        )
        let bench = try Bench.withGroups(membership)
        try bench.create(.ad, "Ann")
        try bench.expectRest()
        let ann = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.miniorange, ann, "groups", ["cn=crew,ou=people,dc=syncline,dc=test"])
        try bench.expectRest()
        #expect(bench.groupNamed(.miniorange, "crew") != nil)
        #expect(bench.members(.ad, "crew") == "ann")
    }

    @Test
    func `A renamed group is renamed at its members, and a deleted one goes from them`() throws {
        let bench = try Bench.withLists()
        let ann = try bench.create(.ad, "Ann")
        let group = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        try bench.set(.ad, group, "samaccountname", ["band"])
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "band")
        #expect(bench.members(.ad, "band") == "ann")
        try bench.delete(.ad, group)
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "")
        #expect(bench.store.contents.links.count == 0)
    }

    @Test
    func `Who is listed by a group's new name as well before the former one was taken away makes no group of that`()
        throws
    {
        let bench = try Bench.withLists(createsMissing: true)
        let ann = try bench.create(.ad, "Ann")
        let group = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        let other = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.ad, ann, "displayname", ["A"])
        try bench.set(.ad, group, "samaccountname", ["band"])
        // Her own write goes first, and fails.
        #expect(try bench.tell(.ad).count == 1)
        try bench.set(.miniorange, other, "groups", ["crew", "band"])
        let version = try #require(bench.directories.miniorange.snapshot(other)?.version)
        let edit = AttributeEdit(kind: .add, name: "groups", values: ["band"])
        let change = Change.edited(other, edits: [edit], newName: nil, version: version)
        try bench.step(.feed(.miniorange, .changes([change], cursor: nil)))
        while !bench.sent.isEmpty { try bench.answer() }
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "band")
        #expect(bench.groupNamed(.ad, "crew") == nil)
        #expect(bench.members(.ad, "band") == "ann")
    }

    /// The process ends before it knows that she was taken out; what it asks for then is answered when her new list is known, and the group's new name is not.
    @Test
    func `Who was taken out of a group, and is listed by its new name before that is known here, is in it`() throws {
        let bench = try Bench.withLists(createsMissing: true)
        let ann = try bench.create(.ad, "Ann")
        let group = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        let other = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.setMembers(.ad, group, remove: [ann])
        #expect(try bench.tell(.ad) == ["ad readMembers \(group.low)"])
        try bench.answer()
        try bench.answer(.unknown, carriedOut: true)
        try bench.set(.ad, group, "samaccountname", ["band"])
        try bench.set(.miniorange, other, "groups", ["band"])
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.tell(.miniorange)
        while !bench.sent.isEmpty { try bench.answer() }
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "band")
        #expect(bench.members(.ad, "band") == "ann")
    }

    @Test(arguments: [true, false])
    func `Who exchanges a group's name for the one that it has at AD by now stays in it`(isRenameFirst: Bool) throws {
        let bench = try Bench.withLists(createsMissing: true)
        try bench.create(.ad, "Ann")
        let crew = try bench.createGroup(.ad, "crew")
        try bench.expectRest()
        let other = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.miniorange, other, "groups", ["crew"])
        // Her membership is on its way.
        #expect(try bench.tell(.miniorange).count == 1)
        try bench.set(.ad, crew, "samaccountname", ["band"])
        if isRenameFirst { try bench.tell(.ad) }
        try bench.set(.miniorange, other, "groups", ["band"])
        let version = try #require(bench.directories.miniorange.snapshot(other)?.version)
        let edits: [AttributeEdit] = [
            AttributeEdit(kind: .add, name: "groups", values: ["band"]),
            AttributeEdit(kind: .delete, name: "groups", values: ["crew"]),
        ]
        for edit in edits {
            let change = Change.edited(other, edits: [edit], newName: nil, version: version)
            let lines = try bench.step(.feed(.miniorange, .changes([change], cursor: nil)))
            // No other one is made for a name that a group has.
            if isRenameFirst { #expect(!lines.contains { $0.contains(" add ") }, "\(lines)") }
        }
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "band")
        #expect(bench.members(.ad, "band") == "ann")
    }

    @Test
    func `Other values of the user's attribute are left alone`() throws {
        let bench = try Bench.withLists()
        let ann = try bench.create(.ad, "Ann")
        try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        let other = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.set(.miniorange, other, "groups", ["crew", "local"])
        try bench.expectRest()
        try bench.delete(.ad, try #require(bench.groupNamed(.ad, "crew")))
        try bench.expectRest()
        #expect(bench.groups(of: "ann") == "local")
    }

    // MARK: The primary group

    /// Ann is in AD's crew by its being her primary group.
    private func annsPrimaryGroup() throws -> (Bench, crew: Anchor) {
        var membership = try Bench.named()
        membership.includesPrimaryGroup = true
        let bench = try Bench.withGroups(membership)
        let ann = try bench.create(.ad, "Ann")
        let crew = try bench.createGroup(.ad, "crew", members: [ann])
        try bench.expectRest()
        #expect(bench.directories.ad.setPrimaryGroup(of: ann, to: crew) == nil)
        try bench.expectRest()
        return (bench, crew)
    }

    @Test
    func `The primary group counts as a membership, is never written, and does not make its members leave`() throws {
        let (bench, _) = try annsPrimaryGroup()
        #expect(bench.members(.ad, "crew") == "")
        #expect(bench.members(.miniorange, "crew") == "ann")
        let group = try #require(bench.groupNamed(.miniorange, "crew"))
        let bo = try bench.create(.miniorange, "Bo")
        try bench.setMembers(
            .miniorange,
            group,
            add: [bo],
            remove: [try #require(bench.counterpart(.miniorange, "ann"))]
        )
        try bench.expectRest()
        #expect(bench.members(.miniorange, "crew") == "ann bo")
        #expect(bench.members(.ad, "crew") == "bo")
    }

    @Test
    func `Who is in a group by its being his primary one is in it still when the group was out of scope`() throws {
        let (bench, crew) = try annsPrimaryGroup()
        let outside = try bench.container(.ad, "Outside", below: bench.directories.ad.top)
        let rdn = RelativeDistinguishedName(type: "CN", value: "crew")
        #expect(bench.directories.ad.rename(crew, below: outside, rdn) == nil)
        try bench.tell(.ad)
        try bench.move(.ad, crew, to: "")
        try bench.expectRest()
        #expect(bench.members(.miniorange, "crew") == "ann")
    }

    // MARK: Scope

    @Test(arguments: Side.allCases)
    func `A group selects who is in scope, and leaving it deletes nothing`(_ side: Side) throws {
        let bench = try Bench.withGroups(
            try Bench.named(),
            specifyPeople: { people in
                let rdn = RelativeDistinguishedName(type: side == .ad ? "CN" : "cn", value: "synced")
                people.onlyMembersOf[side] = people.scopes[side].base.child(rdn)
            }
        )
        let ann = try bench.create(side, "Ann")
        let bo = try bench.create(side, "Bo")
        let group = try bench.createGroup(side, "synced", members: [ann])
        try bench.expectRest()
        #expect(bench.counterpart(side.opposite, "ann") != nil)
        #expect(bench.counterpart(side.opposite, "bo") == nil)
        try bench.setMembers(side, group, add: [bo], remove: [ann])
        try bench.expectRest()
        #expect(bench.counterpart(side.opposite, "ann") != nil)
        #expect(bench.counterpart(side.opposite, "bo") != nil)
        try bench.set(side, ann, "displayname", ["unseen"])
        try bench.expectRest()
        #expect(bench.values(side.opposite, "ann", "displayname") == "[]")
        try bench.setMembers(side, group, add: [ann])
        try bench.expectRest()
        #expect(bench.values(side.opposite, "ann", "displayname") == "[unseen]")
    }

    @Test(arguments: [KeptMemberships.keep, .remove])
    func `Who stays after a deletion keeps its memberships or not, as configured`(_ kept: KeptMemberships) throws {
        var membership = try Bench.named()
        membership.keptMemberships = kept
        let bench = try Bench.withGroups(membership, specifyPeople: { people in people.deletions.policy = .keep })
        let ann = try bench.create(.ad, "Ann")
        let bo = try bench.create(.ad, "Bo")
        try bench.createGroup(.ad, "crew", members: [ann, bo])
        try bench.expectRest()
        try bench.delete(.ad, ann)
        try bench.expectRest()
        #expect(bench.counterpart(.miniorange, "ann") != nil)
        #expect(bench.members(.miniorange, "crew") == (kept == .keep ? "ann bo" : "bo"))
    }
}
