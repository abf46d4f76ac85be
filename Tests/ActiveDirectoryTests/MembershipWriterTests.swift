import LDAPClient
import SyncModel
import Testing

@testable import ActiveDirectory

extension RealDomainController {
    @Suite("Memberships by the writer")
    struct MembershipWriterTests {
        @Test func membersComeAndGoInOneModify() async throws {
            try await withGround("both") { ground, writer in
                let outcome = await writer.edit(ground, add: [2, 3], remove: [0])
                let entry = try #require(outcome.edited)
                let refused = outcome.refused
                #expect(refused == [])
                #expect(entry.anchor == ground.groupAnchor)
                #expect(entry.attributes["member"].isEmpty && !entry.tellsMembers)
                #expect(entry.attributes["samaccountname"] == ["w both group"])
                let whole = try await writer.outcome(.readMembers(ground.groupAnchor)).required()
                #expect(whole.tellsMembers && whole.version == entry.version)
                #expect(Set(whole.attributes["member"].map(\.member)) == Set(ground.anchors[1...]))
            }
        }

        @Test func aNewGroupMayComeWithItsMembers() async throws {
            try await withGround("withall") { ground, writer in
                let name = try DistinguishedName(parsing: "CN=withall new,\(ground.lab.teams)")
                let attributes: Attributes = [
                    "samaccountname": ["withall new"], "member": ground.anchors.map(ExtendedName.value),
                ]
                let add = WriteOperation.add(name: name, objectClasses: ["group"], attributes: attributes)
                let group = try await writer.outcome(add).required()
                #expect(!group.tellsMembers && group.attributes["member"].isEmpty)
                let whole = try await writer.outcome(.readMembers(group.anchor)).required()
                #expect(Set(whole.attributes["member"].compactMap(\.member)) == Set(ground.anchors))
            }
        }

        @Test func whatIsAsItShouldBeIsDone() async throws {
            try await withGround("asis") { ground, writer in
                #expect(await writer.edit(ground, add: [0]).refused == [])
                #expect(await writer.edit(ground, remove: [3]).refused == [])
                #expect(await writer.edit(ground, add: [0, 1, 2], remove: [3]).refused == [])
                #expect(await writer.edit(ground).refused == [])
                let left = try await ground.members(by: writer)
                #expect(left == Set(ground.anchors[...2]))
            }
        }

        @Test func aRefusedValueTakesNoOtherWithIt() async throws {
            try await withGround("refused") { ground, writer in
                let nobody = ExtendedName.value(Anchor(high: 7, low: 7))
                let add = [nobody] + [2, 3].map { ExtendedName.value(ground.anchors[$0]) }
                let edits = ValueEdits(attribute: "member", add: add, remove: [ExtendedName.value(ground.anchors[0])])
                let refused = await writer.edit(ground.groupAnchor, edits).refused
                #expect(refused?.map(\.value) == [nobody])
                #expect(refused?.first?.refusal.code == 32)
                let left = try await ground.members(by: writer)
                #expect(left == Set(ground.anchors[1...]))
            }
        }

        @Test func aDeletedMemberIsRemovedAndNeverAdded() async throws {
            try await withGround("tomb") { ground, writer in
                try await ground.admin.delete(ground.user(1))
                #expect(await writer.edit(ground, add: [2], remove: [1]).refused == [])
                let refused = await writer.edit(ground, add: [1, 3]).refused
                #expect(refused?.map(\.value.member) == [ground.anchors[1]])
                #expect(
                    try await ground.members(by: writer) == [ground.anchors[0], ground.anchors[2], ground.anchors[3]]
                )
            }
        }

        @Test func aPrimaryGroupIsNoMembershipThatCouldBeWritten() async throws {
            try await withGround("primary") { ground, writer in
                let token = "primaryGroupToken"
                let request = SearchRequest(base: ground.group, scope: .base, attributes: [token])
                let number = try #require(try await ground.admin.search(request).entries.first?.text(token))
                // The server takes the membership out itself.
                try await ground.admin.set("primaryGroupID", number, of: ground.user(0))
                let members = try await ground.members(by: writer)
                #expect(members == [ground.anchors[1]])
                let refused = await writer.edit(ground, add: [0, 2]).refused
                #expect(refused?.map(\.value.member) == [ground.anchors[0]])
                #expect(refused?.first?.refusal.code == 68)
                #expect(await writer.edit(ground, remove: [0]).refused == [])
                let left = try await ground.members(by: writer)
                #expect(left == [ground.anchors[1], ground.anchors[2]])
            }
        }

        @Test func aGroupThatMayNotBeWrittenRefusesEachValueInOneAnswer() async throws {
            try await withGround("denied") { ground, writer in
                let group = "CN=Domain Admins,CN=Users,\(ground.lab["AD_BASE"])"
                let anchor = try await anchor(of: group, ground.admin)
                let values = ground.anchors.map(ExtendedName.value)
                let edits = ValueEdits(attribute: "member", add: values, remove: [])
                let refused = await writer.edit(anchor, edits).refused
                #expect(refused?.map(\.value) == values)
                #expect(refused?.allSatisfy { $0.refusal.reason == .notAllowed } == true)
            }
        }

