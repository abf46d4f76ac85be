import SyncModel
import Testing

struct GeneralizedTimeTests {
    @Test(
        arguments: [
            ("19700101000000Z", 0, 0), ("20261123192700Z", 1_795_462_020, 0), ("20261123192700.0Z", 1_795_462_020, 0),
            ("20261123192700.123456Z", 1_795_462_020, 123_456_000), ("20261123192700,5Z", 1_795_462_020, 500_000_000),
            ("20261123192700.1234567899Z", 1_795_462_020, 123_456_789), ("202611231927Z", 1_795_462_020, 0),
            ("2026112319Z", 1_795_460_400, 0), ("2026112319.45Z", 1_795_462_020, 0),
            ("202611231926.99Z", 1_795_462_019, 400_000_000),
            ("20261123202700+0100", 1_795_462_020, 0), ("20261123202700+01", 1_795_462_020, 0),
            ("20261123135700-0530", 1_795_462_020, 0), ("19691231235959Z", -1, 0),
            ("19691231235959.25Z", -1, 250_000_000),
            ("16010101000000Z", -11_644_473_600, 0), ("000001010000Z", -62_167_219_200, 0),
            ("20000229000000Z", 951_782_400, 0),
            ("99991231235959Z", 253_402_300_799, 0), ("20161231235960Z", 1_483_228_800, 0),
            ("20380119031408Z", 2_147_483_648, 0),
        ] as [(String, Int64, Int32)]
    )
    func textReadsAs(_ text: String, _ seconds: Int64, _ nanoseconds: Int32) {
        #expect(GeneralizedTime(parsing: text) == GeneralizedTime(seconds: seconds, nanoseconds: nanoseconds))
    }

    @Test(arguments: [
        "", "Z", "20261123", "20261123192700", "20261323000000Z", "20260023000000Z", "20260230000000Z",
        "19000229000000Z",
        "20261123240000Z", "20261123196000Z", "20261123192761Z", "20261123192700.Z", "20261123192700Z ",
        " 20261123192700Z",
        "20261123192700z", "20261123192700+", "20261123192700+1", "20261123192700+2400", "20261123192700+0160",
        "2026112319270Z",
        "20261123192700+01000", "2026112319270éZ", "+0261123192700Z", "20261100192700Z",
    ])
    func otherTextIsRefused(_ text: String) {
        #expect(GeneralizedTime(parsing: text) == nil)
    }

    @Test(
        arguments: [
            (0, 0, "19700101000000Z"), (1_795_462_020, 0, "20261123192700Z"), (-1, 0, "19691231235959Z"),
            (951_782_400, 0, "20000229000000Z"), (1_795_462_020, 120_000_000, "20261123192700.12Z"),
            (1_795_462_020, 1, "20261123192700.000000001Z"), (-62_167_219_200, 0, "00000101000000Z"),
            (.min, 0, "00000101000000Z"), (.max, 0, "99991231235959Z"),
        ] as [(Int64, Int32, String)]
    )
    func timeIsWrittenAs(_ seconds: Int64, _ nanoseconds: Int32, _ text: String) {
        #expect(GeneralizedTime(seconds: seconds, nanoseconds: nanoseconds).description == text)
    }

    @Test func textInSecondsDropsTheFraction() {
        #expect(GeneralizedTime(seconds: 0, nanoseconds: 999_999_999).textInSeconds == "19700101000000Z")
    }

    @Test func everyDayComesBack() {
        for day in stride(from: Int64(-719_528), through: 2_932_896, by: 1) {
            let time = GeneralizedTime(seconds: day * 86_400 + (day & 0xFFFF))
            if GeneralizedTime(parsing: time.description) != time { Issue.record("day \(day) differs") }
        }
    }

    @Test func orderIsThatOfTime() {
        let ordered = [(-2, 999), (-1, 0), (-1, 1), (0, 0), (0, 5), (1, 0)].map {
            GeneralizedTime(seconds: $0.0, nanoseconds: $0.1)
        }
        #expect(ordered.reversed().sorted() == ordered)
    }

    @Test func parsingSurvivesAnyText() {
        var numbers = SeededNumbers(state: 11)
        for _ in 0..<50_000 {
            let tail = numbers.octets(upTo: 16, from: Array("0123459Z+-.,".utf8))
            guard let time = GeneralizedTime(parsing: Octets(Array("20240229".utf8) + tail)) else { continue }
            #expect(GeneralizedTime(parsing: time.description) == time)
            _ = GeneralizedTime(parsing: Octets(tail))
        }
    }
}
