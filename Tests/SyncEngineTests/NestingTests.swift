import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// AD's groups within groups, where the LDAP side shows everybody below a group.
struct NestingTests {
    private func flattened() throws -> Bench {
        var membership = try Bench.named()
        membership.nesting = .flatten
        return try Bench.withGroups(membership)
    }

    @Test
    func `Flattened, the LDAP side shows everybody below a group and no groups`() throws {
        let bench = try flattened()
        let ann = try bench.create(.ad, "Ann")
        let bo = try bench.create(.ad, "Bo")
        let inner = try bench.createGroup(.ad, "inner", members: [bo])
        let outer = try bench.createGroup(.ad, "outer", members: [ann, inner])
        try bench.expectRest()
        #expect(bench.members(.miniorange, "outer") == "ann bo")
        let cy = try bench.create(.ad, "Cy")
        try bench.setMembers(.ad, inner, add: [cy, outer])
        try bench.expectRest()
        #expect(bench.members(.miniorange, "outer") == "ann bo cy")
        #expect(bench.members(.miniorange, "inner") == "ann bo cy")
        try bench.setMembers(.ad, outer, remove: [inner])
        try bench.expectRest()
        #expect(bench.members(.miniorange, "outer") == "ann")
        #expect(bench.members(.miniorange, "inner") == "ann bo cy")
        #expect(bench.members(.ad, "outer") == "ann")
    }