        @Test func aGroupThatIsGoneIsGone() async throws {
            try await withGround("gone") { ground, writer in
                try await ground.admin.delete(ground.group)
                #expect(await writer.edit(ground, add: [2]) == .gone)
                #expect(await writer.edit(ground) == .gone)
                #expect(await writer.outcome(.readMembers(ground.groupAnchor)) == .gone)
                #expect(await writer.outcome(.readBelow(ground.groupAnchor)) == .gone)
            }
        }

        @Test func whatStandsBelowAContainerIsFoundWithItsMembers() async throws {
            try await withGround("below") { ground, writer in
                let container = LDAPAttribute("objectClass", ["organizationalUnit"])
                let outer = "OU=below,\(ground.lab.teams)"
                let inner = "OU=inner,\(outer)"
                for dn in [outer, inner] {
                    _ = try await ground.admin.perform(.add(dn: dn, attributes: [container]))
                }
                try await ground.admin.addGroup("below inner", members: [ground.user(0)], in: inner)
                try await ground.admin.addGroup("below outer", in: outer)
                try await ground.admin.addUser("below user", in: outer)
                let base = try await anchor(of: outer, ground.admin)
                guard case .found(let found) = await writer.outcome(.readBelow(base)) else {
                    Issue.record("not found")
                    return
                }
                // A user is in no scope there.
                let names = found.map(\.name.description)
                #expect(Set(names) == [inner, "CN=below inner,\(inner)", "CN=below outer,\(outer)"])
                #expect(names.count == 3)
                for entry in found where entry.name.leaf?.type == "CN" { #expect(entry.tellsMembers) }
                let members = found.flatMap { $0.attributes["member"].map(\.member) }
                #expect(members == [ground.anchors[0]])
                let all = try await anchor(of: ground.lab["AD_BASE"], ground.admin)
                guard case .found(let everything) = await writer.outcome(.readBelow(all)) else { return }
                #expect(everything.count > 300)
                #expect(everything.contains { $0.anchor == ground.groupAnchor && $0.tellsMembers })
            }
        }

        @Test func theGroupsOfAnEntryAreFoundWithoutTheirMembers() async throws {
            try await withGround("groups") { ground, writer in
                try await ground.admin.addGroup("groups two", members: [ground.user(0)], in: ground.lab.teams)
                // In no scope.
                try await ground.admin.addGroup("groups away", members: [ground.user(0)], in: ground.lab.people)
                let second = try await anchor(of: "CN=groups two,\(ground.lab.teams)", ground.admin)
                guard case .found(let found) = await writer.outcome(.readGroups(ground.anchors[0])) else {
                    Issue.record("not found")
                    return
                }
                #expect(Set(found.map(\.anchor)) == [ground.groupAnchor, second])
                #expect(found.allSatisfy { !$0.tellsMembers && $0.attributes["member"].isEmpty })
                #expect(await writer.outcome(.readGroups(ground.anchors[3])) == .found([]))
                #expect(await writer.outcome(.readGroups(Anchor(high: 7, low: 7))) == .gone)
            }
        }

        @Test func whoTheEntryIsAndItsPrimaryGroupAreAttributesLikeOthers() async throws {
            let lab = try Lab.required()
            var view = try lab.viewOfGroups()
            view.attributes += ["objectsid", "primarygroupid"]
            try await withGround("facts", view) { ground, writer in
                let user = try await writer.outcome(.read(ground.anchors[0])).required()
                #expect(user.attributes["primarygroupid"] == ["513"])
                #expect(user.attributes["objectsid"].first?.count == 28)
            }
        }
    }
}

private func withGround(
    _ name: String,
    _ view: DirectoryView? = nil,
    _ body: (Ground, ActiveDirectoryWriter) async throws -> Void
) async throws {
    let ground = try await Ground("w \(name)", .auto)
    try await withWriter(view: try view ?? ground.lab.viewOfGroups()) { _, writer in try await body(ground, writer) }
}

extension Ground {
    fileprivate func members(by writer: ActiveDirectoryWriter) async throws -> Set<Anchor> {
        let group = try await writer.outcome(.readMembers(groupAnchor)).required()
        return Set(group.attributes["member"].compactMap(\.member))
    }
}

extension ActiveDirectoryWriter {
    fileprivate func edit(_ group: Anchor, _ edits: ValueEdits) async -> WriteOutcome {
        await outcome(.editValues(group, name: DistinguishedName([]), edits: edits))
    }

    fileprivate func edit(_ ground: Ground, add: [Int] = [], remove: [Int] = []) async -> WriteOutcome {
        func values(_ numbers: [Int]) -> [Octets] { numbers.map { ExtendedName.value(ground.anchors[$0]) } }
        return await edit(
            ground.groupAnchor,
            ValueEdits(attribute: "member", add: values(add), remove: values(remove))
        )
    }
}
