extension Mistake {
    /// Groups and containers that cannot work.
    static let groups = table(
        #"""
        ou=teams,dc=syncline,dc=test"
        ou=teams,dc=syncline,dc=test", membership: members
        26:68
        `objects.miniorange.membership` does not know `members`
        did you mean `member`? Allowed: `member`, `uniqueMember`, `memberUid`, `user-attribute`

        {nested: keep}
        {nested: deep}
        27:27
        `objects.memberships.nested` does not know `deep`
        `flatten`

        {nested: keep}
        {nested: flatten, direction: to-ad}
        27:27
        `objects.memberships.nested: flatten` is about what the miniorange side shows
        `direction: both`

        {nested: keep}
        {primaryGroup: true, direction: to-ad}
        27:33
        `objects.memberships.primaryGroup: true` shows AD's primary groups
        `direction: both`

        {nested: keep}
        {primaryGroup: yes}
        27:33
        `objects.memberships.primaryGroup` must be true or false
        primaryGroup: true

        {nested: keep}
        {createMissing: true}
        27:34
        `objects.memberships.createMissing: true` is for groups that a user's attribute names
        `membership: user-attribute`

        {nested: keep}
        {userAttribute: memberOf}
        27:19
        `objects.memberships.userAttribute` has a meaning only with `membership: user-attribute`
        write `membership: user-attribute`

        {nested: keep}
        {userValues: names}
        27:19
        `objects.memberships.userValues` has a meaning only with
        remove it

        {nested: keep}
        {entries: false}
        27:19
        `objects.memberships.entries` has a meaning only with
        remove it

        {nested: keep}
        {kept: drop}
        27:25
        `objects.memberships.kept` does not know `drop`
        `remove`

        {nested: keep}
        {placeholder: nobody}
        27:38
        `objects.memberships.placeholder` is not a distinguished name
        cn=nobody

        {nested: keep}
        [nested, keep]
        27:18
        `objects.memberships` must be a section of keys
        memberships: {nested: keep}

        {nested: keep}
        {neste: keep}
        27:19
        unknown key `neste` in `objects.memberships`
        did you mean `nested`?

            memberships: {nested: keep}
            direction: to-ad⏎    memberships: {direction: both}
        28:30
        `objects.memberships.direction: both` is wider than the `to-ad`
        widen the outer

        ou=teams,dc=syncline,dc=test"}⏎    memberships: {nested: keep}
        ou=teams,dc=syncline,dc=test", membership: memberUid}⏎    memberships: {placeholder: "cn=x,dc=test"}⏎    attributes: default
        27:19
        `objects.memberships.placeholder` has a meaning only for `groupOfNames` and `groupOfUniqueNames`
        remove it

        ou=teams,dc=syncline,dc=test"
        ou=teams,dc=syncline,dc=test", membership: user-attribute
        27:18
        `objects.memberships.userAttribute` is missing
        userAttribute: memberOf

        ou=teams,dc=syncline,dc=test"}⏎    memberships: {nested: keep}
        ou=teams,dc=syncline,dc=test", membership: user-attribute}
        26:56
        `membership: user-attribute` needs the name of the users' attribute
        userAttribute: memberOf

        ou=teams,dc=syncline,dc=test"
        ou=teams,dc=syncline,dc=test", membership: memberUid, objectClass: [groupOfNames]
        26:92
        none of these classes has the attribute `memberUid`
        `objectClass: [posixGroup]`

        ou=teams,dc=syncline,dc=test"
        ou=teams,dc=syncline,dc=test", membership: member, objectClass: [top, groupOfUniqueNames]
        26:89
        none of these classes has the attribute `member`
        `objectClass: [groupOfNames]`

        "OU=Teams,DC=syncline,DC=test"
        "OU=Teams,DC=syncline,DC=test", groupType: local-security
        25:59
        `objects.ad.groupType` does not know `local-security`
        `domain-local-security`

        "OU=Teams,DC=syncline,DC=test"
        "OU=Teams,DC=syncline,DC=test", rdn: ou
        25:53
        AD names its groups by `cn`, not by `ou`
        remove `rdn`

        "OU=Teams,DC=syncline,DC=test"
        "OU=Teams,DC=syncline,DC=test", onlyMembersOf: "CN=All,DC=other,DC=test"
        25:63
        `CN=All,DC=other,DC=test` is not below `ad.base`
        ends in `DC=syncline,DC=test`

        ou=teams,dc=syncline,dc=test"
        ou=teams,dc=syncline,dc=test", onlyMembersOf: synced
        26:77
        `objects.miniorange.onlyMembersOf` is not a distinguished name
        cn=synced

        kind: container⏎    ad: {base: "OU=People,DC=syncline,DC=test"
        kind: container⏎    ad: {base: "OU=People,DC=syncline,DC=test", onlyMembersOf: "CN=All,DC=syncline,DC=test"
        30:49
        `objects.ad.onlyMembersOf` is for users and groups
        remove it

        kind: container⏎    ad: {base: "OU=People,DC=syncline,DC=test"
        kind: container⏎    ad: {base: "OU=People,DC=syncline,DC=test", rdn: name
        30:54
        AD names its containers by `ou` or `cn`, not by `name`
        `rdn: cn` for the class `container`

        kind: container⏎    ad: {base: "OU=People,DC=syncline,DC=test"
        kind: container⏎    ad: {base: "OU=People,DC=syncline,DC=test", rdn: cn, objectClass: [top, organizationalUnit]
        30:71
        AD names no `organizationalUnit` by `cn`
        `objectClass: [top, container]`

        kind: container
        kind: container⏎    hierarchy: flat
        30:5
        `objects.hierarchy` is for what stands in containers
        remove it

        kind: container
        kind: container⏎    containers: [{ad: "OU=A,OU=People,DC=syncline,DC=test", miniorange: "ou=a,ou=people,dc=syncline,dc=test"}]
        30:5
        `objects.containers` is for what stands in containers
        remove it

        kind: container
        kind: container⏎    memberships: {}
        30:5
        `objects.memberships` belongs to `kind: group`
        write `kind: group`

            kind: user
            kind: user⏎    memberships: {nested: keep}
        19:5
        `objects.memberships` belongs to `kind: group`
        write `kind: group`

        "ou=people,dc=syncline,dc=test"}⏎    match
        "ou=people,dc=syncline,dc=test", membership: member}⏎    match
        20:57
        `objects.miniorange.membership` belongs to `kind: group`
        write `kind: group`

        kind: user⏎    ad: {base: "OU=People,DC=syncline,DC=test"
        kind: user⏎    ad: {base: "OU=People,DC=syncline,DC=test", groupType: global-security
        19:49
        `objects.ad.groupType` belongs to `kind: group`
        write `kind: group`

            kind: user
            kind: user⏎    hierarchy: flat⏎    containers: [{ad: "OU=A,OU=People,DC=syncline,DC=test", miniorange: "ou=a,ou=people,dc=syncline,dc=test"}]
        20:5
        `objects.containers` and `hierarchy: flat` contradict each other
        keep one

            kind: user
            kind: user⏎    containers: []
        19:17
        `objects.containers` is empty
        remove it

            kind: user
            kind: user⏎    containers: [{ad: "OU=A,DC=syncline,DC=test", miniorange: "ou=a,ou=people,dc=syncline,dc=test"}]
        19:23
        `OU=A,DC=syncline,DC=test` is not below the object's `ad.base`
        ends in `OU=People,DC=syncline,DC=test`

            kind: user
            kind: user⏎    containers: [{ad: "OU=A,OU=People,DC=syncline,DC=test", miniorange: "ou=a,dc=syncline,dc=test"}]
        19:73
        is not below the object's `miniorange.base`
        ends in `ou=people,dc=syncline,dc=test`

            kind: user
            kind: user⏎    containers: [{ad: "OU=A,OU=People,DC=syncline,DC=test"}]
        19:18
        `objects.containers.miniorange` is missing
        ou=berlin

            kind: user
            kind: user⏎    containers:⏎      - {ad: "OU=A,OU=People,DC=syncline,DC=test", miniorange: "ou=a,ou=people,dc=syncline,dc=test"}⏎      - {ad: "OU=a,OU=People,DC=syncline,DC=test", miniorange: "ou=b,ou=people,dc=syncline,dc=test"}
        21:14
        has its counterpart already, on line 20
        keep one pair

            kind: user
            kind: user⏎    containers:⏎      - {ad: "OU=A,OU=People,DC=syncline,DC=test", miniorange: "ou=a,ou=people,dc=syncline,dc=test"}⏎      - {ad: "OU=B,OU=People,DC=syncline,DC=test", miniorange: "ou=a,ou=people,dc=syncline,dc=test"}
        21:64
        has its counterpart already, on line 20
        keep one pair

        attributes: default
        attributes: [{ad: sAMAccountName, miniorange: uid}, {ad: memberOf, miniorange: info}]
        22:57
        'memberOf' belongs to AD
        remove the rule
        """#
    )

    /// Groups that a user's attribute names.
    static let userAttributes = table(
        #"""
        {userAttribute: memberOf, userValues: names}
        {userValues: names}
        27:18
        `objects.memberships.userAttribute` is missing
        userAttribute: memberOf

        {userAttribute: memberOf, userValues: names}
        {userAttribute: 'member of', userValues: names}
        27:34
        `member of` is not an attribute's name
        userAttribute: memberOf

        {userAttribute: memberOf, userValues: names}
        {userAttribute: entryUUID, userValues: names}
        27:34
        `entryUUID` cannot hold a user's groups
        userAttribute: memberOf

        {userAttribute: memberOf, userValues: names}
        {userAttribute: employeeType, userValues: names}
        26:18
        `employeetype` holds the groups of users, and the object `people` has an attribute rule for it
        remove that rule

        {userAttribute: memberOf, userValues: names}
        {userAttribute: memberOf, userValues: cn}
        27:56
        `objects.memberships.userValues` does not know `cn`
        `dns`, `names`

        {userAttribute: memberOf, userValues: names}
        {userAttribute: memberOf, userValues: dns}
        26:17
        `objects.miniorange.base` is missing
        ou=people

        {userAttribute: memberOf, userValues: names}
        {userAttribute: memberOf, entries: false}
        26:17
        `objects.miniorange.base` is missing
        ou=people

        {membership: user-attribute}
        {membership: user-attribute, rdn: cn}
        26:46
        `objects.miniorange.rdn` is for entries
        remove it

            memberships:
            containers: [{ad: "OU=A,OU=Teams,DC=syncline,DC=test", miniorange: "ou=a,dc=syncline,dc=test"}]⏎    memberships:
        27:5
        `objects.containers` is for entries
        remove it

        userValues: names}
        userValues: names}⏎    attributes: [{ad: sAMAccountName, miniorange: cn}, {ad: mail, miniorange: mail}]
        28:56
        have no entries at the miniorange side, so nothing there can hold `mail`
        `entries: true`

        userValues: names}
        userValues: names, placeholder: "cn=x,dc=test"}
        27:63
        `objects.memberships.placeholder` has a meaning only for
        remove it

        userValues: names}⏎
        userValues: names}⏎  - name: roles⏎    kind: group⏎    ad: {base: "OU=Roles,DC=syncline,DC=test"}⏎    miniorange: {membership: user-attribute}⏎    memberships: {userAttribute: MemberOf, userValues: names}⏎
        31:18
        `memberof` holds the groups of the object `teams` as well
        `userValues: dns`
        """#
    )
}