    @Test
    func `Flattened, who is added there is added directly, and who is in by another group stays`() throws {
        let bench = try flattened()
        let bo = try bench.create(.ad, "Bo")
        try bench.create(.ad, "Cy")
        let inner = try bench.createGroup(.ad, "inner", members: [bo])
        try bench.createGroup(.ad, "outer", members: [inner])
        try bench.expectRest()
        let outer = try #require(bench.groupNamed(.miniorange, "outer"))
        let cy = try #require(bench.counterpart(.miniorange, "cy"))
        try bench.setMembers(.miniorange, outer, add: [cy])
        try bench.expectRest()
        #expect(bench.members(.ad, "outer") == "cy inner")
        try bench.setMembers(.miniorange, outer, remove: [try #require(bench.counterpart(.miniorange, "bo"))])
        try bench.expectRest()
        #expect(bench.members(.miniorange, "outer") == "bo cy")
        #expect(bench.store.contents.conflicts.map(\.decision) == [.implied])
    }

    @Test(arguments: [false, true])
    func `Who is not let into the inner group comes to the outer one directly`(isProtected: Bool) throws {
        let bench = try flattened()
        try bench.create(.ad, "Cy")
        let inner = try bench.createGroup(.ad, "inner")
        try bench.createGroup(.ad, "outer", members: [inner])
        if isProtected { try bench.set(.ad, inner, "admincount", ["1"]) }
        try bench.expectRest()
        let cy = try #require(bench.counterpart(.miniorange, "cy"))
        for name in ["inner", "outer"] {
            try bench.setMembers(.miniorange, try #require(bench.groupNamed(.miniorange, name)), add: [cy])
        }
        let writes = try bench.tell(.miniorange)
        if !isProtected {
            #expect(writes.count == 1 && writes[0].hasPrefix("ad edit \(inner.low) "), "\(writes)")
            try bench.answer(.refused(Refusal(reason: .notAllowed, code: 50, message: "insufficient access")))
        }
        try bench.settle()
        #expect(bench.members(.ad, "inner") == "" && bench.members(.ad, "outer") == "cy inner")
        #expect(bench.quarantine.count == 1)
    }

    enum Ending: CaseIterable {
        case innerIsDeletedAtAD, innerIsDeletedThere, innerIsTakenOut, memberIsTakenOut
    }

    @Test(arguments: Ending.allCases)
    func `Who was to come to the outer group by way of the inner one comes to it directly where that ends`(
        _ ending: Ending
    ) throws {
        let bench = try flattened()
        try bench.create(.ad, "Cy")
        let inner = try bench.createGroup(.ad, "inner")
        let outer = try bench.createGroup(.ad, "outer", members: [inner])
        try bench.expectRest()
        let cy = try #require(bench.counterpart(.miniorange, "cy"))
        let there = try #require(bench.groupNamed(.miniorange, "inner"))
        for name in ["inner", "outer"] {
            try bench.setMembers(.miniorange, try #require(bench.groupNamed(.miniorange, name)), add: [cy])
        }
        try bench.disconnect(.ad)
        #expect(try bench.tell(.miniorange).isEmpty)
        switch ending {
        case .innerIsDeletedAtAD: try bench.delete(.ad, inner)
        case .innerIsDeletedThere: try bench.delete(.miniorange, there)
        case .innerIsTakenOut: try bench.setMembers(.ad, outer, remove: [inner])
        case .memberIsTakenOut: try bench.setMembers(.miniorange, there, remove: [cy])
        }
        try bench.tell(.miniorange)
        _ = try bench.connect(.ad)
        try bench.tell(.ad)
        try bench.expectRest()
        #expect(bench.members(.ad, "outer").split(separator: " ").contains("cy"))
        #expect(bench.members(.miniorange, "outer").split(separator: " ").contains("cy"))
    }

    @Test
    func `Who is in by way of a group that left the scope is in until that is taken out`() throws {
        let bench = try flattened()
        let directory = bench.directories.ad
        let elsewhere = try bench.container(.ad, "Elsewhere", below: directory.top)
        let bo = try bench.create(.ad, "Bo")
        let inner = try bench.createGroup(.ad, "inner", members: [bo])
        let outer = try bench.createGroup(.ad, "outer", members: [inner])
        try bench.expectRest()
        let rdn = RelativeDistinguishedName(type: "CN", value: "inner")
        #expect(directory.rename(inner, below: elsewhere, rdn) == nil)
        try bench.expectRest()
        #expect(bench.members(.miniorange, "outer") == "bo")
        try bench.setMembers(.ad, outer, remove: [inner])
        try bench.expectRest()
        #expect(bench.members(.miniorange, "outer") == "nobody")
        #expect(bench.members(.miniorange, "inner") == "bo")
        try bench.move(.ad, inner, to: "")
        try bench.setMembers(.ad, outer, add: [inner])
        try bench.expectRest()
        #expect(bench.members(.miniorange, "outer") == "bo")
    }

    /// Bo is only in the inner group. He is deleted at AD while a place in the outer one is being given back to him, and changed on the other side.
    @Test
    func `Who comes back is in the outer group by way of the inner one, as before`() throws {
        let bench = try flattened()
        let bo = try bench.create(.ad, "Bo")
        let inner = try bench.createGroup(.ad, "inner", members: [bo])
        try bench.createGroup(.ad, "outer", members: [inner])
        try bench.expectRest()
        let other = try #require(bench.counterpart(.miniorange, "bo"))
        let nobody = try #require(bench.directories.miniorange.stored("member", [Octets(Bench.placeholder)]))
        try bench.set(.miniorange, try #require(bench.groupNamed(.miniorange, "outer")), "member", nobody)
        #expect(try bench.tell(.miniorange).count == 1)
        try bench.delete(.ad, bo)
        try bench.set(.miniorange, other, "displayname", ["Bo"])
        try bench.tell(.ad)
        try bench.expectRest()
        #expect(bench.members(.miniorange, "outer") == "bo")
        #expect(bench.members(.ad, "inner") == "bo")
        #expect(bench.members(.ad, "outer") == "inner")
    }

    /// The group of all is out of the scope of the LDAP side in the meantime, and back.
    @Test
    func `Who goes from the inner group while the outer one is out of the scope goes from that, too`() throws {
        let bench = try flattened()
        let directory = bench.directories.miniorange
        let elsewhere = try bench.container(.miniorange, "Elsewhere", below: directory.top)
        let bo = try bench.create(.ad, "Bo")
        let inner = try bench.createGroup(.ad, "inner", members: [bo])
        try bench.createGroup(.ad, "outer", members: [inner])
        try bench.expectRest()
        let outer = try #require(bench.groupNamed(.miniorange, "outer"))
        let rdn = try #require(directory.entries[outer]).rdn
        #expect(directory.rename(outer, below: elsewhere, rdn) == nil)
        try bench.tell(.miniorange)
        try bench.setMembers(.ad, inner, remove: [bo])
        try bench.expectRest()
        try bench.move(.miniorange, outer, to: "")
        try bench.expectRest()
        #expect(bench.members(.miniorange, "outer") == "nobody")
        #expect(bench.members(.ad, "outer") == "inner")
    }

    /// As AD tells its members: with the group, or by themselves.
    @Test(arguments: [true, false])
    func `Who goes from a group that is out of the scope goes from those above it`(_ isToldByItself: Bool) throws {
        let bench = try flattened()
        let directory = bench.directories.ad
        let elsewhere = try bench.container(.ad, "Elsewhere", below: directory.top)
        let people = try ["Ann", "Bo", "Cy"].map { try bench.create(.ad, $0) }
        let inner = try bench.createGroup(.ad, "inner", members: people)
        try bench.createGroup(.ad, "outer", members: [inner])
        try bench.expectRest()
        func remove(_ member: Anchor) throws {
            guard isToldByItself else { return try bench.setMembers(.ad, inner, remove: [member]) }
            let edit = AttributeEdit(kind: .delete, name: "member", values: [ExtendedName.value(member)])
            let version = try #require(directory.snapshot(inner)).version
            try bench.step(.feed(.ad, .changes([.members(inner, edits: [edit], version: version)], cursor: nil)))
        }
        // Before it is known that it left, and after.
        let rdn = RelativeDistinguishedName(type: "CN", value: "inner")
        #expect(directory.rename(inner, below: elsewhere, rdn) == nil)
        if isToldByItself {
            let told = try #require(directory.snapshot(inner))
            try bench.step(.feed(.ad, .changes([.present(told)], cursor: nil)))
        }
        try remove(people[0])
        if !isToldByItself { try bench.tell(.ad) }
        try bench.answerAll()
        #expect(bench.members(.miniorange, "outer") == "bo cy")
        try remove(people[1])
        if !isToldByItself { try bench.tell(.ad) }
        try bench.answerAll()
        #expect(bench.members(.miniorange, "outer") == "cy")
        #expect(bench.members(.miniorange, "inner") == "ann bo cy")
    }

    /// The inner group leaves the scope before that is told, or while he is being added to it.
    @Test(arguments: [true, false])
    func `Who is added to both is added to the outer one himself where the inner one leaves the scope`(
        _ isLeavingFirst: Bool
    ) throws {
        let bench = try flattened()
        let directory = bench.directories.ad
        let elsewhere = try bench.container(.ad, "Elsewhere", below: directory.top)
        try bench.create(.ad, "Bo")
        let inner = try bench.createGroup(.ad, "inner")
        try bench.createGroup(.ad, "outer", members: [inner])
        try bench.expectRest()
        let bo = try #require(bench.counterpart(.miniorange, "bo"))
        for group in ["inner", "outer"] {
            try bench.setMembers(.miniorange, try #require(bench.groupNamed(.miniorange, group)), add: [bo])
        }
        if !isLeavingFirst { #expect(try bench.tell(.miniorange).count == 1) }
        let rdn = RelativeDistinguishedName(type: "CN", value: "inner")
        #expect(directory.rename(inner, below: elsewhere, rdn) == nil)
        try bench.tell(.ad)
        if isLeavingFirst { try bench.tell(.miniorange) } else { try bench.answer(.unknown) }
        try bench.expectRest()
        #expect(bench.members(.ad, "inner") == "")
        #expect(bench.members(.ad, "outer") == "bo inner")
    }

    /// Bo is deleted at AD, with the inner group, while he is being written to the outer one; and changed on the other side.
    @Test
    func `Who comes back is not in the outer group when the inner one is gone`() throws {
        let bench = try flattened()
        let bo = try bench.create(.ad, "Bo")
        let inner = try bench.createGroup(.ad, "inner", members: [bo])
        let outer = try bench.createGroup(.ad, "outer")
        try bench.expectRest()
        let other = try #require(bench.counterpart(.miniorange, "bo"))
        try bench.setMembers(.ad, outer, add: [inner])
        #expect(try bench.tell(.ad).count == 1)
        try bench.delete(.ad, inner)
        try bench.delete(.ad, bo)
        try bench.tell(.ad)
        try bench.set(.miniorange, other, "displayname", ["Bo"])
        try bench.expectRest()
        #expect(bench.values(.ad, "bo", "displayname") == "[Bo]")
        #expect(bench.members(.miniorange, "outer") == "nobody")
        #expect(bench.members(.ad, "outer") == "")
    }

    /// Bo is in the outer group at AD by way of the inner one alone; and a container out of the LDAP side's scope.
    private func nested() throws -> (Bench, elsewhere: Anchor, bo: Anchor, outer: Anchor) {
        let bench = try flattened()
        let elsewhere = try bench.container(.miniorange, "Elsewhere", below: bench.directories.miniorange.top)
        let bo = try bench.create(.ad, "Bo")
        let inner = try bench.createGroup(.ad, "inner", members: [bo])
        let outer = try bench.createGroup(.ad, "outer", members: [inner])
        try bench.expectRest()
        return (bench, elsewhere, bo, outer)
    }

    /// Bo is only in the inner group. The outer one is deleted at AD, and changed on the other side while it is out of the scope there.
    @Test(arguments: [true, false])
    func `Who was in a group by way of another one is not when it is made again, though it was out of the scope`(
        _ isDeletionToldFirst: Bool
    ) throws {
        let (bench, elsewhere, _, outer) = try nested()
        let directory = bench.directories.miniorange
        let there = try #require(bench.groupNamed(.miniorange, "outer"))
        try bench.delete(.ad, outer)
        if isDeletionToldFirst { try bench.tell(.ad) }
        let rdn = try #require(directory.entries[there]).rdn
        #expect(directory.rename(there, below: elsewhere, rdn) == nil)
        try bench.set(.miniorange, there, "description", ["ours"])
        try bench.tell(.miniorange)
        if !isDeletionToldFirst { try bench.tell(.ad) }
        try bench.move(.miniorange, there, to: "")
        try Crew.passed(bench)
        #expect(bench.members(.ad, "outer") == "")
        #expect(bench.members(.miniorange, "outer") == "nobody")
        #expect(bench.members(.miniorange, "inner") == "bo")
    }

    /// Bo is out of the scope of the LDAP side when the group of all is made again, in which he was by way of the inner one; he may be added to it himself then.
    @Test(arguments: [true, false])
    func `Who comes back is in a group that was made again meanwhile only where he was added to it`(
        _ isAdded: Bool
    ) throws {
        let (bench, elsewhere, bo, outer) = try nested()
        let directory = bench.directories.miniorange
        let there = try #require(bench.groupNamed(.miniorange, "outer"))
        let other = try #require(bench.counterpart(.miniorange, "bo"))
        try bench.delete(.ad, outer)
        try bench.tell(.ad)
        let rdn = try #require(directory.entries[other]).rdn
        #expect(directory.rename(other, below: elsewhere, rdn) == nil)
        try bench.set(.miniorange, there, "description", ["ours"])
        try bench.tell(.miniorange)
        try Crew.passed(bench)
        if isAdded { try bench.setMembers(.ad, try #require(bench.groupNamed(.ad, "outer")), add: [bo]) }
        try Crew.passed(bench)
        try bench.move(.miniorange, other, to: "")
        try Crew.passed(bench)
        #expect(bench.members(.ad, "outer") == (isAdded ? "bo" : ""))
        #expect(bench.members(.miniorange, "outer") == (isAdded ? "bo" : "nobody"))
        #expect(bench.members(.ad, "inner") == "bo")
    }
}
