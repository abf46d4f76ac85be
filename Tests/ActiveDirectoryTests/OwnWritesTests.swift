import SyncModel
import Testing

@testable import ActiveDirectory

@Suite("Which changes may be our own")
struct OwnWritesTests {
    private static let group = Anchor(high: 0, low: 1)
    private static let other = Anchor(high: 0, low: 2)
    private static let name: DistinguishedName = try! DistinguishedName(parsing: "cn=Team,dc=syncline,dc=test")

    private static func version(_ number: UInt64, at server: UInt64 = 1) -> Version {
        .usn(number, invocationID: Anchor(high: server, low: 0))
    }

    private static let edit = WriteOperation.editValues(
        group,
        name: name,
        edits: ValueEdits(attribute: "member", add: [], remove: [])
    )
    private static let add = WriteOperation.add(name: name, objectClasses: ["group"], attributes: Attributes())

    private static func entry(_ number: UInt64, at server: UInt64 = 1, _ attributes: Attributes = Attributes())
        -> EntrySnapshot
    {
        EntrySnapshot(anchor: group, name: name, attributes: attributes, version: version(number, at: server))
    }

    @Test func aGroupThatIsBeingWritten() {
        let writes = OwnWrites()
        #expect(!writes.mayHaveMade(Self.version(1), of: Self.group))
        writes.begin(Self.edit)
        #expect(writes.mayHaveMade(Self.version(1), of: Self.group))
        #expect(!writes.mayHaveMade(Self.version(1), of: Self.other))
    }

    @Test(arguments: [(version(9), true), (version(10), true), (version(11), false), (version(9, at: 2), false)])
    func aGroupThatWasWritten(version: Version, isOurs: Bool) {
        let writes = OwnWrites()
        writes.begin(Self.edit)
        writes.end(Self.edit, .edited(Self.entry(10), refused: []))
        #expect(writes.mayHaveMade(version, of: Self.group) == isOurs)
        #expect(!writes.mayHaveMade(version, of: Self.other))
    }

    @Test(arguments: [WriteOutcome.unknown, .unavailable, .gone, .stale(entry(10))])
    func aWriteThatIsNotKnownToBeDone(outcome: WriteOutcome) {
        let writes = OwnWrites()
        writes.begin(Self.edit)
        writes.end(Self.edit, outcome)
        #expect(!writes.mayHaveMade(Self.version(9), of: Self.group))
    }

    @Test func whileAnythingIsBeingAddedWhatIsNew() {
        let writes = OwnWrites()
        writes.begin(Self.add)
        #expect(writes.mayHaveMade(Self.version(9), of: Self.group))
        writes.end(Self.add, .done(Self.entry(10)))
        #expect(writes.mayHaveMade(Self.version(9), of: Self.group))
        #expect(!writes.mayHaveMade(Self.version(9), of: Self.other))
        writes.begin(Self.add)
        #expect(!writes.mayHaveMade(Self.version(11), of: Self.group))
    }

    @Test func whatAnAnswerToldInFull() {
        let writes = OwnWrites()
        let server = Anchor(high: 1, low: 0)
        let modify = WriteOperation.modify(Self.group, name: Self.name, version: .unordered, changes: [])
        func end(_ outcome: WriteOutcome) {
            writes.begin(modify)
            writes.end(modify, outcome)
        }
        for number in [7, 9, 8] as [UInt64] { end(.done(Self.entry(number))) }
        end(.done(Self.entry(11, ["objectclass": ["top", "Group"]])))
        end(.done(Self.entry(12, at: 2)))
        end(.stale(Self.entry(13)))
        #expect(writes.answered(after: 7, at: server) == [9, 8])
        // What the feed is past is forgotten.
        #expect(writes.answered(after: 0, at: server) == [9, 8])
        #expect(writes.answered(after: 9, at: server) == [])
        for number in 10..<1000 as Range<UInt64> { end(.done(Self.entry(number))) }
        let last = writes.answered(after: 9, at: server)
        #expect(last.last == 999 && last.count <= 200)
    }

    @Test func readingMakesNothing() {
        let writes = OwnWrites()
        writes.begin(.read(Self.group))
        #expect(!writes.mayHaveMade(Self.version(9), of: Self.group))
        writes.end(.read(Self.group), .done(Self.entry(10)))
        #expect(!writes.mayHaveMade(Self.version(9), of: Self.group))
    }
}
