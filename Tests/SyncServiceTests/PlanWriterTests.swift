import SyncModel
import Synchronization
import Testing

@testable import SyncService

struct PlanWriterTests {
    /// Knows one entry, and must never be asked to write.
    private final class Reader: DirectoryWriter {
        let entry: EntrySnapshot
        let writes = Mutex(0)

        init(_ entry: EntrySnapshot) { self.entry = entry }

        func perform(_ write: Write, completion: @escaping @Sendable (WriteOutcome) -> Void) {
            switch write.operation {
            case .read(entry.anchor): completion(.done(entry))
            case .read, .readName, .confirmAbsence, .confirmEmpty, .readMembers, .readBelow, .readGroups, .readStamps:
                completion(.gone)
            case .add, .modify, .rename, .delete, .editValues: writes.withLock { $0 += 1 }
            }
        }

        func close() async {}
    }

    private static let anchor = Anchor(high: 5, low: 5)
    private let reader: Reader
    private let writer: PlanWriter
    private let name: DistinguishedName

    init() throws {
        name = try DistinguishedName(parsing: "uid=anna,ou=people,dc=syncline,dc=test")
        reader = Reader(
            EntrySnapshot(
                anchor: Self.anchor,
                name: name,
                attributes: ["uid": ["anna", "a.smith"], "cn": ["Anna"]],
                version: .unordered
            )
        )
        writer = PlanWriter(reader, .miniorange, mappings: [try MappingTrialTests.mapping()])
    }

    private func outcome(of operation: WriteOperation, pair: UInt64 = 1) -> WriteOutcome? {
        let answered = Answered()
        writer.perform(
            Write(id: IntentID(1), pair: PairID(pair), side: .miniorange, object: "people", operation: operation)
        ) { result in answered.outcome.withLock { $0 = result } }
        return answered.outcome.withLock { $0 }
    }

    private final class Answered: Sendable {
        let outcome = Mutex<WriteOutcome?>(nil)
    }

    @Test func anAddIsAnsweredWithTheEntryAndReadBack() throws {
        let operation = WriteOperation.add(name: name, objectClasses: ["inetOrgPerson"], attributes: ["cn": ["Anna"]])
        guard case .done(let entry)? = outcome(of: operation) else {
            Issue.record("not answered")
            return
        }
        #expect(entry.name == name)
        #expect(entry.attributes["objectclass"].contains("person"))
        #expect(outcome(of: .read(entry.anchor)) == .done(entry))
        #expect(writer.recordedCount == 1)
    }

    /// Its answer would be taken for an entry out of scope, and the add asked for again for ever.
    @Test func anAddThatItsObjectWouldNotTakeInIsNotAnswered() throws {
        let operation = WriteOperation.add(name: name, objectClasses: ["inetOrgPerson"], attributes: ["sn": ["A"]])
        #expect(outcome(of: operation) == nil)
        #expect(writer.recordedCount == 1)
    }

    @Test func aRenameIsAnsweredOnceUnderTheNewName() throws {
        let newName = try DistinguishedName(parsing: "uid=olga,ou=sales,ou=people,dc=syncline,dc=test")
        let operation = WriteOperation.rename(Self.anchor, name: name, version: .unordered, newName: newName)
        guard case .done(let entry)? = outcome(of: operation) else {
            Issue.record("not answered")
            return
        }
        #expect(entry.name == newName)
        #expect(entry.attributes["uid"] == ["a.smith", "olga"])
        #expect(outcome(of: operation) == nil)
    }

    @Test func nothingIsEverWritten() throws {
        let change = AttributeChange(name: "title", old: [], new: ["x"])
        let operations: [WriteOperation] = [
            .modify(Self.anchor, name: name, version: .unordered, changes: [change]),
            .delete(Self.anchor, name: name, version: .unordered),
            .rename(Anchor(high: 9, low: 9), name: name, version: .unordered, newName: name),
        ]
        for (number, operation) in operations.enumerated() {
            #expect(outcome(of: operation, pair: UInt64(number)) == nil)
        }
        writer.abandon()
        #expect(writer.recordedCount == 3)
        #expect(reader.writes.withLock { $0 } == 0)
        #expect(outcome(of: .read(Anchor(high: 9, low: 9))) == .gone)
    }
}
