import Logging

/// Makes one line of bounded length of whatever is logged: names and reasons are what users and servers have written.
struct BoundedLogHandler: LogHandler {
    /// Octets of the message, and of each piece of metadata.
    static let mostOctets = 4_096

    private var handler: any LogHandler

    init(_ handler: any LogHandler) { self.handler = handler }

    var logLevel: Logger.Level {
        get { handler.logLevel }
        set { handler.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue.mapValues(Self.bounded) }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { handler.metadataProvider }
        set { handler.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue.map(Self.bounded) }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(Self.bounded(event.message.description))"
        event.metadata = event.metadata?.mapValues(Self.bounded)
        handler.log(event: event)
    }

    private static func bounded(_ value: Logger.Metadata.Value) -> Logger.Metadata.Value {
        .string(bounded(value.description))
    }

    /// Without line ends and what a terminal obeys; cut where it is too long, with its length.
    static func bounded(_ text: String) -> String {
        let octets = text.utf8.count
        guard octets > mostOctets else { return text.printable }
        // Cut between two characters.
        var end = text.utf8.index(text.startIndex, offsetBy: mostOctets)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return "\(String(text[..<end]).printable) … (\(octets) octets)"
    }
}
