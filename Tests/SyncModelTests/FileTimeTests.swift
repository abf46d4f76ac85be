import SyncModel
import Testing

struct FileTimeTests {
    @Test(
        arguments: [
            (116_444_736_000_000_000, 0, 0), (0, -11_644_473_600, 0), (134_399_356_200_000_000, 1_795_462_020, 0),
            (134_399_356_201_234_567, 1_795_462_020, 123_456_700), (116_444_735_999_999_999, -1, 999_999_900),
            (-1, -11_644_473_601, 999_999_900),
        ] as [(Int64, Int64, Int32)]
    )
    func intervalsAreATime(_ intervals: Int64, _ seconds: Int64, _ nanoseconds: Int32) {
        let fileTime = FileTime(intervals: intervals)
        #expect(fileTime.seconds == seconds)
        #expect(fileTime.nanoseconds == nanoseconds)
        #expect(FileTime(seconds: seconds, nanoseconds: nanoseconds) == fileTime)
        #expect(FileTime(fileTime.time) == fileTime)
        #expect(FileTime(parsing: fileTime.description) == fileTime)
        #expect(FileTime(parsing: Octets(fileTime.description)) == fileTime)
    }

    @Test func zeroAndTheGreatestAreNever() {
        #expect(FileTime(intervals: 0).isNever)
        #expect(FileTime.never.isNever)
        #expect(FileTime.never.description == "9223372036854775807")
        #expect(!FileTime(intervals: 1).isNever && !FileTime(intervals: -1).isNever)
    }

    @Test func extremesDoNotTrap() {
        for intervals in [Int64.min, .max] {
            let fileTime = FileTime(intervals: intervals)
            #expect(fileTime.nanoseconds >= 0)
            #expect(!fileTime.time.description.isEmpty)
        }
        #expect(FileTime(seconds: .max) == nil)
        #expect(FileTime(seconds: .min) == nil)
        #expect(FileTime(seconds: 922_337_203_685 - 11_644_473_600, nanoseconds: 999_999_999) == nil)
    }

    @Test(arguments: ["", "x", "1.5", "9223372036854775808", " 1", "1 ", "٣"])
    func otherTextIsRefused(_ text: String) {
        #expect(FileTime(parsing: text) == nil)
        #expect(FileTime(parsing: Octets(text)) == nil)
    }

    @Test func orderIsThatOfTime() {
        #expect(FileTime(intervals: -1) < FileTime(intervals: 0))
        #expect(FileTime(intervals: 5) < FileTime.never)
    }
}
