import SyncModel
import Testing

struct ChangeSequenceNumberTests {
    @Test func partsAreRead() throws {
        let number = try #require(ChangeSequenceNumber(parsing: "20261123192700.123456Z#00000a#0ff#000001"))
        #expect(number.time == GeneralizedTime(seconds: 1_795_462_020, nanoseconds: 123_456_000))
        #expect(number.microseconds == 1_795_462_020_123_456)
        #expect(number.count == 10)
        #expect(number.replica == 255)
        #expect(number.modification == 1)
    }

    @Test(arguments: [
        "20261123192700.123456Z#000000#000#000000", "20261123192700.000000Z#ffffff#fff#ffffff",
        "19691231235959.999999Z#000001#002#000003", "00000101000000.000000Z#000000#000#000000",
        "20060101000000Z#000001#02#000003", "99991231235959.999999Z#000000#000#000000",
    ])
    func textComesBackAsItWas(_ text: String) throws {
        let number = try #require(ChangeSequenceNumber(parsing: text))
        #expect(number.description == text)
        #expect(ChangeSequenceNumber(parsing: Octets(text)) == number)
    }

    @Test(arguments: [
        "", "20261123192700.123456Z", "20261123192700.123456Z#000000#000#00000",
        "20261123192700.123456Z#000000#000#0000000",
        "20261123192700.123456Z#00000A#000#000000", "20261123192700.123456Z-000000#000#000000",
        "20261123192760.123456Z#000000#000#000000", "20261323192700.123456Z#000000#000#000000",
        "20261123192700,123456Z#000000#000#000000", "20261123192700.1234567#000000#000#000000",
        "20261123192700.123456Z#00000g#000#000000", "20261123192700.1234+00#000000#000#000000",
    ])
    func otherTextIsRefused(_ text: String) {
        #expect(ChangeSequenceNumber(parsing: text) == nil)
    }

    @Test func orderIsThatOfTheText() {
        var numbers = SeededNumbers(state: 5)
        let alphabet = Array("01f".utf8)
        let texts = (0..<300).map { _ in
            let digits = (0..<15).map { _ in alphabet.randomElement(using: &numbers) ?? 0x30 }
            let parts = [digits[..<6], digits[6..<9], digits[9...]].map { String(decoding: $0, as: UTF8.self) }
            let second = Int.random(in: 10...12, using: &numbers)
            return "202611231927\(second).00000\(second % 2)Z#\(parts[0])#\(parts[1])#\(parts[2])"
        }
        let read = texts.compactMap { ChangeSequenceNumber(parsing: $0) }
        #expect(read.count == texts.count)
        #expect(read.sorted().map(\.description) == texts.sorted())
    }

    @Test func numbersAreHeldIn16Octets() {
        #expect(MemoryLayout<ChangeSequenceNumber>.size == 16)
    }
}
