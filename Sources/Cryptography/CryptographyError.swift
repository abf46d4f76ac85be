internal import COpenSSL

/// libcrypto refused an operation: memory, or a provider that does not offer the algorithm. Never says anything of keys or contents.
package struct CryptographyError: Error, Sendable, Hashable, CustomStringConvertible {
    package let operation: String
    /// What `ERR_get_error` gave; 0 for none.
    package let code: UInt

    package init(_ operation: String) {
        self.operation = operation
        code = UInt(ERR_get_error())
    }

    package var description: String { "libcrypto refused \(operation) [code \(code)]" }
}

/// Of functions that return 1 for success.
@inline(__always)
func check(_ code: Int32, _ operation: StaticString) throws(CryptographyError) {
    if code != 1 { throw CryptographyError(operation.description) }
}
