import LDAPClient
import Logging
import MiniOrange
import SyncModel
import Testing

/// Who set what, and when, against a real slapd on which several people write.
@Suite(.serialized, .enabled(if: TestSlapd.isAvailable), .timeLimit(.minutes(2)))
struct StampTests {
    static let alice = "cn=alice,\(TestSlapd.suffix)"
    static let bob = "cn=bob,\(TestSlapd.suffix)"
    static let account = "cn=syncline,\(TestSlapd.suffix)"
    static let open = "access to attrs=userPassword by anonymous auth\naccess to * by users write"

    /// A server with three accounts, one of them ours, and what was written there.
    final class Directory: Sendable {
        let slapd: TestSlapd
        let writer: MiniOrangeWriter

        init(
            _ overlays: TestSlapd.Overlays = .accesslog,
            sizeLimit: String = "unlimited",
            ofLog: String = "",
            people: Int = 1
        ) async throws {
            let slapd = try TestSlapd(
                overlays,
                sizeLimit: sizeLimit,
                extra: StampTests.open,
                ofLog: ofLog,
                people: people
            )
            self.slapd = slapd
            var settings = try slapd.settings()
            settings.credentials = .simple(name: "CN=Syncline, dc=syncline,dc=test", password: "secret")
            writer = MiniOrangeWriter(
                settings: settings,
                view: try TestSlapd.view(),
                logger: Logger(label: "test")
            )
            let connection = try await slapd.connect()
            for name in ["alice", "bob", "syncline"] {
                let attributes = [
                    LDAPAttribute("objectClass", ["applicationProcess", "simpleSecurityObject"]),
                    LDAPAttribute("cn", [Octets(name)]), LDAPAttribute("userPassword", ["secret"]),
                ]
                _ = try await connection.perform(.add(dn: "cn=\(name),\(TestSlapd.suffix)", attributes: attributes))
            }
        }

        /// Whoever writes, with the version that it made.
        func change(_ who: String, _ operation: LDAPOperation) async throws -> ChangeSequenceNumber {
            let connection = try await slapd.connect(as: who)
            let response = try await connection.perform(operation)
            let entry = try ReadEntryControl.postRead.entry(in: response.controls)
            return try entry?.first("entryCSN").flatMap(ChangeSequenceNumber.init(parsing:))
                ?? { throw TestFailure("no version") }()
        }

        func set(_ who: String, _ uid: String, _ values: [(String, Octets)]) async throws -> ChangeSequenceNumber {
            let modifications = values.map { Modification(.replace, $0.0, [$0.1]) }
            let dn = try WriterTests.name(uid).description
            return try await change(
                who,
                .modify(dn: dn, modifications: modifications, controls: [StampTests.postRead])
            )
        }

        func anchor(_ uid: String) async throws -> Anchor {
            let name = try WriterTests.name(uid)
            guard case .done(let entry) = await WriterTests.perform(writer, .readName(name)) else {
                throw TestFailure("not there")
            }
            return entry.anchor
        }

        func stamps(_ anchor: Anchor, _ attributes: [String]) async throws -> (EntrySnapshot, [String: Stamp]) {
            let outcome = await WriterTests.perform(writer, .readStamps(anchor, attributes: attributes))
            guard case .stamped(let snapshot, let stamps) = outcome else { throw TestFailure("no stamps") }
            return (snapshot, Dictionary(stamps.map { ($0.attribute, $0.stamp) }) { first, _ in first })
        }
    }

    static let postRead = ReadEntryControl.postRead.request(["entryUUID", "entryCSN"])

    static func stamp(
        _ number: ChangeSequenceNumber,
        _ author: String?,
        _ source: Stamp.Source = .log,
        isOurs: Bool = false
    ) -> Stamp {
        Stamp(
            time: number.timestamp,
            granularity: 1,
            source: source,
            server: "000",
            author: author,
            isOurs: isOurs
        )
    }

