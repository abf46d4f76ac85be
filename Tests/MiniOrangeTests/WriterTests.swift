import Foundation
import LDAPClient
import Logging
import MiniOrange
import SyncModel
import Synchronization
import Testing

/// Against a real slapd: with its controls, and as a server that has none of them.
@Suite(.serialized, .enabled(if: TestSlapd.isAvailable), .timeLimit(.minutes(2)))
struct WriterTests {
    static func name(_ uid: String) throws -> DistinguishedName {
        try DistinguishedName(parsing: "uid=\(uid),\(TestSlapd.people)")
    }

    static func writer(_ slapd: TestSlapd) throws -> MiniOrangeWriter {
        MiniOrangeWriter(settings: try slapd.settings(), view: try TestSlapd.view(), logger: Logger(label: "test"))
    }

    static func perform(_ writer: MiniOrangeWriter, _ operation: WriteOperation) async -> WriteOutcome {
        await withCheckedContinuation { continuation in
            let write = Write(id: IntentID(1), pair: PairID(1), side: .miniorange, object: nil, operation: operation)
            writer.perform(write) { continuation.resume(returning: $0) }
        }
    }

    static func add(_ uid: String, _ extra: Attributes = [:]) throws -> WriteOperation {
        var attributes = extra
        attributes["cn"] = [Octets(uid)]
        attributes["sn"] = ["A"]
        return .add(name: try name(uid), objectClasses: ["inetOrgPerson"], attributes: attributes)
    }

    static func added(_ writer: MiniOrangeWriter, _ uid: String, _ extra: Attributes = [:]) async throws
        -> EntrySnapshot
    {
        let outcome = await perform(writer, try add(uid, extra))
        guard case .done(let snapshot) = outcome else { throw TestFailure("not added: \(outcome)") }
        return snapshot
    }

    @Test func `an add brings back the entry, and each obstacle has its reason`() async throws {
        let slapd = try TestSlapd(.syncprov)
        let writer = try Self.writer(slapd)
        let entry = try await Self.added(writer, "a", ["mail": ["a@syncline.test"], "jpegphoto": [Octets([0, 255])]])
        #expect(entry.name == (try Self.name("a")))
        #expect(entry.attributes["uid"] == ["a"])
        #expect(entry.attributes["jpegphoto"] == [Octets([0, 255])])
        #expect(entry.attributes["objectclass"] == ["inetOrgPerson"])
        guard case .csn = entry.version else { throw TestFailure("no version") }

        func refusal(_ operation: WriteOperation) async throws -> Refusal {
            guard case .refused(let refusal) = await Self.perform(writer, operation) else {
                throw TestFailure("not refused")
            }
            return refusal
        }
        #expect(try await refusal(Self.add("a")).reason == .nameTaken)
        let orphan = try DistinguishedName(parsing: "uid=a,ou=nowhere,\(TestSlapd.suffix)")
        let orphaned = WriteOperation.add(
            name: orphan,
            objectClasses: ["inetOrgPerson"],
            attributes: ["cn": ["a"], "sn": ["a"]]
        )
        #expect(try await refusal(orphaned).reason == .noParent)
        let lacking = WriteOperation.add(name: try Self.name("z"), objectClasses: ["inetOrgPerson"], attributes: [:])
        #expect(try await refusal(lacking).code == 65)
        #expect(try await refusal(lacking).reason == .invalid)
        #expect(await Self.perform(writer, .readName(entry.name)) == .done(entry))
        #expect(await Self.perform(writer, .readName(try Self.name("zz"))) == .gone)
        await writer.close()
        #expect(await Self.perform(writer, .readName(entry.name)) == .unavailable)
    }

