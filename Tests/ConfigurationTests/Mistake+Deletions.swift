extension Mistake {
    /// What can't become of deletions: line 14, or the object's own below line 18.
    static let deletions = table(
        #"""
        {policy: delete}
        {policy: dissable}
        14:19
        `deletes.policy` does not know `dissable`
        did you mean `disable`?

        {policy: delete}
        {grace: 2}
        14:18
        `deletes.grace` must be a duration, not `2`
        `30d`

        {policy: delete}
        {grace: 366d}
        14:18
        `deletes.grace` is out of range
        from 0ms to 365d

        {policy: delete}
        {limit: 500}
        14:18
        `deletes.limit` must be `none` or a section, not `500`
        {count: 500, percent: 5, window: 1h}

        {policy: delete}
        {limit: {count: 0}}
        14:26
        `deletes.limit.count` must be a whole number from 1
        `count: 500`

        {policy: delete}
        {limit: {percent: 101}}
        14:28
        `deletes.limit.percent` must be a whole number from 1 to 100
        `percent: 5`

        {policy: delete}
        {limit: {window: 5s}}
        14:27
        `deletes.limit.window` is out of range: `5s`
        from 1m to 30d

        {policy: delete}
        {limit: {per: 5}}
        14:19
        unknown key `per` in `deletes.limit`
        `percent`

        {policy: delete}
        {disable: true}
        14:11
        `deletes.disable` is for `policy: move`
        remove it

        {policy: delete}
        {policy: keep, containers: {ad: "OU=Leavers,DC=syncline,DC=test"}}
        14:25
        `deletes.containers` is for `policy: move`
        remove it

            kind: user
            kind: user⏎    direction: to-ad⏎    deletes: {policy: move}
        20:5
        `deletes: {policy: move}` needs a container on the ad side
        add `containers: {ad:

            kind: user
            kind: user⏎    direction: to-ad⏎    deletes: {policy: move, containers: {ad: "DC=syncline,DC=test"}}
        20:5
        holds the object's whole base
        a container of its own

            attributes: default
            attributes: [{ad: sAMAccountName, miniorange: uid}, {ad: sn, miniorange: sn}, {ad: cn, miniorange: cn}]⏎    deletes: {policy: disable}
        23:5
        `deletes: {policy: disable}` needs a rule by which accounts are disabled
        type: account-enabled

            kind: user
            kind: group⏎    deletes: {policy: disable}
        19:5
        is for people, and a group has no account
        `deletes: {policy: delete}`
        """#
    )
}
