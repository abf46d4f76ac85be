import Foundation
import SyncModel
import Testing

/// What tests read of `syncline status --json` about groups.
struct GroupStatus: Decodable, Sendable {
    struct OfSide: Decodable, Sendable { var memberships: Int }
    struct Refused: Decodable, Sendable {
        var group: String
        var member: String
        var side: String
        var operation: String
    }
    var ad: OfSide
    var miniorange: OfSide
    var groups: Int
    var containers: Int
    var parkedMembers: Int
    var refusedMembers: Int
    var refused: [Refused]
}

extension Daemon {
    func groupStatus() async throws -> GroupStatus {
        let answer = try await tool("status", "--json")
        return try JSONDecoder().decode(GroupStatus.self, from: Data(answer.output.utf8))
    }
}

extension Ground {
    /// The DN of a group of this test.
    func team(_ name: String, _ side: Side) -> String { teams[side].group(person(name)) }

    /// The DN of a person directly below this test's container.
    func dn(_ name: String, _ side: Side) -> String { self[side].dn(person(name)) }

    /// Waits until a group has just these members on these sides, all named as tests name them; the group itself has to be there.
    func hasMembers(
        _ group: String,
        _ members: Set<String>,
        on sides: [Side] = Side.allCases,
        attribute: String = "member",
        within limit: Duration = .seconds(120),
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        let wanted = Set(members.map { person($0).lowercased() })
        for side in sides {
            var last: Set<String>?
            try await eventually(
                "\(side.name): \(group) has \(wanted.sorted()), not \(last?.sorted() ?? ["no group"])",
                within: limit,
                at: location
            ) {
                let held = try await teams[side].members(person(group), attribute: side == .ad ? "member" : attribute)
                last = held.map { $0.subtracting([Ground.placeholder]) }
                return last == wanted
            }
        }
    }

    static let placeholder = "syncline-placeholder"

    /// Waits until people stand on both sides.
    func havePeople(_ names: [String], at location: SourceLocation = #_sourceLocation) async throws {
        let wanted = Set(names.map { person($0).lowercased() })
        for side in Side.allCases {
            let key = side == .ad ? "sAMAccountName" : "uid"
            try await eventually("\(side.name) has \(wanted.sorted())", at: location) {
                wanted.isSubset(of: Set(try await self[side].people().compactMap { $0.text(key)?.lowercased() }))
            }
        }
    }

    /// New people on a side.
    func addPeople(_ names: [String], on side: Side = .ad) async throws {
        try await self[side].apply(names.map { self[side].newPerson(person($0)) })
    }
}
