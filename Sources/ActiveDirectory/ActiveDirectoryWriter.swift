internal import LDAPClient
package import Logging
package import SyncModel

/// Carries writes to a domain controller and reads back, in the same round trip, what the entry then holds.
///
/// No write is ordered after another: the engine has one write of an entry under way at a time. Preconditions, in the
/// absence of an assertion control: a modify deletes the old values by value; a rename is aimed at the old name; a
/// delete, and a change of userAccountControl, read first, which leaves a moment between the look and the write.
package final class ActiveDirectoryWriter: DirectoryWriter {
    private let connections: WriterConnections
    private let settings: ActiveDirectorySettings
    private let reading: EntryReading
    private let view: DirectoryView
    private let passwords: NewAccountPasswords
    private let ownWrites: OwnWrites

    /// Connects with the first write, and to the server of `choice` if that can be reached: give it the feed's. `ownWrites` is told what is done.
    /// `status` is called on any thread with what is wrong, and with nil once a connection stands. Throws where the
    /// settings can't work.
    package init(
        settings: ActiveDirectorySettings,
        view: DirectoryView,
        logger: Logger,
        choice: ServerChoice = ServerChoice(),
        ownWrites: OwnWrites = OwnWrites(),
        passwords: NewAccountPasswords = NewAccountPasswords(isGiven: true),
        status: @escaping @Sendable (String?) -> Void = { _ in }
    ) throws(ActiveDirectoryError) {
        try settings.validate()
        self.settings = settings
        self.view = view
        self.passwords = passwords
        self.ownWrites = ownWrites
        reading = EntryReading(view: view)
        connections = WriterConnections(
            settings: settings,
            choice: choice,
            asksForPasswords: passwords.isGiven,
            logger: logger,
            report: status
        )
    }

    /// `unavailable` where no connection stands and none is being made.
    package func perform(_ write: Write, completion: @escaping @Sendable (WriteOutcome) -> Void) {
        connections.lease { [connections, settings, reading, view, passwords, ownWrites] lease in
            guard let lease else { return completion(.unavailable) }
            ownWrites.begin(write.operation)
            let execution = WriteExecution(
                server: lease.server,
                reading: reading,
                view: view,
                isProtected: settings.isProtected(lease.server.connection.endpoint),
                passwords: passwords
            ) { outcome in
                ownWrites.end(write.operation, outcome)
                connections.giveBack(lease)
                completion(outcome)
            }
            execution.start(write.operation)
        }
    }

    package func close() async {
        await connections.close()
    }
}
