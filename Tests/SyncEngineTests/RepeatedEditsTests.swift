import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Something at one side undoes each of our writes of a membership, and the direction says that it is written again.
struct RepeatedEditsTests {
    private let bench: Bench
    private let group: Anchor
    private let cy: Anchor

    init() throws {
        bench = try Crew.bench(try Bench.named(direction: .toMiniOrange))
        group = try Crew.group(bench, .miniorange)
        cy = try Crew.entry(bench, .miniorange, "cy")
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "cy")])
        try Crew.settled(bench)
    }

    private func undo() throws { try bench.setMembers(.miniorange, group, remove: [cy]) }

    private func writes(in lines: [String]) -> Int { lines.count { $0.hasPrefix("miniorange edit") } }

    private var refused: [RefusedLink] {
        get throws {
            let pair = try #require(try bench.store.read { try $0.pairID(.miniorange, group) })
            return try bench.store.read { try $0.refusedLinks(of: pair, limit: 10) }.map(\.1)
        }
    }

    @Test
    func `It is written a few times at once, and then after longer and longer pauses, while its fellows flow`() throws {
        var count = 0
        for _ in 0..<30 {
            try undo()
            count += writes(in: try bench.settle())
        }
        #expect(count == 7)
        #expect(bench.members(.miniorange, "crew") == "ann bo")
        #expect(try refused.map(\.refusal.message).first?.contains("again and again") == true)
        try bench.setMembers(.ad, try Crew.group(bench, .ad), remove: [try Crew.entry(bench, .ad, "bo")])
        try bench.settle()
        #expect(bench.members(.miniorange, "crew") == "ann")
        var pauses: [Int64] = []
        for _ in 0..<4 {
            var pause: Int64 = 0
            while bench.members(.miniorange, "crew") == "ann", pause < 10_000 {
                pause += 1
                _ = try bench.pass(milliseconds: 1_000)
                try bench.settle()
            }
            pauses.append(pause)
            try undo()
            try bench.settle()
        }
        #expect(pauses == [1, 4, 16, 64])
    }

    @Test
    func `Once nothing undoes it any more it stays, and nothing is set aside`() throws {
        for _ in 0..<10 {
            try undo()
            try bench.settle()
        }
        #expect(try refused.count == 1)
        _ = try bench.pass(milliseconds: 1_000)
        try bench.settle()
        #expect(bench.members(.miniorange, "crew") == "ann bo cy")
        #expect(try refused.isEmpty)
    }

    @Test
    func `Who is taken out at AD meanwhile is waited for no more`() throws {
        for _ in 0..<10 {
            try undo()
            try bench.settle()
        }
        try bench.setMembers(.ad, try Crew.group(bench, .ad), remove: [try Crew.entry(bench, .ad, "cy")])
        try bench.settle()
        #expect(try refused.isEmpty)
        _ = try bench.pass(milliseconds: 10_000)
        try bench.settle()
        #expect(bench.members(.miniorange, "crew") == "ann bo")
    }

    @Test
    func `Who comes and goes on both sides is written as often as that`() throws {
        let (here, ann) = (try Crew.group(bench, .ad), try Crew.entry(bench, .ad, "ann"))
        for _ in 0..<20 {
            try bench.setMembers(.ad, here, remove: [ann])
            try bench.settle()
            #expect(bench.members(.miniorange, "crew") == "bo cy")
            try bench.setMembers(.ad, here, add: [ann])
            try bench.settle()
            #expect(bench.members(.miniorange, "crew") == "ann bo cy")
        }
    }
}
