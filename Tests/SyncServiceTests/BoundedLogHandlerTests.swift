import Logging
import Synchronization
import Testing

@testable import SyncService

struct BoundedLogHandlerTests {
    /// Keeps what comes through.
    private final class Sink: LogHandler {
        let events = Mutex<[LogEvent]>([])
        var metadata: Logger.Metadata {
            get { [:] }
            set {}
        }
        var logLevel: Logger.Level {
            get { .trace }
            set {}
        }
        subscript(metadataKey _: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }
        func log(event: LogEvent) { events.withLock { $0.append(event) } }
    }

    @Test(arguments: [
        ("CN=anna,DC=test", "CN=anna,DC=test"), ("Müller, 李", "Müller, 李"),
        ("x\n2026-01-01 notice audit: forged", "x\\n2026-01-01 notice audit: forged"), ("a\u{202E}b", "a\\u{202e}b"),
        (String(repeating: "é", count: 2_048), String(repeating: "é", count: 2_048)),
        ("x" + String(repeating: "é", count: 2_048), "x" + String(repeating: "é", count: 2_047) + " … (4097 octets)"),
    ])
    func whatIsLoggedIsOneLineOfBoundedLength(text: String, shown: String) throws {
        let sink = Sink()
        let logger = Logger(label: "test") { _ in BoundedLogHandler(sink) }
        logger.notice("\(text)", metadata: ["entry": "\(text)", "list": ["\(text)"]])
        let events = sink.events.withLock { $0 }
        let event = try #require(events.first)
        #expect(event.message.description == shown)
        #expect(event.metadata?["entry"]?.description == shown)
        #expect(event.metadata?["list"]?.description.contains("\n") == false)
    }

    @Test func aTerminalIsNotSteered() {
        #expect(
            !BoundedLogHandler.bounded("a\u{1B}[2Jb\u{9B}").unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{9B}" }
        )
    }
}
