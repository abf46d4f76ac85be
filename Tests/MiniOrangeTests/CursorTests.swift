import MiniOrange
import SyncModel
import Testing

struct CursorTests {
    static let csn = "20261123202303.299171Z#000000#001#000000"
    static let later = "20261123202304.000000Z#000000#001#000000"
    static let other = "20261123202303.000000Z#000000#002#000000"

    @Test(arguments: [
        ("rid=001,csn=\(csn)", "rid=001,csn=\(csn)"),
        // A provider keeps back what comes from the replica that the cookie names.
        ("rid=000,sid=002,csn=\(other);\(csn)", "rid=001,csn=\(csn);\(other)"),
        ("csn=\(csn);\(later)", "rid=001,csn=\(later)"),
        ("rid=001", nil), ("", nil), ("rid=001,csn=", nil), ("rid=001,csn=x", nil), ("rid=001,csn=\(csn);x", nil),
    ])
    func `a cookie is kept by its numbers`(text: String, expected: String?) {
        #expect(SyncCookie(parsing: Octets(text))?.octets == expected.map { Octets($0) })
    }

    @Test(arguments: [
        (["\(later)"], ["\(csn)"], true), (["\(csn)"], ["\(csn)"], true), (["\(csn)"], ["\(later)"], false),
        (["\(later)"], ["\(other)"], false), (["\(later)", "\(other)"], ["\(other)", "\(csn)"], true),
    ])
    func `a cookie covers another replica by replica`(left: [String], right: [String], expected: Bool) {
        let cookies = [left, right].map { SyncCookie($0.compactMap { ChangeSequenceNumber(parsing: $0) }) }
        #expect(cookies[0].covers(cookies[1]) == expected)
    }

    @Test(arguments: [
        FeedPosition.Progress.loading, .cookie(nil),
        .cookie(SyncCookie([csn, other].compactMap { ChangeSequenceNumber(parsing: $0) })),
        .time(GeneralizedTime(seconds: 1_800_000_000)),
    ])
    func `a position survives the cursor`(progress: FeedPosition.Progress) {
        for way in [FeedWay.accesslog, .syncrepl, .polling] {
            let position = FeedPosition(way: way, base: Anchor(high: 1, low: 2), progress: progress)
            #expect(FeedPosition(position.cursor) == position)
        }
    }

    @Test(arguments: [
        Cursor(server: "", position: ""), Cursor(server: Octets([1] + Array(repeating: 0, count: 16)), position: ""),
        Cursor(server: Octets([9] + Array(repeating: 0, count: 16)), position: Octets([1])),
        Cursor(server: Octets([1] + Array(repeating: 0, count: 15)), position: Octets([1])),
        Cursor(server: Octets([1] + Array(repeating: 0, count: 16)), position: Octets([1, 65])),
        Cursor(server: Octets([1] + Array(repeating: 0, count: 16)), position: Octets([0, 65])),
        Cursor(server: Octets([1] + Array(repeating: 0, count: 16)), position: Octets([2, 65])),
    ])
    func `a cursor that was never made here is none`(cursor: Cursor) {
        #expect(FeedPosition(cursor) == nil)
    }

    @Test func `the delay grows to its limit and begins anew`() {
        var delay = RetryDelay()
        let first = delay.next()
        #expect((150...200).contains(first))
        let rest = (0..<20).map { _ in delay.next() }
        #expect(rest.allSatisfy { $0 <= RetryDelay.last })
        #expect((1_500...2_000).contains(rest[19]))
        delay.reset()
        #expect((150...200).contains(delay.next()))
    }
}