    @Test func `a modify is a compare-and-set`() async throws {
        let slapd = try TestSlapd(.syncprov)
        let writer = try Self.writer(slapd)
        let first = try await Self.added(writer, "a", ["description": ["x", "y"], "jpegphoto": [Octets([1])]])
        let changes = [
            AttributeChange(name: "sn", old: ["A"], new: ["B"]),
            AttributeChange(name: "description", old: ["x", "y"], new: ["y", "z"]),
            AttributeChange(name: "jpegphoto", old: [Octets([1])], new: [Octets([2])]),
            AttributeChange(name: "title", old: [], new: ["t"]),
            AttributeChange(name: "pwdaccountlockedtime", old: [], new: ["000001010000Z"]),
        ]
        let modify = WriteOperation.modify(first.anchor, name: first.name, version: first.version, changes: changes)
        guard case .done(let second) = await Self.perform(writer, modify) else { throw TestFailure("not modified") }
        for change in changes { #expect(second.attributes[change.name] == change.new) }
        #expect(second.version.supersedes(first.version))

        #expect(await Self.perform(writer, modify) == .stale(second))
        let unversioned = WriteOperation.modify(first.anchor, name: first.name, version: .unordered, changes: changes)
        #expect(await Self.perform(writer, unversioned) == .stale(second))
        let cleared = WriteOperation.modify(
            first.anchor,
            name: first.name,
            version: second.version,
            changes: changes.dropFirst().map { AttributeChange(name: $0.name, old: $0.new, new: []) }
        )
        guard case .done(let third) = await Self.perform(writer, cleared) else { throw TestFailure("not cleared") }
        #expect(third.attributes.names == ["cn", "objectclass", "sn", "uid"])
        let invalid = WriteOperation.modify(
            first.anchor,
            name: first.name,
            version: third.version,
            changes: [AttributeChange(name: "manager", old: [], new: ["no DN"])]
        )
        guard case .refused(let refusal) = await Self.perform(writer, invalid) else { throw TestFailure("not refused") }
        #expect(refusal.reason == .invalid)
        #expect(refusal.code == 21)
        let doubled = WriteOperation.modify(
            first.anchor,
            name: first.name,
            version: third.version,
            changes: [AttributeChange(name: "mail", old: [], new: ["a@x", "A@X"])]
        )
        guard case .refused(let twice) = await Self.perform(writer, doubled) else { throw TestFailure("not refused") }
        #expect(twice.code == 20)
        await writer.close()
    }

    @Test func `a name that now belongs to another entry is not hit`() async throws {
        let slapd = try TestSlapd(.syncprov)
        let writer = try Self.writer(slapd)
        let old = try await Self.added(writer, "a")
        #expect(await Self.perform(writer, .delete(old.anchor, name: old.name, version: old.version)) == .deleted)
        let other = try await Self.added(writer, "a")
        #expect(other.anchor != old.anchor)
        let changes = [AttributeChange(name: "sn", old: ["A"], new: ["B"])]
        for version in [old.version, .unordered, other.version] {
            let modify = WriteOperation.modify(old.anchor, name: old.name, version: version, changes: changes)
            #expect(await Self.perform(writer, modify) == .gone)
            #expect(await Self.perform(writer, .delete(old.anchor, name: old.name, version: version)) == .gone)
        }
        #expect(await Self.perform(writer, .read(other.anchor)) == .done(other))
        #expect(await Self.perform(writer, .confirmAbsence(other.anchor, LastSeen())) == .done(other))
        await writer.close()
    }

    @Test func `without a log only an open container proves that an entry is gone`() async throws {
        let slapd = try TestSlapd(.syncprov)
        let writer = try Self.writer(slapd)
        let gone = try await Self.added(writer, "a")
        let other = try await Self.added(writer, "b")
        let people = try #require(gone.name.parent)
        guard case .done(let container) = await Self.perform(writer, .readName(people)) else {
            throw TestFailure("the container can't be read")
        }
        let delete = WriteOperation.delete(gone.anchor, name: gone.name, version: gone.version)
        #expect(await Self.perform(writer, delete) == .deleted)
        func absence(_ parent: Anchor?) async -> WriteOutcome {
            await Self.perform(writer, .confirmAbsence(gone.anchor, LastSeen(parent: parent)))
        }
        #expect(await absence(container.anchor) == .gone)
        #expect(await absence(nil) == .hidden)
        // A container that is not shown itself.
        #expect(await absence(Anchor(high: 5, low: 5)) == .hidden)
        let last = WriteOperation.delete(other.anchor, name: other.name, version: other.version)
        #expect(await Self.perform(writer, last) == .deleted)
        #expect(await absence(container.anchor) == .gone)
        await writer.close()
    }

    @Test func `a rename moves, and says what stands in its way`() async throws {
        let slapd = try TestSlapd(.syncprov)
        let writer = try Self.writer(slapd)
        let first = try await Self.added(writer, "a")
        let taken = try await Self.added(writer, "b")
        func rename(_ to: DistinguishedName, _ version: Version) async -> WriteOutcome {
            await Self.perform(writer, .rename(first.anchor, name: first.name, version: version, newName: to))
        }
        guard case .refused(let refusal) = await rename(taken.name, first.version) else {
            throw TestFailure("not refused")
        }
        #expect(refusal.reason == .nameTaken)
        let nowhere = try DistinguishedName(parsing: "uid=a,ou=nowhere,\(TestSlapd.suffix)")
        guard case .refused(let lost) = await rename(nowhere, first.version) else { throw TestFailure("not refused") }
        #expect(lost.reason == .noParent)
        let away = try DistinguishedName(parsing: "uid=c,ou=away,\(TestSlapd.suffix)")
        guard case .done(let moved) = await rename(away, first.version) else { throw TestFailure("not moved") }
        #expect(moved.name == away)
        #expect(moved.anchor == first.anchor)
        #expect(moved.attributes["uid"] == ["c"])
        #expect(await rename(away, first.version) == .stale(moved))
        let late = WriteOperation.modify(
            first.anchor,
            name: first.name,
            version: first.version,
            changes: [AttributeChange(name: "sn", old: ["A"], new: ["B"])]
        )
        #expect(await Self.perform(writer, late) == .stale(moved))
        let ou = try DistinguishedName(parsing: "ou=away,\(TestSlapd.suffix)")
        guard case .done(let container) = await Self.perform(writer, .readName(ou)) else {
            throw TestFailure("not there")
        }
        let delete = WriteOperation.delete(container.anchor, name: ou, version: container.version)
        guard case .refused(let full) = await Self.perform(writer, delete) else { throw TestFailure("not refused") }
        #expect(full.reason == .notLeaf)
        await writer.close()
    }

    @Test func `many writes in flight all complete`() async throws {
        let slapd = try TestSlapd(.accesslog)
        let writer = try Self.writer(slapd)
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<300 {
                group.addTask { (try? await Self.added(writer, "n\(number)")) != nil }
            }
            for await isAdded in group { #expect(isAdded) }
        }
        await writer.close()
    }

    @Test func `without a server writes are unavailable, and after a lost answer unknown`() async throws {
        let slapd = try TestSlapd(.syncprov)
        let writer = try Self.writer(slapd)
        let entry = try await Self.added(writer, "a")
        slapd.pause()
        let lost = Task { await Self.perform(writer, try Self.add("b")) }
        try await slapd.untilRequestIsPending()
        let read = Task { await Self.perform(writer, .read(entry.anchor)) }
        slapd.stop(SIGKILL)
        #expect(try await lost.value == .unknown)
        #expect(await read.value == .unavailable)
        #expect(await Self.perform(writer, try Self.add("c")) == .unavailable)
        try slapd.start()
        var outcome = WriteOutcome.unavailable
        for _ in 0..<1000 where outcome == .unavailable {
            outcome = await Self.perform(writer, .read(entry.anchor))
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(outcome == .done(entry))
        await writer.close()
    }

    @Test func `a server without controls gives the same outcomes`() async throws {
        let slapd = try TestSlapd(.none)
        let plan = WritePlan(
            view: try TestSlapd.view(),
            schema: AttributeSchema(),
            supportsAssertion: false,
            supportsPostRead: false,
            supportsPermissiveModify: false,
            supportsMatchedValues: false
        )
        let writer = MiniOrangeWriter(
            settings: try slapd.settings(),
            view: try TestSlapd.view(),
            logger: Logger(label: "test"),
            limitedTo: plan
        )
        let first = try await Self.added(writer, "a", ["description": ["x"]])
        let changes = [AttributeChange(name: "sn", old: ["A"], new: ["B"])]
        let modify = WriteOperation.modify(first.anchor, name: first.name, version: first.version, changes: changes)
        guard case .done(let second) = await Self.perform(writer, modify) else { throw TestFailure("not modified") }
        #expect(second.attributes["sn"] == ["B"])
        #expect(await Self.perform(writer, modify) == .stale(second))
        let newName = try Self.name("b")
        let rename = WriteOperation.rename(first.anchor, name: first.name, version: second.version, newName: newName)
        guard case .done(let third) = await Self.perform(writer, rename) else { throw TestFailure("not renamed") }
        #expect(third.name == newName)
        #expect(await Self.perform(writer, .delete(third.anchor, name: newName, version: third.version)) == .deleted)
        #expect(await Self.perform(writer, .read(third.anchor)) == .gone)
        await writer.close()
    }
}
