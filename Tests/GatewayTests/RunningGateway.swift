import Foundation
import LDAPClient
import Logging
import SyncModel

@testable import Gateway

/// A gateway that listens on loopback, before directories in memory.
struct RunningGateway {
    let server: GatewayServer
    let directories: FakeDirectories
    let memory: GatewayMemory
    let secure: LDAPEndpoint
    let plain: LDAPEndpoint
    let folder: URL

    var certificate: String { folder.appending(path: "gateway.crt").path }
    var key: String { folder.appending(path: "gateway.key").path }

    /// Its certificate is its own authority.
    static func start(_ limits: GatewaySettings.Limits = .init()) async throws -> RunningGateway {
        let folder = FileManager.default.temporaryDirectory.appending(path: "syncline-gateway-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try makeCertificate(in: folder)
        let endpoint = GatewayServer.Endpoint(
            secure: .init(host: "127.0.0.1", port: 0),
            plain: .init(host: "127.0.0.1", port: 0),
            certificateFile: folder.appending(path: "gateway.crt").path,
            keyFile: folder.appending(path: "gateway.key").path
        )
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = try GatewayServer(endpoint: endpoint, limits: limits, logger: logger)
        try await server.listen()
        let directories = FakeDirectories(["anna": PasswordGatewayTests.anna])
        let memory = try GatewayMemory()
        server.use(
            PasswordGateway(
                settings: GatewaySettings(authority: .ad, limits: limits),
                directories: directories,
                memory: memory,
                logger: logger,
                audit: logger
            )
        )
        let ports = server.report.listening.compactMap { $0.split(separator: ":").last.flatMap { UInt16($0) } }
        return RunningGateway(
            server: server,
            directories: directories,
            memory: memory,
            secure: LDAPEndpoint(transport: .ldaps, host: "127.0.0.1", port: ports[0]),
            plain: LDAPEndpoint(transport: .ldap, host: "127.0.0.1", port: ports[1]),
            folder: folder
        )
    }

    static func makeCertificate(in folder: URL) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments =
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
            + ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
            + ["-keyout", folder.appending(path: "gateway.key").path]
            + ["-out", folder.appending(path: "gateway.crt").path]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw WireTestFailure() }
    }

    func end() async {
        await server.drain()
        try? FileManager.default.removeItem(at: folder)
    }

    /// A client that behaves, by the other implementation of LDAP.
    func client(startTLS: Bool = false, name: String = "anna", _ password: String = "secret") async throws
        -> LDAPConnection
    {
        try await LDAPConnection.open(
            startTLS ? plain : secure,
            tls: TLSSettings(caFile: certificate, startTLS: startTLS),
            bind: .simple(name: name, password: Octets(password))
        )
    }
}

/// Runs a gateway beside a test's body.
func withGateway<Value>(
    _ limits: GatewaySettings.Limits = .init(),
    _ body: (RunningGateway) async throws -> Value
) async throws -> Value {
    let gateway = try await RunningGateway.start(limits)
    do {
        let value = try await body(gateway)
        await gateway.end()
        return value
    } catch {
        await gateway.end()
        throw error
    }
}

extension GatewaySettings.Limits {
    static func with(_ change: (inout GatewaySettings.Limits) -> Void) -> GatewaySettings.Limits {
        var limits = GatewaySettings.Limits()
        change(&limits)
        return limits
    }
}
