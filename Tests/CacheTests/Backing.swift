import Support
import SyncModel

@testable import Cache

/// The stores that must give the same answers.
enum Backing: CaseIterable, Sendable {
    case disk, encrypted, memory

    func make() throws -> TestStore {
        switch self {
        case .disk:
            let directory = try TemporaryCache()
            return .disk(try directory.open(), directory)
        case .encrypted:
            let directory = try TemporaryCache()
            return .disk(try directory.open(key: .first), directory)
        case .memory: return .memory(InMemoryStore())
        }
    }
}

enum TestStore {
    case disk(Cache, TemporaryCache)
    case memory(InMemoryStore)

    func write<Result>(_ body: (any StoreTransaction) throws -> Result) throws -> Result {
        switch self {
        case .disk(let cache, _): try cache.write(body)
        case .memory(let store): try store.write(body)
        }
    }
}

extension Replica {
    /// One with what indexes are made of.
    static func sample(
        _ number: UInt64,
        side: Side = .ad,
        parent: Parent = .root,
        name: String = "Anna",
        keys: [Octets] = []
    ) -> Replica {
        Replica(
            side: side,
            anchor: Anchor(high: 0, low: number),
            object: "people",
            kind: .user,
            parent: parent,
            rdn: RelativeDistinguishedName(type: "cn", value: Octets(name)),
            attributes: ["mail": [Octets("\(name)@syncline.test")]],
            version: .usn(number, invocationID: Anchor(high: 1, low: 1)),
            keys: keys
        )
    }
}

extension Anchor {
    static func number(_ number: UInt64) -> Anchor { Anchor(high: 0, low: number) }
}
