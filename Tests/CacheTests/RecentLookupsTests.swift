import SyncModel
import Testing

@testable import Cache

/// What was looked up a moment ago is known until it is forgotten, another key takes its place, or its transaction ends.
@Suite struct RecentLookupsTests {
    private var lookups = RecentLookups<PairID, String?>(bits: 1)

    @Test mutating func whatWasNotedIsKnown() {
        lookups.begin()
        #expect(lookups.value(PairID(1)) == nil)
        lookups.note("one", for: PairID(1))
        #expect(lookups.value(PairID(1)) == "one")
        lookups.note("other", for: PairID(1))
        #expect(lookups.value(PairID(1)) == "other")
        lookups.forget(PairID(1))
        #expect(lookups.value(PairID(1)) == nil)
    }

    @Test mutating func thatThereIsNothingIsKnownToo() {
        lookups.begin()
        lookups.note(nil, for: PairID(1))
        #expect(lookups.value(PairID(1)) == .some(nil))
    }

    @Test mutating func keysOfOnePlaceAreNotTakenForEachOther() {
        lookups.begin()
        for number in 0..<100 as Range<UInt64> {
            lookups.note("\(number)", for: PairID(number))
            #expect(lookups.value(PairID(number)) == "\(number)")
            for other in 0..<number {
                if let found = lookups.value(PairID(other)) { #expect(found == "\(other)") }
            }
        }
        // What has another's place is not forgotten with it.
        let kept = (0..<100 as Range<UInt64>).filter { lookups.value(PairID($0)) != nil }
        #expect(kept.count == 2)
        for number in 0..<100 as Range<UInt64> where !kept.contains(number) { lookups.forget(PairID(number)) }
        #expect((0..<100 as Range<UInt64>).filter { lookups.value(PairID($0)) != nil } == kept)
    }

    @Test mutating func nothingIsKnownInTheNextTransaction() {
        lookups.begin()
        lookups.note("one", for: PairID(1))
        lookups.begin()
        #expect(lookups.value(PairID(1)) == nil)
        lookups.forget(PairID(1))
        lookups.note("two", for: PairID(1))
        #expect(lookups.value(PairID(1)) == "two")
    }
}
