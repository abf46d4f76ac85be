internal import LMDB
import SyncModel

extension Verification {
    mutating func checkHistory() throws {
        let counters = try cache.counters()
        try forEachRow(.history) { check, key, value in
            guard let place = HistoryPlace(key) else { return check.note(.history, key, .unreadable) }
            if place.sequence >= counters.nextHistory { check.note(.history, key, .numberReused) }
            let record = try check.cache.decodeHistory(place, key, value)
            for pair in record.pairs
            where try !check.contains(
                .historyOf,
                check.ownKey.history(of: pair, place.time, sequence: place.sequence)
            ) {
                check.note(.history, key, .historyIndexMissing)
            }
        }
    }

    mutating func checkHistoryIndex() throws {
        try forEachRow(.historyOf) { check, key, _ in
            guard let place = HistoryPlace(index: key) else { return check.note(.historyOf, key, .unreadable) }
            let line = try check.cache.historyLine(at: place.time, sequence: place.sequence)
            if line?.pairs.contains(place.pair) != true { check.note(.historyOf, key, .historyIndexWrong) }
        }
    }
}
