import Cache
import Foundation
import SyncModel
import Synchronization
import Testing

@testable import SyncService

/// Commands that print more than their reader takes.
struct InspectorStreamTests {
    /// A cache whose export does not fit into a pipe.
    private static func largeFolder() throws -> InspectorFolder {
        let folder = try InspectorFolder()
        try folder.change { transaction in
            let contents = InspectorContents(transaction)
            for number in 100..<3_000 { try contents.person(UInt64(number), "user\(number)", "Berg", both: [:]) }
        }
        return folder
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        try #require(Glibc.pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    @Test func anInterruptedExportEndsWhileItsReaderWaits() throws {
        let folder = try Self.largeFolder()
        let ends = try Self.pipe()
        let errors = try Self.pipe()
        // Nobody reads; the third question, in the middle of it, is answered by yes.
        let questions = Mutex(0)
        let output = InspectorOutput(descriptor: ends.write, errorDescriptor: errors.write) {
            questions.withLock { count in
                count += 1
                return count > 20
            }
        }
        let code = CacheExportCommand(folder.options, format: .ldif(side: "ad")).run(output)
        #expect(code == 2)
        for end in [ends.read, ends.write, errors.write] { close(end) }
        let words = FileHandle(fileDescriptor: errors.read, closeOnDealloc: true).readDataToEndOfFile()
        #expect(String(decoding: words, as: UTF8.self) == "syncline: interrupted; what was printed is not all\n")
        // No view of it is left, so a writer goes on.
        try folder.change { try $0.setLoaded(.ad, true) }
    }

    @Test func aReaderThatLeavesEndsItQuietly() throws {
        let folder = try Self.largeFolder()
        let ends = try Self.pipe()
        close(ends.read)
        let code = CacheExportCommand(folder.options, format: .jsonLines).run(
            InspectorOutput(descriptor: ends.write, isInterrupted: { false })
        )
        close(ends.write)
        #expect(code == 0)
    }

    @Test func aWalkInSlicesMissesNobody() throws {
        let folder = try Self.largeFolder()
        let answer = try folder.run {
            CacheSearchCommand(folder.options, side: "ad", filter: "(samaccountname=user*)", namesOnly: true).run($0)
        }
        #expect(answer.lines.count == 2_900)
        #expect(Set(answer.lines).count == 2_900)
        #expect(answer.errors == "syncline: 2900 entries\n")
        let pairs = try folder.run { CacheExportCommand(folder.options, format: .jsonLines).run($0) }
        #expect(pairs.lines.count == 2_905)
        let limited = try folder.run {
            CacheSearchCommand(folder.options, filter: "(sn=berg)", namesOnly: true, limit: 7).run($0)
        }
        #expect(limited.lines.count == 7)
    }
}
