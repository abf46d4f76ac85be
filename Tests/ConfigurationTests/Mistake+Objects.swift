extension Mistake {
    /// Objects that cannot work.
    static let objects = table(
        #"""
        objects:⏎  - name: people⏎    kind: user⏎    ad: {base: "OU=People,DC=syncline,DC=test"}⏎    miniorange: {base: "ou=people,dc=syncline,dc=test"}⏎    match: [{ad: sAMAccountName, miniorange: uid}]⏎    attributes: default
        objects: []
        16:10
        nothing would be synchronised
        `kind: user`

          - name: people⏎    kind: user
          - kind: user
        17:5
        `objects.name` is missing
        name: people

        name: people
        name: our people
        17:11
        `our people` holds more than letters
        `people`

        kind: user
        kind: usr
        18:11
        `objects.kind` does not know `usr`
        did you mean `user`

        OU=People,DC=syncline,DC=test
        OU=People,DC=other,DC=test
        19:16
        is not below `ad.base`
        `DC=syncline,DC=test`

        {base: "OU=People,DC=syncline,DC=test"}
        {}
        19:9
        `objects.ad.base` is missing
        OU=People

        "OU=People,DC=syncline,DC=test"
        "OU=People,,DC=test"
        19:27
        attribute type expected at character 11
        takes a `\`

        DC=syncline,DC=test"}
        DC=syncline,DC=test", filter: "(&(a=b)(c=d)"}
        19:70
        `objects.ad.filter` is not an LDAP filter: ')' expected at character 13
        RFC 4515

        DC=syncline,DC=test"}
        DC=syncline,DC=test", rdn: uid}
        19:54
        AD names its users by `cn`, not by `uid`
        remove `rdn`

        DC=syncline,DC=test"}
        DC=syncline,DC=test", rdn: 'c n'}
        19:54
        `c n` is not an attribute's name
        rdn: cn

            kind: user
            kind: user⏎    hierarchy: deep
        19:16
        `objects.hierarchy` does not know `deep`
        `tree`, `flat`

        match: [{ad: sAMAccountName, miniorange: uid}]
        match: []
        21:12
        `objects.match` is empty
        remove it

        match: [{ad: sAMAccountName, miniorange: uid}]
        match: [{ad: mail}]
        21:13
        `objects.match.miniorange` is missing
        miniorange: uid

        attributes: default
        attributes: defaults
        22:17
        does not know `defaults`
        write `default`

        attributes: default
        attributes: []
        22:17
        holds no rule
        `attributes: default`

        attributes: default
        attributes: {preset: default, rules: []}
        22:42
        holds no rule
        at least one rule

            attributes: default⏎
        ⌀
        17:5
        `objects.attributes` is missing
        attributes: default

        attributes: default
        attributes: {preset: default, without: [pagre]}
        22:45
        the preset has no AD attribute `pagre`
        did you mean `pager`?
        """#
    )
}
