import SyncModel
import Testing

struct RelativeDistinguishedNameTests {
    @Test(arguments: [
        ("CN=Ann Lee", "CN", "Ann Lee"), (" cn = Ann ", "cn", "Ann"), (#"CN=a\,b"#, "CN", "a,b"), ("CN=", "CN", ""),
        ("CN=a+UID=b", "CN", "a"),
    ])
    func textReadsAs(_ text: String, _ type: String, _ value: String) throws {
        let rdn = try RelativeDistinguishedName(parsing: text)
        #expect(rdn.type == type)
        #expect(rdn.value == Octets(value))
    }

    @Test(arguments: [("", 0), ("CN=a,O=b", 4), ("CN=a;", 4), ("CN", 2), ("CN=a+", 5), ("+", 0)])
    func malformedTextIsRefusedWithItsPosition(_ text: String, _ position: Int) {
        let error = #expect(throws: DistinguishedNameError.self) { try RelativeDistinguishedName(parsing: text) }
        #expect(error?.position == position)
    }

    @Test(arguments: [
        ("CN=Ann  LEE", "cn=ann lee"), ("UID=b+CN=a", "cn=a+uid=b"), (#"O=a\,b\+c\\"#, #"o=a\,b\+c\\"#),
        ("CN=ÀÉ", "cn=àé"),
        ("2.5.4.11=x", "ou=x"), ("organizationalUnitName=x", "ou=x"), ("1.2.3=x", "1.2.3=x"), ("gn=x", "givenname=x"),
        (#"CN=\ \ "#, "cn= "),
    ])
    func keyIs(_ text: String, _ key: String) throws {
        #expect(try RelativeDistinguishedName(parsing: text).normalized == Octets(key))
    }

    @Test func equalityKeepsCaseAndKeyDoesNot() throws {
        let (lower, upper) = (
            try RelativeDistinguishedName(parsing: "cn=ann"), try RelativeDistinguishedName(parsing: "CN=Ann")
        )
        #expect(lower != upper)
        #expect(lower.normalized == upper.normalized)
    }

    @Test func invalidUTF8IsKeptInTheKey() {
        let rdn = RelativeDistinguishedName(type: "CN", value: Octets([0x41, 0xFF, 0x20, 0x20]))
        #expect(rdn.normalized == Octets(Array("cn=".utf8) + [0x41, 0xFF, 0x20, 0x20]))
    }

    @Test func withoutAssertionsNothingTraps() {
        let rdn = RelativeDistinguishedName([])
        #expect(rdn.type.isEmpty && rdn.value.isEmpty && rdn.description.isEmpty)
        #expect(DistinguishedName([rdn]).normalized != DistinguishedName([]).normalized)
    }
}
