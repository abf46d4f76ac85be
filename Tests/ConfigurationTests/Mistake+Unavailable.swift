extension Mistake {
    /// What this version does not do.
    static let unavailable = table(
        #"""
        direction: both
        direction: both⏎gateway: {listen: "0.0.0.0:636"}
        13:1
        `gateway` is not available
        remove it

        direction: both
        direction: both⏎gateway:
        13:1
        `gateway` is not available
        remove it
        """#
    )
}
