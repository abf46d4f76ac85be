import Fuzzing
import LDAPClient
import SyncModel
import Testing

@Suite struct FuzzTests {
    @Test func `Whatever a server sends, it is read or refused`() async {
        let campaign = Campaign()
        await #expect(processExitsWith: .success) { [path = campaign.path as String] in
            let server = try AnsweringServer()
            try await Campaign.run(Self.controls + Self.texts + [Self.messages(from: server)], path: path)
        }
        let verdict = campaign.verdict()
        #expect(verdict == nil, "\(verdict ?? "")")
    }

    private static func control(
        _ name: String,
        _ samples: [[UInt8]],
        _ oid: String,
        _ read: @escaping @Sendable ([LDAPControl]) throws -> Any?
    ) -> FuzzSubject {
        FuzzSubject(name, samples) { try read([LDAPControl(oid, isCritical: false, value: Octets($0))]) }
    }

    private static let uuid = [UInt8](0..<16)
    private static let entry: [UInt8] = [
        0x64, 27, 4, 1, 0x61, 0x30, 22, 0x30, 9, 4, 1, 0x62, 0x31, 4, 4, 2, 1, 2, 0x30, 9, 4, 2, 0x63, 0x6E, 0x31, 3, 4,
        1, 0x78,
    ]
    private static let infos: [[UInt8]] = [
        [0x80, 1, 0x63], [0xA1, 6, 4, 1, 0x63, 1, 1, 0], [0xA2, 3, 4, 1, 0x63],
        [0xA3, 44, 4, 1, 0x63, 1, 1, 0xFF, 0x31, 36, 4, 16] + uuid + [4, 16] + uuid,
    ]

    private static let controls: [FuzzSubject] = [
        control("paged results", [PagedResults.request(size: 9, cookie: "c").value?.bytes ?? []], PagedResults.oid) {
            try PagedResults(in: $0)
        },
        control("sync state", [[0x30, 24, 0x0A, 1, 3, 4, 16] + uuid + [4, 1, 0x63]], SyncState.oid) {
            try SyncState(in: $0)
        },
        control("sync done", [[0x30, 6, 4, 1, 0x63, 1, 1, 0xFF], [0x30, 0]], SyncDone.oid) { try SyncDone(in: $0) },
        control("DirSync", [DirSync.request(flags: [.incrementalValues], cookie: "k").value?.bytes ?? []], DirSync.oid)
        {
            try DirSync(in: $0)
        },
        control("read entry", [entry, [0x30] + entry.dropFirst()], ReadEntryControl.postRead.oid) {
            try ReadEntryControl.postRead.entry(in: $0)
        },
        FuzzSubject("sync info", infos) { try SyncInfo(oid: SyncInfo.oid, value: Octets($0)) },
        FuzzSubject("BER", infos + [entry, [2, 8, 127, 255, 255, 255, 255, 255, 255, 255], [0x30, 0x84, 0, 0, 0, 0]]) {
            try walk(BERReader(Octets($0)), 0)
        },
    ]

    /// Reads every element by its tag; integers come back as they were.
    private static func walk(_ reader: BERReader, _ depth: Int) throws -> Int {
        var reader = reader
        var count = 0
        while let tag = reader.nextTag {
            count += 1
            if tag == BERTag.integer {
                let number = try reader.integer()
                var writer = BERWriter()
                writer.integer(number)
                var again = BERReader(writer.octets)
                try Violation.unless(try again.integer() == number, "\(number) is written as another number")
            } else if tag & 0x20 != 0, depth < 64 {
                count += try walk(try reader.constructed(tag), depth + 1)
            } else {
                _ = try reader.octetString(tag)
            }
        }
        return count
    }

    private static let texts: [FuzzSubject] = [
        .text(
            "endpoint",
            [
                "ldaps://dc1.example.com", "ldap://[::1]:389/", "ldapi://%2Frun%2Fslapd%2Fldapi",
                "ldap://127.0.0.1:65535",
            ],
            tokens: ["[", "]", ":", "%", "//", "@", "?"]
        ) { text in
            let endpoint = try LDAPEndpoint(text)
            try Violation.unless(try LDAPEndpoint(endpoint.uri) == endpoint, "its URI is another endpoint")
            return endpoint
        },
        .text(
            "diagnostic of Active Directory",
            [
                "80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data 52e, v4563",
                "0000052D: SvcErr: DSID-031A124C, problem 5003 (WILL_NOT_PERFORM), data 0",
            ],
            tokens: ["data ", ":", "problem "]
        ) { ActiveDirectoryDiagnostic($0) },
        .text("filter on its way", ["(&(a=b)(!(c=*d*)))", "(a:=\\2a)"], tokens: ["(", "(&", "(!", "*", "\\"]) {
            try AssertionControl.filter($0)
        },
    ]

    /// Whole messages through the library, from a server that sends what it likes after the bind.
    private static func messages(from server: AnsweringServer) -> FuzzSubject {
        let done: [UInt8] = [0x30, 12, 2, 1, 2, 0x65, 7, 0x0A, 1, 0, 4, 0, 4, 0]
        let result = [0x30, UInt8(entry.count + 3), 2, 1, 2] + entry
        let info: [UInt8] =
            [0x30, 0x28, 2, 1, 2, 0x79, 0x23, 0x80, 0x18] + Array(SyncInfo.oid.utf8) + [0x81, 7] + [
                0x80, 5, 1, 2, 3, 4, 5,
            ]
        let controls: [UInt8] =
            [0x30, 61, 2, 1, 2, 0x65, 7, 0x0A, 1, 0, 4, 0, 4, 0, 0xA0, 47, 0x30, 45, 4, 22]
            + Array(PagedResults.oid.utf8) + [1, 1, 0, 4, 16, 0x30, 14, 2, 1, 9, 4, 9] + [UInt8](repeating: 7, count: 9)
        let refusal: [UInt8] = [0x30, 17, 2, 1, 2, 0x65, 12, 0x0A, 1, 32, 4, 2, 0x64, 0x63, 4, 3, 0x65, 0x65, 0x65]
        let referral: [UInt8] = [0x30, 19, 2, 1, 2, 0x73, 14, 4, 12] + Array("ldap://a/b=c".utf8)
        let notice: [UInt8] =
            [0x30, 0x24, 2, 1, 0, 0x78, 0x1F, 0x0A, 1, 52, 4, 0, 4, 0, 0x8A, 0x16]
            + Array("1.3.6.1.4.1.1466.20036".utf8)
        let samples = [done, result + done, result + info + done, controls, refusal, referral + result + done, notice]
        return FuzzSubject("messages", waiting: samples, cost: 20) { octets in
            server.send(octets)
            let connection = try await LDAPConnection.open(server.endpoint)
            defer { connection.close() }
            let stream = connection.stream(SearchRequest(base: "", scope: .subtree))
            var count = 0
            while case let events = try await stream.nextBatch(), !events.isEmpty { count += events.count }
            // Each takes more than an octet of what was sent.
            try Violation.unless(count <= octets.count, "\(count) events of \(octets.count) octets")
        }
    }
}
