import Cryptography
import Foundation
import Testing

struct CertificateFactsTests {
    /// Made by openssl, self-signed: a name beyond ASCII, and names of three kinds.
    private static let certificate: [UInt8] = {
        let text = """
            MIICFTCCAbqgAwIBAgIUSoEk8ZYGu00jLo4jStu+gitTglYwCgYIKoZIzj0EAwIwOzEdMBsGA1UECgwUU3luY2xpbmUgVMOrc3Qs
            IEx0ZC4xGjAYBgNVBAMMEWRjMS5zeW5jbGluZS50ZXN0MB4XDTI2MTEyMzIwNDMyNVoXDTI3MTEyMzIwNDMyNVowOzEdMBsGA1UE
            CgwUU3luY2xpbmUgVMOrc3QsIEx0ZC4xGjAYBgNVBAMMEWRjMS5zeW5jbGluZS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
            QgAEdQCeuixF5hxEL2838lDmfvaYGq8VaRp+xuAUeySLBMCrm7DH4WneGCp9SFeG6EuOPqNkLukf9YM1DeFlW25PsqOBmzCBmDAd
            BgNVHQ4EFgQU7Y9HU4D+4tvJHBjZECeRIv5yEOkwHwYDVR0jBBgwFoAU7Y9HU4D+4tvJHBjZECeRIv5yEOkwDwYDVR0TAQH/BAUw
            AwEB/zBFBgNVHREEPjA8ghFkYzEuc3luY2xpbmUudGVzdIcEfwAAAYcQAAAAAAAAAAAAAAAAAAAAAYEPYUBzeW5jbGluZS50ZXN0
            MAoGCCqGSM49BAMCA0kAMEYCIQCmSeDdJFEcC5nlpHA6KO2B7Oa4EqoS5jppRI9OlTX7gAIhAO1PlhD3XK/iO/BtSoUG40zgaNo0
            hoLYgU1LD5r0hhtY
            """
        return Array(Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data())
    }()

    @Test func factsAreReadFromDER() throws {
        let facts = try CertificateFacts(der: Self.certificate)
        #expect(facts.subject == "CN=dc1.syncline.test,O=Syncline Tëst\\, Ltd.")
        #expect(facts.issuer == facts.subject)
        #expect(facts.alternativeNames == ["dc1.syncline.test", "127.0.0.1", "::1", "a@syncline.test"])
        #expect(facts.notBefore == 1_795_466_605)
        #expect(facts.notAfter == 1_827_002_605)
    }

    @Test(
        arguments: [
            (secondsBeforeTheEnd: 0, days: 0), (1, 0), (86_399, 0), (86_400, 1), (30 * 86_400, 30), (-1, -1),
            (-86_400, -1),
            (-86_401, -2),
        ] as [(secondsBeforeTheEnd: Int64, days: Int64)]
    )
    func daysLeftAreWholeDays(_ row: (secondsBeforeTheEnd: Int64, days: Int64)) throws {
        let facts = try CertificateFacts(der: Self.certificate)
        #expect(facts.daysLeft(at: facts.notAfter - row.secondsBeforeTheEnd) == row.days)
    }

    @Test(arguments: [0, 1, 4, 60, 200, 400])
    func aDamagedCertificateIsRefused(_ count: Int) {
        #expect(throws: CertificateError.self) { try CertificateFacts(der: Array(Self.certificate.prefix(count))) }
    }
}
