import Testing

/// Suites whose tests have a ground each in one lab. Those that take servers away, or load them, have labs of their own.
@Suite(.enabled(if: Lab.isPossible), .lab())
struct SharedLabTests {}
