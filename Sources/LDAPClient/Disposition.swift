/// What is to be done about a failed operation.
package enum Disposition: Sendable, Hashable {
    /// The same request may succeed later, on the same connection.
    case retry
    /// The same request will be answered in the same way until the data or the rights change.
    case refuse
    /// The connection, or its server, is of no more use; open another, and find out what became of what was sent.
    case reconnect
    /// The configuration (credentials, transport) is wrong: repeating does harm. A person has to act.
    case stop
}
