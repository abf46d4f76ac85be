import Foundation
import Fuzzing
import LDAPClient
import Logging
import ServiceLifecycle
import SyncEngine
import SyncModel
import Testing

@testable import SyncService

@Suite struct FuzzTests {
    @Test func `Whatever a client or a server sends, it is read or refused`() async {
        let campaign = Campaign()
        await #expect(processExitsWith: .success) { [path = campaign.path as String] in
            try await Campaign.run(Self.subjects, path: path)
        }
        let verdict = campaign.verdict()
        #expect(verdict == nil, "\(verdict ?? "")")
    }

    @Test func `Whatever is sent to the admin socket, the next request is answered`() async {
        let campaign = Campaign()
        await #expect(processExitsWith: .success) { [path = campaign.path as String] in
            let socket = FileManager.default.temporaryDirectory.appendingPathComponent("sf-\(getpid()).sock").path
            let service = Self.server.socketApplication(
                path: socket,
                logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
            )
            let running = Task { try await service.run() }
            while !UnixSocket.isOpen(socket) { try await Task.sleep(for: .milliseconds(5)) }
            try await Campaign.run([Self.requests(to: socket)], path: path)
            running.cancel()
            try? FileManager.default.removeItem(atPath: socket)
        }
        let verdict = campaign.verdict()
        #expect(verdict == nil, "\(verdict ?? "")")
    }

    private static let subjects: [FuzzSubject] = [
        FuzzSubject(
            "resolution",
            ["{\"take\":\"ad\"}", "{\"values\":[\"YQ==\",\"\"]}", "{\"take\":\"base\",\"values\":null}"].map {
                Array($0.utf8)
            },
            tokens: ["{", "[", "\"", ":", ",", "null", "1e999", "\\u0000", "\\ud800"]
        ) { octets in
            let request = try JSONDecoder().decode(ResolutionRequest.self, from: Data(octets))
            guard let choice = request.choice else { return nil }
            try Violation.unless(ResolutionRequest(choice).choice == choice, "it does not come back as it was")
            return choice
        },
        .text(
            "time of a person",
            ["2h", "2026-01-31", "2026-01-31T12:00Z", "2026-01-31T12:00:00.5+01:00"],
            tokens: ["T", "Z", "+", "d"]
        ) {
            ConflictTime.parse($0, now: Timestamp(milliseconds: 1_700_000_000_000))
        },
        .text(
            "schema definition",
            [
                "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) MAY ( userPassword $ telephoneNumber ) )",
                "( 2.5.4.4 NAME ( 'sn' 'surname' ) SUP name SINGLE-VALUE USAGE userApplications X-ORDERED 'VALUES' )",
            ],
            tokens: ["(", ")", "'", "$", "NAME", "SUP", "MUST", "AUX", "person", "top"]
        ) { text in
            let schema = DirectorySchema(
                attributeTypes: [text],
                objectClasses: [text, "( 1.1 NAME 'top' SUP person )"]
            )
            return (
                schema.content(of: ["person", "top"]), schema.attribute("sn"), schema.permits("surname", in: ["person"])
            )
        },
        FuzzSubject(
            "configuration of slapd",
            [
                Array(
                    """
                    olcDatabase: {1}mdb
                    olcSuffix: dc=example,dc=com
                    olcDbIndex: objectClass,uid eq,sub
                    olcDbIndex: default pres
                    olcOverlay: {0}memberof
                    """.utf8
                )
            ],
            tokens: ["{", "}", ",", " ", "\n", "olcDbIndex: "]
        ) { octets in
            let attributes = attributeLines(octets).map { LDAPAttribute($0.name, $0.values.map { Octets($0) }) }
            return SlapdConfiguration(entries: [
                LDAPEntry(dn: "olcDatabase={1}mdb,cn=config", attributes: attributes),
                LDAPEntry(dn: "olcOverlay={0}memberof,olcDatabase={1}mdb,cn=config", attributes: attributes),
            ])
        },
    ]

    private static let server = AdminServer(
        status: { throw CancellationError() },
        isAlive: { true },
        setPaused: { _ in },
        resync: { name in
            guard let name else { return "all" }
            throw LookupError(description: name)
        },
        metrics: { "" },
        ask: { event in
            switch event {
            case .decide: .hold(.noSuchHold)
            case .drop, .retry: .isQuarantined(false)
            default: .resolution(.accepted)
            }
        },
        fetchStamps: { _ in },
        reconcile: { "" },
        inspected: { throw LookupError(description: "no cache") }
    )

    private static func requests(to socket: String) -> FuzzSubject {
        let samples = [
            "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /resync?entry=%2Cuid=a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "POST /conflicts/7/resolve HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\n{\"take\":\"ad\"}",
            "POST /conflicts/7/resolve HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"ta\r\n9\r\nke\":\"ad\"}\r\n0\r\n\r\n",
            "POST /holds/3/approve HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\n{\"pairs\":[7]}",
            "POST /quarantine/drop HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\n{\"pairs\":[7]}",
            "POST /queries/holds HTTP/1.1\r\nHost: a\r\nContent-Length: 88\r\n\r\n{\"report\":{\"showsEnded\":true},\"screen\":{\"isJSON\":false,\"columns\":80,\"isColoured\":false}}",
            "POST /queries/pairs HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n{\"entries\":[\"anna\"]}",
            "POST /stamps?pair=18446744073709551615 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ]
        let tokens = [
            "\r\n", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "HTTP/1.0", "HTTP/2.0", "Upgrade: h2c\r\n",
            "Expect: 100-continue\r\n",
            "%00", "?", "&", "=", "/", "..", "ffffffffffffffff\r\n", ":id",
        ]
        return FuzzSubject("admin requests", waiting: samples.map { Array($0.utf8) }, tokens: tokens, cost: 20) {
            octets in
            _ = try await UnixSocket.exchangeOnThread(octets, path: socket)
            let answer = try await UnixSocket.exchangeOnThread(
                Array("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8),
                path: socket
            )
            try Violation.unless(answer.starts(with: "HTTP/1.1 200".utf8), "the next request is not answered")
        }
    }
}
