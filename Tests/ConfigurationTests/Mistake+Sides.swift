extension Mistake {
    /// Sides that cannot work.
    static let sides = table(
        #"""
        ad:⏎  servers: [ldaps://dc1.example.com]
        ad:⏎  kind: openldap⏎  servers: [ldaps://dc1.example.com]
        3:9
        `ad.kind` does not know `openldap`
        write `active-directory`

        [ldaps://dc1.example.com]
        ldaps://dc1.example.com
        3:12
        `ad.servers` must be a list, not a single value
        [ldaps://dc1

        [ldaps://dc1.example.com]
        []
        3:12
        `ad.servers` is empty
        [ldaps://dc1

          servers: [ldaps://dc1.example.com]⏎
        ⌀
        3:3
        `ad.servers` is missing
        add `servers: [ldaps://dc1

        [ldaps://dc1.example.com]
        [dc1.example.com]
        3:13
        `dc1.example.com` has no scheme
        ldaps://

        [ldaps://dc1.example.com]
        [https://dc1.example.com]
        3:13
        has the scheme `https`
        ldaps://

        [ldaps://dc1.example.com]
        [ldaps://dc1.example.com:99999]
        3:13
        has no valid host and port
        ldaps://

        [ldaps://dc1.example.com]
        [ldaps://dc1.example.com/DC=x]
        3:13
        more than a host and a port
        ldaps://

        [ldaps://dc1.example.com]
        ["ldapi://%2Frun%2Fldapi"]
        3:13
        AD has no local socket
        ldaps://

        [ldaps://dc1.example.com]
        [ldaps://a, ldaps://a:636]
        3:24
        `ldaps://a:636` is listed twice
        keep one

        [ldaps://dc1.example.com]
        [ldap://dc1.example.com]
        3:13
        in clear text
        `ldaps://dc1.example.com`

          tls: {caFile: ca.pem}⏎mini
          tls: {caFile: ca.pem, startTLS: true}⏎mini
        6:35
        for `ldap://` servers, and none is listed
        remove it

        [ldaps://dc1.example.com]⏎  base: DC=syncline,DC=test⏎  bind: {dn: svc@syncline.test, passwordFile: ad.password}⏎  tls: {caFile: ca.pem}
        [ldap://dc1]⏎  base: DC=syncline,DC=test⏎  bind: {dn: svc@syncline.test, passwordFile: ad.password}⏎  tls: {startTLS: true, allowPlaintext: true}
        6:19
        are both true
        keep `startTLS: true`

          base: DC=syncline,DC=test
          base: DC=syncline,DC
        4:23
        `ad.base` is not a distinguished name: '=' expected at character 15
        `base: DC=example,DC=com`

          base: DC=syncline,DC=test
          base: ""
        4:9
        `ad.base` is empty
        `base: DC=example,DC=com`

        svc@syncline.test
        svc
        5:14
        neither a DN nor `user@domain`
        dn: svc-syncline@example.com

        "cn=sync,dc=syncline,dc=test"
        sync@syncline.test
        10:18
        not a distinguished name
        cn=syncline

          bind: {dn: svc@syncline.test, passwordFile: ad.password}
          bind: {dn: svc@syncline.test}
        5:9
        `ad.bind.passwordFile` is missing
        /etc/syncline/ad.password

        version: 1⏎ad:⏎
        version: 1⏎ad:⏎  feed: accesslog⏎
        3:9
        `ad.feed` does not know `accesslog`
        `usn`

        version: 1⏎ad:⏎
        version: 1⏎ad:⏎  accesslogBase: cn=accesslog⏎
        3:3
        unknown key `accesslogBase` in `ad`
        remove it

        miniorange:⏎  servers
        miniorange:⏎  kind: ldap⏎  feed: accesslog⏎  servers
        9:9
        needs an OpenLDAP server
        `kind: openldap`

        miniorange:⏎  servers
        miniorange:⏎  feed: polling⏎  accesslogBase: cn=log⏎  servers
        9:18
        no effect with `feed: polling`
        remove it

        version: 1⏎ad:⏎
        version: 1⏎ad:⏎  pulse: 100⏎
        3:10
        `ad.pulse` must be a duration, not `100`
        `250ms`

        version: 1⏎ad:⏎
        version: 1⏎ad:⏎  pulse: 1ms⏎
        3:10
        out of range: `1ms`
        from 10ms to 1h

        version: 1⏎ad:⏎
        version: 1⏎ad:⏎  timeouts: {connect: 5 s}⏎
        3:23
        must be a duration, not `5 s`
        without a space

        version: 1⏎ad:⏎
        version: 1⏎ad:⏎  limits: {writesInFlight: 0}⏎
        3:28
        from 1 to 256, not `0`
        writesInFlight: 16
        """#
    )
}
