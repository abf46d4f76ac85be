extension Mistake {
    /// What this version does not do.
    static let unavailable = table(
        #"""
        {policy: delete}
        {policy: disable}
        14:11
        `deletes.policy: disable` is not available
        `policy: keep`

        {policy: delete}
        {policy: move}
        14:11
        `deletes.policy: move` is not available
        `policy: keep`

        {policy: delete}
        {grace: 1h}
        14:11
        `deletes.grace: 1h` is not available
        remove it

        {policy: delete}
        {limit: {count: 5}}
        14:11
        `deletes.limit` is not available
        remove it

            kind: user
            kind: user⏎    deletes: {policy: move}
        19:15
        `objects.deletes.policy: move` is not available
        `policy: keep`

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
