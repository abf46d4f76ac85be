import Mapping
import SyncModel
import Testing

/// Which rule settles a conflict about each canonical attribute.
struct ConflictRuleTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var object: (ConflictRule, Side)
        var own: (ConflictRule?, Side?)
        var expected: (ConflictRule, Side)

        var testDescription: String { "\(object), \(own)" }
    }

    static func merged(_ mapping: ObjectMapping, _ name: String) -> MergeRule? {
        mapping.mergeRules.first { $0.name == name }
    }

    @Test(
        "A rule's own word counts before the object's",
        arguments: [
            Case(object: (.newest, .ad), own: (nil, nil), expected: (.newest, .ad)),
            Case(object: (.hold, .miniorange), own: (nil, nil), expected: (.hold, .miniorange)),
            Case(object: (.newest, .ad), own: (.hold, nil), expected: (.hold, .ad)),
            Case(object: (.newest, .ad), own: (nil, .miniorange), expected: (.newest, .miniorange)),
            Case(object: (.newest, .ad), own: (.miniorange, nil), expected: (.miniorange, .miniorange)),
            Case(object: (.miniorange, .miniorange), own: (.ad, nil), expected: (.ad, .ad)),
            Case(object: (.ad, .ad), own: (.newest, .miniorange), expected: (.newest, .miniorange)),
        ]
    )
    func ownWord(_ test: Case) throws {
        var info = rule("info", "info")
        info.conflict = test.own.0
        info.prefer = test.own.1
        var people = specification([rule("sAMAccountName", "uid"), info])
        people.conflict = test.object.0
        people.prefer = test.object.1
        let mapping = try ObjectMapping(people)
        let merge = try #require(Self.merged(mapping, "info"))
        #expect(merge.conflict == test.expected.0)
        #expect(merge.prefer == test.expected.1)
        // Its neighbours keep the object's.
        let neighbour = try #require(Self.merged(mapping, "samaccountname"))
        #expect(neighbour.conflict == test.object.0)
        #expect(neighbour.prefer == test.object.1)
    }

    @Test("A companion has the rule of what it accompanies", arguments: ["sn", "sn;others", "sn;fallback"])
    func companions(_ name: String) throws {
        var surname = rule("sn", "sn", fallback: ["cn"])
        surname.conflict = .hold
        surname.prefer = .miniorange
        let merge = try #require(Self.merged(try mapping(rule("cn", "cn"), surname), name))
        #expect(merge.conflict == .hold)
        #expect(merge.prefer == .miniorange)
    }

    private static func group(
        name: (ConflictRule?, Side?),
        second: (ConflictRule?, Side?) = (nil, nil)
    ) throws(MappingError) -> ObjectMapping {
        var first = rule("sAMAccountName", "cn")
        (first.conflict, first.prefer) = name
        var other = rule("cn", "cn")
        (other.conflict, other.prefer) = second
        return try ObjectMapping(
            specification([first, other], kind: .group, miniorangeName: "cn", objectClasses: ["groupOfNames"])
        )
    }

    @Test(
        "Both names of a group are settled together",
        arguments: [
            (nil, nil, .newest, .ad), (.hold, nil, .hold, .ad), (.miniorange, nil, .miniorange, .miniorange),
            (.newest, .miniorange, .newest, .miniorange),
        ] as [(ConflictRule?, Side?, ConflictRule, Side)]
    )
    func bothNames(_ conflict: ConflictRule?, _ prefer: Side?, _ rule: ConflictRule, _ side: Side) throws {
        for name in ["samaccountname", "cn"] {
            let merge = try #require(Self.merged(try Self.group(name: (conflict, prefer)), name))
            #expect(merge.conflict == rule, "\(name)")
            #expect(merge.prefer == side, "\(name)")
        }
    }

    @Test func aGroupsSecondNameHasNoRuleOfItsOwn() throws {
        let error = #expect(throws: MappingError.self) {
            _ = try Self.group(name: (nil, nil), second: (.hold, nil))
        }
        #expect(error?.rule == 1)
        #expect(error?.reason.contains("are one name") == true)
        _ = try Self.group(name: (.hold, nil), second: (.hold, nil))
    }
}
