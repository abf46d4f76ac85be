/// Octets whose owner wipes them: a password on its way to a server. Requests borrow them and keep no copy.
package protocol SensitiveOctets: AnyObject, Sendable {
    /// `body` keeps no copy.
    func withOctets<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}
