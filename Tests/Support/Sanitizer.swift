import Glibc

/// What tools/test builds with `--sanitize`.
package enum Sanitizer {
    /// Whether this process, and those that it starts, watch their memory: they need several times as much of it, and lay shadows of it all over the address space.
    package static let isUsed = getenv("SYNCLINE_SANITIZE") != nil
}
