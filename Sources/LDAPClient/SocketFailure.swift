/// Why a server was not reached, found in what the client library logs: its error says no more than that it can't be contacted.
enum SocketFailure {
    /// What the lines that are looked for hold.
    static let marks = [refused, unknownName]

    /// `ldap_is_socket_ready: error on socket 3: errno: 111 (Connection refused)`
    private static let refused = "error on socket"
    /// `ldap_connect_to_host: getaddrinfo failed: Name or service not known`
    private static let unknownName = "getaddrinfo failed: "

    /// Nil where the log doesn't say. Of several addresses of one name the last one's failure.
    ///
    /// - Parameter log: the library's lines.
    static func words(log: [String]) -> String? {
        for line in log.reversed() {
            let text = line.prefix { $0 != "\n" }
            if text.contains(refused), let start = text.lastIndex(of: "("), text.last == ")" {
                return String(text[text.index(after: start)...].dropLast())
            }
            if text.contains(unknownName), let start = text.lastIndex(of: ":") {
                return "the server's name:\(text[text.index(after: start)...])"
            }
        }
        return nil
    }
}
