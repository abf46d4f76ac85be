import Foundation

/// A self-signed certificate in DER.
enum SampleCertificate {
    static let octets: [UInt8] = {
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
}
