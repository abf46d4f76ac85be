extension Mistake {
    /// Conflict settings that cannot work: line 13, the object on line 17, or its rules from column 43 of line 22.
    static let conflicts = table(
        #"""
        {prefer: ad}
        {prefer: ad, rule: miniorange}
        13:21
        `conflicts.rule: miniorange` and `conflicts.prefer: ad` contradict each other
        remove the other

        {prefer: ad}
        {rule: newst}
        13:19
        `conflicts.rule` does not know `newst`
        did you mean `newest`?

        {prefer: ad}
        {prefer: newest}
        13:21
        `conflicts.prefer` does not know `newest`
        write one of `ad`, `miniorange`

        {prefer: ad}
        {deleteAgainstChange: change}
        13:34
        does not know `change`
        `change-wins`, `delete-wins`

        {prefer: ad}
        {clockTolerance: 2}
        13:29
        `conflicts.clockTolerance` must be a duration, not `2`
        `2s`

        {prefer: ad}
        {clockTolerance: 2h}
        13:29
        `conflicts.clockTolerance` is out of range: `2h`
        from 0ms to 1h

        {prefer: ad}
        {retention: 90}
        13:24
        `conflicts.retention` must be a duration, not `90`
        `30d`

        {prefer: ad}
        {retention: 12h}
        13:24
        out of range: `12h`
        from 1d to 3650d

        {prefer: ad}
        {oscillation: 6}
        13:26
        `conflicts.oscillation` must be a section of keys, not a single value
        `oscillation: {changes: 6, within: 60s}`

        {prefer: ad}
        {oscillation: {changes: 2}}
        13:36
        whole number from 3 to 1000, not `2`
        `changes: 6`

        {prefer: ad}
        {oscillation: {within: 100ms}}
        13:35
        `conflicts.oscillation.within` is out of range
        from 1s to 1d

        {prefer: ad}
        {oscillation: {count: 6}}
        13:27
        unknown key `count` in `conflicts.oscillation`
        `changes`, `within`

        {prefer: ad}
        {provenance: {author: x, rank: 1}}
        13:25
        `conflicts.provenance` must be a list, not a section of keys
        `provenance: [{author: "uid=idp,*", rank: 10}]`

        {prefer: ad}
        {provenance: []}
        13:25
        `conflicts.provenance` is empty
        remove it

        {prefer: ad}
        {provenance: [{rank: 10}]}
        13:26
        needs the author or the server
        `author: "uid=idp,*"`

        {prefer: ad}
        {provenance: [{author: x, server: y, rank: 10}]}
        13:26
        an author's or a server's, not both
        two lines

        {prefer: ad}
        {provenance: [{author: x}]}
        13:26
        `conflicts.provenance.rank` is missing
        add `rank: 10`

        {prefer: ad}
        {provenance: [{author: x, rank: high}]}
        13:44
        whole number from -1000 to 1000, not `high`
        `rank: 10`

        {prefer: ad}
        {provenance: [{author: "", rank: 1}]}
        13:35
        `conflicts.provenance.author` is empty
        author:

        {prefer: ad}
        {provenance: [{author: "UID=*", rank: 1}, {author: "uid=idp,*", rank: 2}]}
        13:54
        `uid=idp,*` is never looked at: whom it names has a rank already, by line 13
        put it above

        {prefer: ad}
        {provenance: [{server: dc1, rank: 1}, {server: DC1, rank: 2}]}
        13:50
        `DC1` is never looked at
        or remove it

            kind: user
            kind: user⏎    conflicts: {rule: oldest}
        19:23
        `objects.conflicts.rule` does not know `oldest`
        `newest`, `ad`, `miniorange`, `hold`

            kind: user
            kind: user⏎    conflicts: {clockTolerance: 2s}
        19:17
        unknown key `clockTolerance` in `objects.conflicts`
        `rule`, `prefer`, `deleteAgainstChange`

            kind: user
            kind: user⏎    conflicts: {rule: ad, prefer: miniorange}
        19:35
        `objects.conflicts.rule: ad` and `objects.conflicts.prefer: miniorange` contradict each other
        remove the other

            kind: user
            kind: user⏎    direction: to-ad⏎    conflicts: {rule: hold}
        20:17
        `objects.conflicts.rule` settles nothing here: `people` goes to-ad only, so what miniorange has always stands
        remove it, or write `direction: both`

            kind: user
            kind: user⏎    direction: to-miniorange⏎    conflicts: {deleteAgainstChange: delete-wins}
        20:17
        `objects.conflicts.deleteAgainstChange` settles nothing here
        remove it

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: info, conflict: later}]}
        22:82
        `objects.attributes.rules.conflict` does not know `later`
        `newest`, `ad`, `miniorange`, `hold`

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: info, conflict: ad, prefer: miniorange}]}
        22:94
        `objects.attributes.rules.conflict: ad` and `objects.attributes.rules.prefer: miniorange` contradict
        remove the other

        attributes: default
        conflicts: {rule: ad}⏎    attributes: {preset: default, rules: [{ad: info, miniorange: info, prefer: miniorange}]}
        23:80
        has no meaning under the rule `ad` that holds around it
        `conflict: newest` or `conflict: miniorange`

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: info, direction: to-ad, conflict: hold}]}
        22:90
        settles nothing here: `info` goes to-ad only, so what miniorange has always stands
        remove it, or write `direction: both`

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: info, direction: to-miniorange, prefer: miniorange}]}
        22:98
        settles nothing here: `info` goes to-miniorange only, so what ad has always stands
        remove it, or write `direction: both`

        attributes: default
        direction: to-ad⏎    attributes: {preset: default, rules: [{ad: info, miniorange: info, conflict: miniorange}]}
        23:72
        settles nothing here: `info` goes to-ad only
        remove it

        attributes: default
        attributes: {preset: default, rules: [{ad: otherTelephone, miniorange: x, conflict: hold}]}
        22:79
        values of `otherTelephone` come and go one by one, and those that either side adds all stand
        remove it
        """#
    )

    /// Of a group; its attributes begin on line 28.
    static let groupConflicts = table(
        #"""
        {nested: keep}
        {nested: keep}⏎    attributes: {preset: default, rules: [{ad: cn, miniorange: cn, conflict: hold}]}
        28:43
        are one name, and their conflicts are settled together
        at 'ad: sAMAccountName' alone
        """#
    )
}
