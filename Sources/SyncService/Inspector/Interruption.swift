import Glibc
import Synchronization

/// Whether somebody wants the command to end. A command that prints much asks in between, so that no transaction is cut off.
enum Interruption {
    private static let isAskedFor = Atomic<Bool>(false)

    static var wasAskedFor: Bool { isAskedFor.load(ordering: .relaxed) }

    /// From here on Ctrl-C and SIGTERM are noted instead of ending the process, the second time too, and a reader that goes away gives EPIPE.
    static func watch() {
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in Interruption.isAskedFor.store(true, ordering: .relaxed) }
            sigaction(number, &action, nil)
        }
    }
}
