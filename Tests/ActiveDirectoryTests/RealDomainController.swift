import Testing

/// One lab serves all of these, one test after another: some take the server away.
@Suite(
    "A real domain controller",
    .enabled(if: Lab.isPossible, "root and samba are needed"),
    .lab("--seed", "300"),
    .serialized,
    .timeLimit(.minutes(3))
)
enum RealDomainController {}
