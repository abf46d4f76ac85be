internal import CLDAP
internal import Glibc
internal import Synchronization

/// What the client library says only to its log: why a certificate was not accepted, or a server not reached. Its errors
/// hold no more than "unknown error code", or nothing.
///
/// There is one log for the whole process. It is kept apart by thread, since a connection is opened by one thread.
enum LibraryLog {
    /// What is said of one certificate.
    private static let mostLines = 20
    /// Of the threads that open a connection.
    private static let lines = Mutex<[pthread_t: [String]]>([:])

    /// To be called once, before any connection is opened.
    static func attach() {
        let print: @convention(c) (UnsafePointer<CChar>?) -> Void = { text in
            guard let text, LibraryLog.isTold(text) else { return }
            let line = String(cString: text)
            LibraryLog.lines.withLock { lines in
                guard let count = lines[pthread_self()]?.count, count < LibraryLog.mostLines else { return }
                lines[pthread_self()]?.append(line)
            }
        }
        // A library that does not take it only leaves its errors as they are.
        _ = ber_set_option(nil, LBER_OPT_LOG_PRINT_FN, unsafeBitCast(print, to: UnsafeRawPointer.self))
    }

    private static func isTold(_ text: UnsafePointer<CChar>) -> Bool {
        strncmp(text, "TLS:", 4) == 0 || SocketFailure.marks.contains { strstr(text, $0) != nil }
    }

    /// From now on, what the library says of TLS and of sockets on this thread is kept.
    static func begin() {
        lines.withLock { lines in
            lines[pthread_self()] = []
            set(level: cldap_debug_trace)
        }
    }

    /// Nothing more is kept of this thread.
    static func end() {
        lines.withLock { lines in
            lines[pthread_self()] = nil
            // The level is that of all threads; each of their calls would cost a line.
            if lines.isEmpty { set(level: 0) }
        }
    }

    /// What has been kept of this thread so far.
    static var soFar: [String] { lines.withLock { $0[pthread_self()] ?? [] } }

    private static func set(level: Int32) {
        var level = level
        _ = ldap_set_option(nil, LDAP_OPT_DEBUG_LEVEL, &level)
    }
}
