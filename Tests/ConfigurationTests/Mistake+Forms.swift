extension Mistake {
    /// Wrong keys and wrong forms.
    static let forms = table(
        #"""
        version: 1
        version: 2
        1:10
        `version: 2` is unknown
        `version: 1`

        version: 1⏎
        ⏎
        2:1
        `version` is missing
        add `version: 1`

        version: 1
        vresion: 1⏎version: 1
        1:1
        unknown key `vresion` in the file
        did you mean `version`?

        {policy: delete}
        {polciy: delete}
        14:11
        unknown key `polciy` in `deletes`
        did you mean `policy`?

        caFile: ca.pem}⏎mini
        cafile: ca.pem}⏎mini
        6:9
        unknown key `cafile` in `ad.tls`
        did you mean `caFile`?

        direction: both
        direction: both⏎colour: red
        13:1
        unknown key `colour` in the file
        `objects`

        {dn: svc@syncline.test,
        {dn: svc@syncline.test, password: hunter2,
        5:33
        unknown key `password`
        passwordFile

        direction: both
        direction: both⏎direction: to-ad
        13:1
        `direction` is given twice; the first stands on line 12
        keep one

        caFile: ca.pem}⏎mini
        caFile: ca.pem, 'caFile': x}⏎mini
        6:25
        `ad.tls.caFile` is given twice
        keep one

        direction: both
        direction: both⏎<<: {a: b}
        13:1
        unknown key `<<`
        merge keys

        direction: both
        direction: both⏎[a, b]: c
        13:1
        a key must be a single word, not a list
        plain word

        direction: both
        direction: sideways
        12:12
        `direction` does not know `sideways`
        `both`, `to-ad`, `to-miniorange`

        direction: both
        direction: to-da
        12:12
        `direction` does not know `to-da`
        did you mean `to-ad`?

        direction: both
        direction:
        12:1
        `direction` has no value
        write `direction: both`

        direction: both
        direction: [both]
        12:12
        must be a single value, not a list
        `direction: both`

        direction: both
        direction: both⏎log: loud
        13:6
        `log` must be a section of keys, not a single value
        `log: {level: info}`

        direction: both
        direction: both⏎log: {level: warn}
        13:14
        does not know `warn`
        `warning`

        direction: both
        direction: both⏎cache: {encrypt: yes}
        13:18
        must be true or false, not `yes`
        `encrypt: true`

        direction: both
        direction: both⏎admin: {http: 0.0.0.0:8389}
        13:15
        `0.0.0.0` can be reached from other machines
        127.0.0.1:8389

        direction: both
        direction: both⏎admin: {http: 8389}
        13:15
        must be host:port, not `8389`
        127.0.0.1:8389

        {reconcile: off}
        {reconcile: nightly}
        15:23
        does not know `nightly`
        `daily 02:00`

        {reconcile: off}
        {reconcile: daily 24:00}
        15:23
        does not know `daily 24:00`
        `daily 02:00`
        """#
    )
}
