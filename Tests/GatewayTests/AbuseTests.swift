import Foundation
import LDAPClient
import NIOSSL
import SyncModel
import Testing

@testable import Gateway

/// The real listener, with clients that mean it ill. After each, one that behaves is served.
@Suite(.serialized) struct AbuseTests {
    private func isServed(_ gateway: RunningGateway) async throws {
        let client = try await gateway.client()
        client.close()
    }

    @Test(
        "What is no request ends the connection",
        arguments: [
            [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF], [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x00], [0x30, 0x80, 0x02, 0x01],
            Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), Array(repeating: 0x30, count: 70_000),
            [0x30, 0x82, 0xFF, 0xFF] + Array(repeating: 0, count: 65_535),
        ] as [[UInt8]]
    )
    func broken(octets: [UInt8]) async throws {
        try await withGateway { gateway in
            for tls in [nil, RawClient.trusting] {
                let client = try await RawClient.connect(tls == nil ? gateway.plain : gateway.secure, tls: tls)
                client.send(octets)
                try await client.eventually("the end") { $0.isClosed }
                #expect(client.code == 2)
            }
            try await isServed(gateway)
        }
    }

    @Test func octetsBehindStartTLSAreNotTakenForTheClients() async throws {
        try await withGateway { gateway in
            let start = MessageBytes.extended(1, ObjectIdentifiers.startTLS)
            for behind in [MessageBytes.bind(2, "anna", "secret"), [0x30], Array(repeating: 0x16, count: 100)] {
                let client = try await RawClient.connect(gateway.plain)
                client.send(start + behind)
                try await client.eventually("the end") { $0.isClosed }
            }
            #expect(gateway.directories.asked(.check(.ad)) == 0)
            try await isServed(gateway)
        }
    }

    @Test func noPasswordIsTakenInTheClear() async throws {
        try await withGateway { gateway in
            let client = try await RawClient.connect(gateway.plain)
            client.send(MessageBytes.bind(1, "anna", "secret"))
            try await client.eventually("the answer") { $0.code == 13 }
            #expect(gateway.directories.asked(.check(.ad)) == 0)
            await client.close()
        }
    }

    @Test(arguments: [false, true])
    func whoBeginsNoTLSHasToGo(isSecure: Bool) async throws {
        let limits = GatewaySettings.Limits.with { $0.handshake = .milliseconds(300) }
        try await withGateway(limits) { gateway in
            let client = try await RawClient.connect(isSecure ? gateway.secure : gateway.plain)
            if !isSecure { client.send(MessageBytes.search(1, base: "")) }
            try await client.eventually("the end") { $0.isClosed }
        }
    }

    @Test func whoSendsARequestOctetByOctetHasToGo() async throws {
        let limits = GatewaySettings.Limits.with { $0.message = .milliseconds(400) }
        try await withGateway(limits) { gateway in
            let client = try await RawClient.connect(gateway.secure, tls: RawClient.trusting)
            let begin = ContinuousClock.now
            for octet in MessageBytes.bind(1, "anna", String(repeating: "x", count: 4_000)) {
                guard !client.isClosed else { break }
                client.send([octet])
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(client.isClosed)
            #expect(ContinuousClock.now - begin < .seconds(20))
            #expect(gateway.directories.asked(.check(.ad)) == 0)
        }
    }

    @Test func whoSaysNothingHasToGo() async throws {
        let limits = GatewaySettings.Limits.with { $0.idle = .milliseconds(300) }
        try await withGateway(limits) { gateway in
            let client = try await RawClient.connect(gateway.secure, tls: RawClient.trusting)
            client.send(MessageBytes.bind(1, "anna", "secret"))
            try await client.eventually("the answer") { $0.code == 0 }
            try await client.eventually("the end") { $0.isClosed }
        }
    }

    @Test func connectionsAreLimitedByAddress() async throws {
        let limits = GatewaySettings.Limits.with { $0.connectionsPerAddress = 3 }
        try await withGateway(limits) { gateway in
            var clients: [RawClient] = []
            for _ in 0..<3 { clients.append(try await RawClient.connect(gateway.plain)) }
            try await clients[0].eventually("three") { _ in gateway.server.report.connections == 3 }
            let fourth = try await RawClient.connect(gateway.plain)
            try await fourth.eventually("the end") { $0.isClosed }
            #expect(gateway.server.report.refusedConnections == 1)
            await clients[0].close()
            try await fourth.eventually("two") { _ in gateway.server.report.connections == 2 }
            try await isServed(gateway)
            for client in clients { await client.close() }
        }
    }

    @Test func aThousandHandshakesThatComeToNothingLeaveRoomForOne() async throws {
        let limits = GatewaySettings.Limits.with {
            $0.handshake = .seconds(5)
            $0.connectionsPerAddress = 1_500
        }
        try await withGateway(limits) { gateway in
            var clients: [RawClient] = []
            for number in 0..<1_000 {
                let client = try await RawClient.connect(gateway.secure)
                // Some begin, and go no further.
                if number % 3 == 0 { client.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]) }
                clients.append(client)
            }
            try await isServed(gateway)
            for client in clients { try await client.eventually("the end") { $0.isClosed } }
            try await clients[0].eventually("none") { _ in gateway.server.report.connections == 0 }
        }
    }

    @Test func whoTakesNoAnswersIsNotReadEither() async throws {
        try await withGateway { gateway in
            let client = try await RawClient.connect(gateway.plain, reads: false)
            // Each is answered by some 300 octets that nobody takes.
            let requests = Array((0..<1_000).map { MessageBytes.search($0 + 1, base: "", attributes: ["+"]) }.joined())
            for _ in 0..<200 { client.send(requests) }
            try await Task.sleep(for: .milliseconds(200))
            #expect(!client.isWritable)
            try await isServed(gateway)
            #expect(!client.isWritable)
            await client.close()
        }
    }

    @Test func requestsThatWaitAreFew() async throws {
        let limits = GatewaySettings.Limits.with { $0.waitingRequests = 4 }
        try await withGateway(limits) { gateway in
            let client = try await RawClient.connect(gateway.secure, tls: RawClient.trusting)
            // They are carried out one by one, each after the pace of refusals; the limiter ends it.
            client.send(Array((1...50).map { MessageBytes.bind($0, "anna", "wrong") }.joined()))
            try await client.eventually("an answer") { $0.code == 49 }
            #expect(gateway.directories.asked(.check(.ad)) <= 2)
            await client.close()
        }
    }

    @Test func mutatedRequestsHarmNobody() async throws {
        try await withGateway { gateway in
            var random: UInt64 = 0xD1B5_4A32_D192_ED03
            func next(_ bound: Int) -> Int {
                random ^= random << 13
                random ^= random >> 7
                random ^= random << 17
                return Int(random % UInt64(bound))
            }
            let sound = [
                MessageBytes.passwordModify(2, "anna", "b", "c"), MessageBytes.search(4, base: "", attributes: ["a"]),
                MessageBytes.modify(3, "anna", [(1, "userPassword", ["x"]), (0, "userPassword", ["y"])]),
                MessageBytes.extended(5, "1.2", controls: [("1.3", true)]), MessageBytes.abandon(6, of: 1),
            ]
            for round in 0..<60 {
                let client = try await RawClient.connect(gateway.plain)
                var octets = (0..<20).flatMap { sound[(round + $0) % sound.count] }
                for _ in 0..<8 { octets[next(octets.count)] = UInt8(next(256)) }
                client.send(octets)
                await client.close()
            }
            try await isServed(gateway)
        }
    }
}
