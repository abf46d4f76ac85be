import Mapping
import SyncModel
import Testing

struct ReferenceTests {
    static func people() throws -> ObjectMapping {
        try mapping(rule("manager", "manager", .reference), rule("seeAlso", "seeAlso", .reference))
    }

    @Test func bothSidesNameThePairAndAreEqual() throws {
        let lifted = try Self.people().lift(
            ad: ["manager": [reference(.ad, 3)], "seealso": [reference(.ad, 9), reference(.ad, 4)]],
            miniorange: [
                "manager": [reference(.miniorange, 3)],
                "seealso": [reference(.miniorange, 4), reference(.miniorange, 9)],
            ]
        )
        #expect(lifted.ad?.values == ["manager": [pair(3)], "seealso": [pair(4), pair(9)]])
        #expect(lifted.ad == lifted.miniorange)
    }

    @Test func aReferenceWithoutAPairIsUnknownAndSaysWhatItWaitsFor() throws {
        let stranger = Reference.unresolved(name("CN=X,DC=syncline,DC=test"))
        let lifted = try Self.people().lift(
            ad: ["manager": [stranger.octets], "seealso": [reference(.ad, 4), reference(.ad, 500)]]
        ).ad
        #expect(lifted?.values == [:])
        #expect(lifted?.unknown == ["manager", "manager;others", "seealso"])
        #expect(lifted?.unresolved.contains(stranger) == true)
        #expect(lifted?.unresolved.contains(.entry(anchorOf(.ad, 500))) == true)
        #expect(lifted?.unresolved.count == 2)
    }

    @Test func whatIsUnknownOnOneSideDoesNotMoveTheOther() throws {
        let lifted = try Self.people().lift(
            ad: ["manager": [reference(.ad, 500)]],
            miniorange: ["manager": [reference(.miniorange, 3)]],
            base: ["manager": [pair(3)]]
        )
        #expect(lifted.ad?.unknown == ["manager", "manager;others"])
        #expect(lifted.miniorange?.values == ["manager": [pair(3)]])
    }

    @Test func aManagerAmongSeveralIsTheOneThatADHas() throws {
        let several = [reference(.miniorange, 2), reference(.miniorange, 3)]
        let lifted = try Self.people().lift(ad: ["manager": [reference(.ad, 3)]], miniorange: ["manager": several])
        #expect(lifted.miniorange?.values == ["manager": [pair(3)], "manager;others": [pair(2)]])
        #expect(lifted.ad == lifted.miniorange)
    }

    @Test func aReferenceIsWrittenAsTheOtherSidesEntry() throws {
        let projection = try Self.people().change(
            .miniorange,
            to: ["manager": [pair(3)]],
            current: ["manager": [reference(.miniorange, 2)]],
            of: ["manager"]
        )
        #expect(
            projection.changes == [
                AttributeChange(name: "manager", old: [reference(.miniorange, 2)], new: [reference(.miniorange, 3)])
            ]
        )
    }

    @Test func aPairThatIsNotThereYetIsWaitedForAndTheRestIsWritten() throws {
        let resolver = FixedResolver(onlyAtAD: [5])
        let target: Attributes = ["manager": [pair(5)], "seealso": [pair(4), pair(6)], "samaccountname": ["s"]]
        let projection = try Self.people().change(.miniorange, to: target, current: ["uid": ["s"]], resolver: resolver)
        #expect(projection.waitsFor == [PairID(5)])
        #expect(projection.changes.map(\.name) == ["seealso"])
        let entry = try Self.people().create(.miniorange, target, resolver: resolver)
        #expect(entry.waitsFor == [PairID(5)])
        #expect(entry.attributes["manager"] == [])
        #expect(entry.attributes["seealso"].count == 2)
    }

    @Test func theMappingKnowsWhichAttributesAreReferences() throws {
        let mapping = try mapping(rule("managedBy", "owner", .reference))
        #expect(mapping.isReference(.ad, "managedby"))
        #expect(mapping.isReference(.miniorange, "owner"))
        #expect(!mapping.isReference(.ad, "owner"))
        #expect(!mapping.isReference(.miniorange, "uid"))
    }
}