    @Test func `each attribute has the stamp of whoever changed it last`() async throws {
        let directory = try await Directory()
        let added = try await directory.change(
            Self.alice,
            .add(
                dn: try WriterTests.name("a").description,
                attributes: [
                    LDAPAttribute("objectClass", ["inetOrgPerson"]), LDAPAttribute("cn", ["A"]),
                    LDAPAttribute("sn", ["A"]), LDAPAttribute("title", ["one"]),
                ],
                controls: [Self.postRead]
            )
        )
        let anchor = try await directory.anchor("a")
        let asked = ["title", "mail", "description", "sn", "manager", "@name"]
        let (_, onlyAdded) = try await directory.stamps(anchor, asked)
        #expect(onlyAdded == Dictionary(uniqueKeysWithValues: asked.map { ($0, Self.stamp(added, Self.alice)) }))

        let both = try await directory.set(Self.bob, "a", [("TITLE", "two"), ("mail", "a@syncline.test")])
        let late = try await directory.set(Self.alice, "a", [("mail", "b@syncline.test")])
        let (snapshot, _) = try await directory.stamps(anchor, asked)
        let change = AttributeChange(name: "description", old: [], new: ["ours"])
        let modify = WriteOperation.modify(
            anchor,
            name: snapshot.name,
            version: snapshot.version,
            changes: [change]
        )
        guard case .done(let written) = await WriterTests.perform(directory.writer, modify),
            case .csn(let ours) = written.version
        else { throw TestFailure("not written") }
        // Whoever writes the same again has not set it.
        _ = try await directory.set(Self.alice, "a", [("title", "two")])
        let (last, stamps) = try await directory.stamps(anchor, asked)
        #expect(last.attributes["title"] == ["two"])
        #expect(stamps["title"] == Self.stamp(both, Self.bob))
        #expect(stamps["mail"] == Self.stamp(late, Self.alice))
        #expect(stamps["description"] == Self.stamp(ours, Self.account, isOurs: true))
        for name in ["sn", "manager", "@name"] { #expect(stamps[name] == Self.stamp(added, Self.alice)) }
        #expect(both < late && late < ours)
        await directory.writer.close()
    }

    @Test func `a rename sets the name and what the name is made of, a move only the name`() async throws {
        let directory = try await Directory()
        let anchor = try await directory.anchor("u0")
        let titled = try await directory.set(Self.alice, "u0", [("title", "x"), ("uid", "u0")])
        let renamed = try await directory.change(
            Self.bob,
            .rename(
                dn: try WriterTests.name("u0").description,
                newRDN: "UserID=b",
                newSuperior: nil,
                deleteOldRDN: true,
                controls: [Self.postRead]
            )
        )
        let asked = ["@name", "uid", "title"]
        var (snapshot, stamps) = try await directory.stamps(anchor, asked)
        #expect(snapshot.attributes["uid"] == ["b"])
        #expect(stamps["@name"] == Self.stamp(renamed, Self.bob))
        #expect(stamps["uid"] == Self.stamp(renamed, Self.bob))
        #expect(stamps["title"] == Self.stamp(titled, Self.alice))
        let moved = try await directory.change(
            Self.alice,
            .rename(
                dn: try WriterTests.name("b").description,
                newRDN: "uid=b",
                newSuperior: "ou=away,\(TestSlapd.suffix)",
                deleteOldRDN: true,
                controls: [Self.postRead]
            )
        )
        (_, stamps) = try await directory.stamps(anchor, asked)
        #expect(stamps["@name"] == Self.stamp(moved, Self.alice))
        #expect(stamps["uid"] == Self.stamp(renamed, Self.bob))
        #expect(stamps["title"] == Self.stamp(titled, Self.alice))
        await directory.writer.close()
    }

    @Test(
        arguments: [
            (TestSlapd.Overlays.none, ""), (.syncprov, ""), (.accesslog, "access to * by * none"),
            (.accesslog, "access to dn.base=cn=accesslog by * read\naccess to * by * none"),
            (.accesslog, "access to attrs=reqMod by * none\naccess to * by * read"),
        ]
    )
    func `without a log that can be read the entry's last change is told`(
        _ overlays: TestSlapd.Overlays,
        _ ofLog: String
    ) async throws {
        let directory = try await Directory(overlays, ofLog: ofLog)
        let anchor = try await directory.anchor("u0")
        _ = try await directory.set(Self.alice, "u0", [("title", "x")])
        let last = try await directory.set(Self.bob, "u0", [("mail", "x@syncline.test")])
        for _ in 0..<2 {
            let (_, stamps) = try await directory.stamps(anchor, ["title", "mail", "@name"])
            for name in ["title", "mail", "@name"] { #expect(stamps[name] == Self.stamp(last, Self.bob, .entry)) }
        }
        guard case .done(let entry) = await WriterTests.perform(directory.writer, .read(anchor)) else {
            throw TestFailure("not read")
        }
        let change = AttributeChange(name: "title", old: ["x"], new: ["y"])
        let modify = WriteOperation.modify(anchor, name: entry.name, version: entry.version, changes: [change])
        _ = await WriterTests.perform(directory.writer, modify)
        let (_, stamps) = try await directory.stamps(anchor, ["mail"])
        #expect(stamps["mail"]?.isOurs == true)
        await directory.writer.close()
    }

    @Test func `what was set before the log begins was set by then`() async throws {
        let directory = try await Directory(people: 2)
        let anchor = try await directory.anchor("u0")
        let other = try await directory.anchor("u1")
        let titled = try await directory.set(Self.alice, "u0", [("title", "x")])
        let untouched = try await directory.set(Self.bob, "u1", [("title", "x")])
        try directory.slapd.purgeLog()
        try directory.slapd.start()
        let mailed = try await directory.set(Self.bob, "u0", [("mail", "x@syncline.test")])
        try await reconnect(directory, anchor)
        let (_, stamps) = try await directory.stamps(anchor, ["title", "mail", "@name"])
        #expect(stamps["mail"] == Self.stamp(mailed, Self.bob))
        for name in ["title", "@name"] {
            let stamp = try #require(stamps[name])
            #expect(stamp.source == .entry && stamp.author == nil && !stamp.isOurs)
            #expect(stamp.time >= titled.timestamp && stamp.time <= mailed.timestamp)
        }
        // Not changed since: who changed it last is still known.
        let (_, ofOther) = try await directory.stamps(other, ["title"])
        #expect(ofOther["title"] == Self.stamp(untouched, Self.bob, .entry))
        await directory.writer.close()
    }

    private func reconnect(_ directory: Directory, _ anchor: Anchor) async throws {
        for _ in 0..<2000 {
            if case .done = await WriterTests.perform(directory.writer, .read(anchor)) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TestFailure("no connection")
    }

    @Test func `an entry that is gone has no stamps`() async throws {
        let directory = try await Directory()
        let anchor = try await directory.anchor("u0")
        let connection = try await directory.slapd.connect()
        _ = try await connection.perform(.delete(dn: try WriterTests.name("u0").description))
        let outcome = await WriterTests.perform(directory.writer, .readStamps(anchor, attributes: ["title"]))
        #expect(outcome == .gone)
        await directory.writer.close()
    }

    @Test func `many readings at once each get their own`() async throws {
        let directory = try await Directory(people: 200)
        let connection = try await directory.slapd.connect(as: Self.bob)
        let changes = try (0..<200).map { number in
            PipelinedRequest.operation(
                .modify(
                    dn: try WriterTests.name("u\(number)").description,
                    modifications: [Modification(.replace, "title", [Octets("t\(number)")])],
                    controls: [Self.postRead]
                )
            )
        }
        var anchors: [(Anchor, ChangeSequenceNumber)] = []
        for answer in await connection.pipeline(changes) {
            guard case .response(let response) = try answer.get(),
                let entry = try ReadEntryControl.postRead.entry(in: response.controls),
                let anchor = entry.first("entryUUID").flatMap(Anchor.init(entryUUID:)),
                let number = entry.first("entryCSN").flatMap(ChangeSequenceNumber.init(parsing:))
            else { throw TestFailure("no answer") }
            anchors.append((anchor, number))
        }
        let writer = directory.writer
        await withTaskGroup(of: Bool.self) { group in
            for (anchor, number) in anchors {
                group.addTask {
                    let outcome = await WriterTests.perform(writer, .readStamps(anchor, attributes: ["title"]))
                    guard case .stamped(let snapshot, let stamps) = outcome, snapshot.anchor == anchor else {
                        return false
                    }
                    return stamps == [AttributeStamp(attribute: "title", stamp: Self.stamp(number, Self.bob))]
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        await directory.writer.close()
    }

    @Test func `a stamp is never older than the value that is read with it`() async throws {
        let directory = try await Directory()
        let anchor = try await directory.anchor("u0")
        let slapd = directory.slapd
        let connection = try await slapd.connect(as: Self.alice)
        let dn = try WriterTests.name("u0").description
        let writing = Task {
            var times: [Octets: Timestamp] = [:]
            for number in 0..<400 {
                let name = number % 3 == 0 ? "title" : "mail"
                let value = Octets("\(number)@syncline.test")
                let modify = LDAPOperation.modify(
                    dn: dn,
                    modifications: [Modification(.replace, name, [value])],
                    controls: [Self.postRead]
                )
                let controls = try await connection.perform(modify).controls
                let entry = try ReadEntryControl.postRead.entry(in: controls)
                times[value] = entry?.first("entryCSN").flatMap(ChangeSequenceNumber.init(parsing:))?.timestamp
            }
            return times
        }
        var seen: [(Octets, Timestamp)] = []
        for _ in 0..<200 {
            let (snapshot, stamps) = try await directory.stamps(anchor, ["title"])
            if let value = snapshot.attributes["title"].first, let stamp = stamps["title"] {
                seen.append((value, stamp.time))
            }
        }
        let times = try await writing.value
        for (value, time) in seen { if let written = times[value] { #expect(time >= written) } }
        #expect(!seen.isEmpty)
        await directory.writer.close()
    }

    @Test func `a long history costs a narrow search`() async throws {
        let directory = try await Directory()
        let anchor = try await directory.anchor("u0")
        let titled = try await directory.set(Self.bob, "u0", [("title", "x"), ("description", "y")])
        let connection = try await directory.slapd.connect(as: Self.alice)
        let dn = try WriterTests.name("u0").description
        let changes = (0..<2000).map { number in
            PipelinedRequest.operation(
                .modify(
                    dn: dn,
                    modifications: [
                        Modification(.replace, "mail", [Octets("\(number)@syncline.test")]),
                        Modification(.replace, "jpegPhoto", [Octets(Array(repeating: UInt8(number % 256), count: 99))]),
                    ]
                )
            )
        }
        // A server takes so many requests at once, and no more.
        for start in stride(from: 0, to: changes.count, by: 500) {
            for answer in await connection.pipeline(Array(changes[start..<start + 500])) { _ = try answer.get() }
        }
        _ = try await directory.stamps(anchor, ["@name"])
        let before = try await directory.slapd.octetsSent(connection)
        let (_, stamps) = try await directory.stamps(anchor, ["title"])
        let octets = try await directory.slapd.octetsSent(connection) - before
        #expect(stamps["title"] == Self.stamp(titled, Self.bob))
        #expect(octets < 4000)
        await directory.writer.close()
    }

    @Test(arguments: [true, false])
    func `a server that limits searches is asked in pages, where it allows that`(_ allowsPages: Bool) async throws {
        let limit = "size.soft=5 size.hard=soft size.prtotal=\(allowsPages ? "unlimited" : "5")"
        let directory = try await Directory(sizeLimit: limit, people: 2)
        let anchor = try await directory.anchor("u0")
        var last: ChangeSequenceNumber?
        for number in 0..<12 { last = try await directory.set(Self.bob, "u0", [("title", Octets("t\(number)"))]) }
        let (_, stamps) = try await directory.stamps(anchor, ["title"])
        #expect(stamps["title"] == last.map { Self.stamp($0, Self.bob, allowsPages ? .log : .entry) })
        // One that has fewer records is told by them all the same.
        let other = try await directory.anchor("u1")
        let once = try await directory.set(Self.alice, "u1", [("title", "x")])
        let (_, ofOther) = try await directory.stamps(other, ["title"])
        #expect(ofOther["title"] == Self.stamp(once, Self.alice))
        await directory.writer.close()
    }
}
