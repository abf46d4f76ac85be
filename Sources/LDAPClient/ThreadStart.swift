internal import Glibc
internal import SyncModel

/// Starts a connection's thread, which opens the handle, reports, and serves the connection to its end.
final class ThreadStart: Sendable {
    private let opening: HandleOpening
    private let link: ConnectionLink
    private let report: @Sendable (Result<Octets?, LDAPError>) -> Void

    init(
        opening: HandleOpening,
        link: ConnectionLink,
        report: @escaping @Sendable (Result<Octets?, LDAPError>) -> Void
    ) {
        self.opening = opening
        self.link = link
        self.report = report
    }

    /// `report` is called once, with the server's certificate or with why there is no connection.
    func detach() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread,
            &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            retained.toOpaque()
        )
        guard code != 0 else { return }
        retained.release()
        let words = "no thread for the connection: \(String(cString: strerror(code)))"
        report(.failure(.invalidRequest(.open, .localError, message: words)))
    }

    private func run() {
        blockSignals()
        do throws(LDAPError) {
            let (handle, buffer, socket) = try opening.open()
            let thread = ConnectionThread(link: link, handle: handle, buffer: buffer, socket: socket)
            report(.success(handle.peerCertificate))
            thread.run()
        } catch {
            _ = link.finish(error)
            report(.failure(error))
        }
    }

    /// Signals belong to the threads that expect them, and a SIGPIPE to none.
    private func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
    }
}
