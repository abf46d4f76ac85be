import LDAPClient
import Testing

@Suite struct EndpointTests {
    @Test(arguments: [
        ("ldap://dc1.example.com", LDAPEndpoint(transport: .ldap, host: "dc1.example.com", port: 389)),
        ("LDAPS://dc1.example.com/", LDAPEndpoint(transport: .ldaps, host: "dc1.example.com", port: 636)),
        ("ldap://127.0.0.1:3890", LDAPEndpoint(transport: .ldap, host: "127.0.0.1", port: 3890)),
        ("ldaps://[::1]:6360", LDAPEndpoint(transport: .ldaps, host: "::1", port: 6360)),
        ("ldap://[::1]", LDAPEndpoint(transport: .ldap, host: "::1", port: 389)),
        ("ldapi://%2Frun%2Fslapd%2Fldapi", LDAPEndpoint(transport: .ldapi, host: "/run/slapd/ldapi")),
    ])
    func aURIIsRead(uri: String, endpoint: LDAPEndpoint) throws {
        let read = try LDAPEndpoint(uri)
        #expect(read == endpoint)
        #expect(try LDAPEndpoint(read.uri) == endpoint)
    }

    @Test(arguments: [
        "", "ldap", "ldap:", "ldap:/host", "http://host", "ldap://", "ldap:///", "ldap://host:0", "ldap://host:65536",
        "ldap://host:", "ldap://host:x", "ldap://host/dc=test", "ldap://host?uid", "ldap://user@host", "ldap://[::1",
        "ldap://[::1]x", "ldap://:389", "ldap://a host", "ldapi://%2", "ldapi://%zz", "ldapi://%00",
    ])
    func anythingElseIsRefused(uri: String) {
        #expect(throws: LDAPError.self) { try LDAPEndpoint(uri) }
    }
}
