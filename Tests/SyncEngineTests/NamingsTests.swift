import SyncModel
import Testing

@testable import SyncEngine

struct NamingsTests {
    private static let ann = Anchor(high: 0, low: 1)
    private static let bo = Anchor(high: 0, low: 2)

    private static func version(_ number: UInt64) -> Version { .usn(number, invocationID: Anchor(high: 9, low: 9)) }

    @Test
    func `Nobody is named later before anybody was named`() {
        let namings = Namings()
        #expect(!namings.isAnyLater(than: Self.version(1)))
        #expect(!namings.isLater(Self.ann, than: Self.version(1)))
    }

    @Test(arguments: [(UInt64(9), true), (10, false), (11, false)])
    func `Who was named is named later than what is from before`(number: UInt64, isLater: Bool) {
        var namings = Namings()
        namings.note(Self.ann, Self.version(10))
        #expect(namings.isAnyLater(than: Self.version(number)) == isLater)
        #expect(namings.isLater(Self.ann, than: Self.version(number)) == isLater)
        #expect(!namings.isLater(Self.bo, than: Self.version(number)))
    }

    @Test
    func `After a restart everybody may have been named last`() {
        let namings = Namings(newest: Self.version(10))
        #expect(namings.isLater(Self.ann, than: Self.version(9)))
        #expect(!namings.isLater(Self.ann, than: Self.version(10)))
    }

    @Test
    func `An older naming makes the newest no older, and none without a version counts`() {
        var namings = Namings()
        namings.note(Self.ann, Self.version(10))
        namings.note(Self.bo, Self.version(5))
        namings.note(Self.bo, .unordered)
        #expect(namings.newest == Self.version(10))
        #expect(!namings.isLater(Self.bo, than: Self.version(5)))
    }

    @Test
    func `After more than it remembers singly each may have been named last`() {
        var namings = Namings()
        for number in UInt64(1)...20_000 { namings.note(Anchor(high: 1, low: number), Self.version(number)) }
        for number in UInt64(1)...20_000 {
            #expect(namings.isLater(Anchor(high: 1, low: number), than: Self.version(number - 1)))
        }
        #expect(!namings.isAnyLater(than: Self.version(20_000)))
    }

    @Test(arguments: [
        Version.usn(.max, invocationID: Anchor(high: .max, low: 3)),
        .usn(0, invocationID: Anchor(high: 0, low: 0)),
        .csn(ChangeSequenceNumber(parsing: "20261129140000.123456Z#000001#002#000000")!),
    ])
    func `A version comes back from its octets as it was`(version: Version) {
        #expect(Version(octets: version.octets) == version)
    }

    @Test(arguments: [[], [0], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 0x32], [2, 0]] as [[UInt8]])
    func `Other octets are no version`(bytes: [UInt8]) {
        #expect(Version(octets: Octets(bytes)) == nil)
    }
}
