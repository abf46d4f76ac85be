import Foundation
import Support
import SyncModel
import Testing

extension GatewayTests {
    /// Clients that mean the gateway ill, from three addresses, until the file `stop` is there: connections that never say anything or stop within the
    /// handshake, requests that come octet by octet, and messages that are none. Says `ready` once all of them are at it.
    private static let abuser = #"""
        import os, socket, ssl, sys, threading, time
        host, secure, plain, stop, ready = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        trusting = ssl._create_unverified_context()
        bombs = [b"\x30\x84\x7f\xff\xff\xff", b"\x30" * 70000, b"\x30\x80\x02\x01",
                 b"\x30\x82\xff\xff" + bytes(65535), b"GET / HTTP/1.1\r\n\r\n", b"\x30\x84\xff\xff\xff\xff\x00"]
        counts = {"opened": 0, "bombs": 0, "slow": 0}

        def connect(number, port):
            return socket.create_connection((host, port), timeout=5, source_address=("127.77.0.%d" % (1 + number % 3), 0))

        def half_open():
            held = []
            while not os.path.exists(stop):
                for number in range(900 - len(held)):
                    try:
                        one = connect(number, secure)
                        if number % 3 == 0: one.sendall(b"\x16\x03\x01\x02\x00\x01")
                        held.append(one)
                        counts["opened"] += 1
                    except OSError: pass
                time.sleep(0.5)
                alive = []
                for one in held:
                    one.setblocking(False)
                    try:
                        if one.recv(1) == b"": one.close(); continue
                    except BlockingIOError: pass
                    except OSError: one.close(); continue
                    alive.append(one)
                held = alive

        def bomb():
            number = 0
            while not os.path.exists(stop):
                number += 1
                try:
                    one = connect(number, plain if number % 2 else secure)
                    if number % 10 == 0: one = trusting.wrap_socket(one)
                    one.settimeout(0.2)
                    one.sendall(bombs[number % len(bombs)])
                    counts["bombs"] += 1
                    one.recv(100)
                    one.close()
                except OSError: pass
                time.sleep(0.01)

        def slow(number):
            while not os.path.exists(stop):
                try:
                    one = trusting.wrap_socket(connect(number, secure))
                    counts["slow"] += 1
                    for octet in b"\x30\x81\x90\x02\x01\x01\x60\x81\x8a\x02\x01\x03" + b"x" * 200:
                        if os.path.exists(stop): break
                        one.sendall(bytes([octet]))
                        time.sleep(0.1)
                except OSError: time.sleep(0.2)

        for work in [half_open, bomb] + [lambda n=n: slow(n) for n in range(10)]:
            threading.Thread(target=work).start()
        while counts["opened"] < 800 or counts["bombs"] < 50 or counts["slow"] < 10: time.sleep(0.1)
        open(ready, "w").close()
        while threading.active_count() > 1: time.sleep(0.1)
        print(counts)
        """#

    /// Octets of a process that are in memory.
    private func residentSize(_ identifier: Int32) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.filter(\.isNumber))) * 1_024
    }

    private func isThere(_ file: String) -> Bool { FileManager.default.fileExists(atPath: file) }

    @Test func abuseOfTheGatewayHarmsNeitherTheSyncNorWhoBehaves() async throws {
        let limits = "limits: {connections: 900, connectionsPerAddress: 250, handshake: 5s}"
        let ground = try await ground("gwx", limits)
        let (script, stop, ready) = ("\(ground.folder)/abuse.py", "\(ground.folder)/stop", "\(ground.folder)/ready")
        try Self.abuser.write(toFile: script, atomically: true, encoding: .utf8)
        try await withDaemon(ground) { daemon in
            let anna = try await person("anna", "Erstes-Wort-1", ground)
            #expect(try await bind(uri(ground), anna.account, "Erstes-Wort-1", ground) == 0)
            let before = try residentSize(daemon.identifier)
            let abuser = try RunningProgram.start(
                ["/usr/bin/python3", script, ground.lab["LAB_ADDRESS"], "1636", "1389", stop, ready],
                input: "/dev/null",
                output: "\(ground.folder)/abuse.log",
                errors: nil
            )
            let result: Result<Void, any Error>
            do {
                result = .success(try await goesOn(daemon, anna, ready, from: before))
            } catch {
                result = .failure(error)
            }
            try "".write(toFile: stop, atomically: true, encoding: .utf8)
            #expect(await abuser.ended() == 0)
            try result.get()
            try await eventually("all of them are gone") {
                try await daemon.status()?.gateway?.connections == 0
            }
        }
    }

    /// While the abuse is under way.
    private func goesOn(_ daemon: Daemon, _ anna: GatewayPerson, _ ready: String, from before: Int) async throws {
        let ground = daemon.ground
        try await eventually("the abuse is under way") { isThere(ready) }
        try await ground.ad.set(anna.ad, "title", "set at AD")
        try await ground.miniorange.set(anna.miniorange, "mobile", "set there")
        try await eventually("both changes have crossed") {
            let title = try await ground.miniorange.entry(anna.miniorange)?.text("title")
            let mobile = try await ground.ad.entry(anna.ad)?.text("mobile")
            return title == "set at AD" && mobile == "set there"
        }
        #expect(try await bind(uri(ground), anna.account, "Erstes-Wort-1", ground) == 0)
        let gateway = try #require(try await daemon.status()?.gateway)
        #expect(gateway.connections > 500 && gateway.connections <= 900)
        #expect(gateway.refusedConnections > 0)
        let grown = try residentSize(daemon.identifier) - before
        #expect(grown < (Sanitizer.isUsed ? 500_000_000 : 100_000_000), "\(grown) octets more")
    }
}
