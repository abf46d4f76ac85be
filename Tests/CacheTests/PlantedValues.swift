import Foundation
import Support
import SyncModel

@testable import Cache

/// Records in every table that holds names or values, with marks that a search of the files would find.
enum PlantedValues {
    private static let long = String(repeating: "y", count: 600)

    /// Says which marks there are.
    static func plant(in cache: Cache) throws -> [String] {
        let time = Timestamp(milliseconds: 1000)
        let names = ["markeranna", "markerberta", "markerlong\(long)"]
        try cache.write { transaction in
            var replica = Replica.sample(1, name: "Markertop")
            replica.attributes = ["mail": ["MARKERVALUE@syncline.test"]]
            try transaction.put(replica, replacing: nil)
            for (index, name) in names.enumerated() {
                let number = UInt64(index + 2)
                let keys = [Octets("markerkey\(index)"), Octets("markershared"), Octets("markerlongkey\(long)")]
                // Two have one name for a while.
                for (anchor, side) in [(number, Side.ad), (number + 10, .ad), (number, .miniorange)] {
                    try transaction.put(
                        .sample(anchor, side: side, parent: .entry(.number(1)), name: name, keys: keys),
                        replacing: nil
                    )
                }
                let pair = Pair(id: try transaction.makePairID(), object: "people", kind: .user)
                try transaction.put(pair, replacing: nil)
                try transaction.park(.ad, name: Octets("markerparked\(index)"), waiter: pair.id)
                try transaction.park(.ad, name: Octets("markerparkedlong\(long)"), waiter: pair.id)
                for parked in ["markerheld\(index)", "markerheldshared", "markerheldlong\(long)"] {
                    try transaction.parkLink(.ad, name: Octets(parked), holder: .number(number))
                }
                try transaction.setFact("markerfact\(index)", "markerfactvalue")
            }
            try transaction.setFact("markerfactlong\(long)", "markerfactvalue")
            try transaction.markDirty(PairID(1), DirtyRecord(since: time, cause: .request))
            var generator = NounGenerator(seed: 7)
            for _ in 0..<5 {
                try transaction.append(generator.history())
                try transaction.append(generator.conflict())
                try transaction.put(AttributeStamp(attribute: "mail", stamp: generator.stamp()), .ad, .number(1))
            }
        }
        return [
            "markeranna", "Markertop", "MARKERVALUE", "markerkey0", "markershared", "markerlongkey", "markerparked1",
            "markerparkedlong", "markerheld1", "markerheldshared", "markerheldlong", "markerfact1", "markerfactvalue",
            "markerfactlong",
        ]
    }

    /// What is found in it by all names, keys and numbers, in words. Changes nothing that stays.
    static func answers(of cache: Cache) throws -> [String] {
        try cache.read { transaction in
            var answers: [String] = []
            for side in Side.allCases {
                try transaction.forEachReplica(side) { replica in
                    answers.append("\(replica)")
                    if case .entry(let parent) = replica.parent {
                        let child = try transaction.child(side, of: parent, named: replica.rdn.normalized)
                        answers.append("child \(String(describing: child))")
                    }
                    for key in replica.keys {
                        answers.append("\(try transaction.anchors(side, key: key, limit: 20))")
                        answers.append("\(try transaction.anchors(side, key: key + [0], limit: 20))")
                    }
                    answers.append("\(try transaction.parkedLinks(side, holder: replica.anchor))")
                    answers.append("\(try transaction.stamps(side, replica.anchor))")
                    return true
                }
                answers.append("\(try transaction.children(side, of: .number(1), after: nil, limit: 50))")
                for name in ["markerparked0", "markerparked1", "markerparkedlong\(long)", "other"] {
                    for pair in 1...3 as ClosedRange<UInt64> {
                        let isParked = try transaction.isParked(side, name: Octets(name), waiter: PairID(pair))
                        answers.append("\(side) \(name) \(pair) \(isParked)")
                    }
                }
            }
            for name in ["markerfact0", "markerfact2", "markerfactlong\(long)", "other"] {
                answers.append("\(String(describing: try transaction.fact(name)))")
            }
            try transaction.forEachPair { pair in
                answers.append("\(pair) \(String(describing: try transaction.dirty(pair.id)))")
                return true
            }
            answers += try transaction.history().map { "\($0)" }
            answers += try transaction.conflicts().map { "\($0)" }
            answers += try StoreTable.allCases.map { "\($0) \(try transaction.count($0))" }
            answers.append("\(try transaction.counters())")
            return answers
        }
    }
}

extension Octets {
    fileprivate static func + (octets: Octets, more: [UInt8]) -> Octets { Octets(octets.bytes + more) }
}

extension TemporaryCache {
    /// Those marks that are anywhere in a file of the cache.
    func marksInFiles(_ marks: [String]) throws -> [String] {
        var contents = Data()
        for file in try FileManager.default.subpathsOfDirectory(atPath: path) {
            if let data = FileManager.default.contents(atPath: path + "/" + file) { contents += data }
        }
        return marks.filter { contents.range(of: Data($0.utf8)) != nil }
    }
}
