import SyncModel
import Testing

struct ObjectGUIDTests {
    static let octets: [UInt8] = [
        0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10,
    ]

    @Test(arguments: [
        "01234567-89ab-cdef-fedc-ba9876543210", "01234567-89AB-CDEF-FEDC-BA9876543210",
        "{01234567-89ab-cdef-fedc-ba9876543210}",
    ])
    func uuidTextIsInTheOrderOfTheOctets(_ text: String) {
        #expect(UUIDText.parse(text) == Self.octets)
        #expect(UUIDText.format(Self.octets) == "01234567-89ab-cdef-fedc-ba9876543210")
    }

    @Test func guidTextSwapsTheFirstThreeFields() {
        #expect(UUIDText.formatGUID(Self.octets) == "67452301-ab89-efcd-fedc-ba9876543210")
        #expect(UUIDText.parseGUID("67452301-ab89-efcd-fedc-ba9876543210") == Self.octets)
    }

    @Test(arguments: [
        "", "0123456789abcdeffedcba9876543210", "01234567-89ab-cdef-fedc-ba987654321",
        "01234567-89ab-cdef-fedc-ba98765432100",
        "01234567-89ab-cdef-fedc-ba987654321g", "01234567089ab-cdef-fedc-ba9876543210",
        "{01234567-89ab-cdef-fedc-ba9876543210",
        "[01234567-89ab-cdef-fedc-ba9876543210]", "------------------------------------", "éééééééééééééééééé",
    ])
    func otherTextIsRefused(_ text: String) {
        #expect(UUIDText.parse(text) == nil)
        #expect(UUIDText.parseGUID(text) == nil)
    }

    @Test func otherCountsOfOctetsAreWrittenAsHex() {
        #expect(UUIDText.format([0x0A, 0xFF]) == "0aff")
        #expect(UUIDText.formatGUID([0x0A, 0xFF, 0x01]) == "0aff01")
        #expect(UUIDText.formatGUID([]).isEmpty)
    }

    @Test func bothTextsComeBack() {
        var numbers = SeededNumbers(state: 3)
        for _ in 0..<1000 {
            let octets = (0..<16).map { _ in UInt8.random(in: 0...255, using: &numbers) }
            #expect(UUIDText.parse(UUIDText.format(octets)) == octets)
            #expect(UUIDText.parseGUID(UUIDText.formatGUID(octets)) == octets)
        }
    }
}
