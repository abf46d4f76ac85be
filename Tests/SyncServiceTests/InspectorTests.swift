import Cache
import Foundation
import SyncModel
import Testing

@testable import SyncService

/// What the commands of the cache inspector print, on a cache that was filled by hand.
struct InspectorTests {
    // MARK: get

    @Test(arguments: [
        "anna", "ANNA", "CN=anna,OU=People,DC=syncline,DC=test", "uid=anna, ou=people, dc=syncline, dc=test",
        InspectorFolder.annaAtAD.text(on: .ad), "{\(InspectorFolder.annaAtAD.text(on: .ad).uppercased())}",
    ])
    func anEntryIsFoundByAnyOfItsNames(_ entry: String) throws {
        let folder = try InspectorFolder()
        let answer = try folder.run { CacheGetCommand(folder.options, entry: entry).run($0) }
        #expect(answer.code == 0, "\(answer.errors)")
        #expect(answer.lines.first == "pair 1, user, people: in agreement")
        #expect(answer.output.contains("uid=anna,ou=people,"))
        #expect(answer.output.contains("/9gAAQ== (base64, 4"))
        #expect(answer.output.contains("member of  1 ad, 1 miniorange"))
        #expect(answer.lines.allSatisfy { $0.count <= 80 })
    }

    @Test func whatDiffersAndWaitsIsTold() throws {
        let folder = try InspectorFolder()
        let answer = try folder.run { CacheGetCommand(folder.options, entry: "bert").run($0) }
        #expect(answer.code == 0)
        #expect(answer.output.contains("title: changed at ad since both agreed"))
        #expect(answer.output.contains("to be looked at: changed at ad, since 2026-01-01T12:00:00Z"))
        #expect(answer.output.contains("title: ad stands"))
        // A reference is shown by the name of its entry.
        #expect(answer.output.contains("CN=anna,"))
        let carla = try folder.run { CacheGetCommand(folder.options, entry: "carla").run($0) }
        #expect(carla.output.contains("set aside: miniorange refuses the write (result code 19): value is too long"))
        #expect(carla.output.contains("only at ad; it was never seen there"))
    }

    @Test func aGroupIsShownWithItsMembers() throws {
        let folder = try InspectorFolder()
        let answer = try folder.run { CacheGetCommand(folder.options, entry: "staff").run($0) }
        let end = [
            "differences", "  1 member only at ad", "    CN=bert,OU=People,DC=syncline,DC=test",
            "members  2 ad, 1 miniorange", "  both        CN=anna,OU=People,DC=syncline,DC=test",
            "  ad          CN=bert,OU=People,DC=syncline,DC=test", "names that nobody in scope has",
            "  ad          cn=outside,dc=syncline,dc=test",
        ]
        #expect(answer.lines.suffix(end.count) == end[...], "\(answer.output)")
        let short = try folder.run { CacheGetCommand(folder.jsonOptions, entry: "staff", memberLimit: 1).run($0) }
        let memberships = try #require(try short.object()["memberships"] as? [String: Any])
        #expect(memberships["ad"] as? Int == 2)
        #expect((memberships["first"] as? [Any])?.count == 1)
    }

    @Test func theKeysOfGetAreStable() throws {
        let folder = try InspectorFolder()
        let answer = try folder.run { CacheGetCommand(folder.jsonOptions, entry: "bert").run($0) }
        let object = try answer.object()
        #expect(
            object.keys.sorted() == [
                "ad", "base", "conflicts", "differences", "inAgreement", "kind", "memberDifferences", "memberships",
                "miniorange", "object", "onlyAt", "pair", "presence", "stamps", "waiting",
            ]
        )
        let ad = try #require(object["ad"] as? [String: Any])
        #expect(
            ad.keys.sorted() == ["anchor", "attributes", "dn", "kind", "object", "protected", "side", "version"]
        )
        #expect(
            (object["waiting"] as? [String: Any])?.keys.sorted() == [
                "deletion", "parkedNames", "pendingMemberships", "quarantine", "queued", "refusedMemberships",
                "waitsFor",
                "writes",
            ]
        )
        let anna = try folder.run { CacheGetCommand(folder.jsonOptions, entry: "anna").run($0) }.object()
        let attributes = (anna["miniorange"] as? [String: Any])?["attributes"] as? [String: Any]
        #expect((attributes?["jpegphoto"] as? [[String: String]]) == [["base64": "/9gAAQ=="]])
    }

    @Test func theKeysOfTheOthersAreStable() throws {
        let folder = try InspectorFolder()
        let difference = try #require(try folder.run { CacheDiffCommand(folder.jsonOptions).run($0) }.objects().first)
        #expect(
            difference.keys.sorted() == [
                "attributes", "kind", "members", "name", "object", "onlyAt", "pair", "presence", "waiting",
            ]
        )
        let attribute = try #require((difference["attributes"] as? [[String: Any]])?.first)
        #expect(attribute.keys.sorted() == ["ad", "base", "miniorange", "name", "reason"])
        let members = try #require(difference["members"] as? [String: Any])
        #expect(members.keys.sorted() == ["complete", "first", "onlyAD", "onlyMiniorange"])
        let history = try folder.run { CacheHistoryCommand(folder.jsonOptions, entry: "staff").run($0) }
        let line = try #require(
            (try JSONSerialization.jsonObject(with: Data(history.output.utf8)) as? [[String: Any]])?.first
        )
        #expect(line.keys.sorted() == ["attributes", "cause", "event", "members", "pair", "side", "time"])
        let stats = try folder.run { CacheStatsCommand(folder.jsonOptions).run($0) }.object()
        #expect(
            stats.keys.sorted() == [
                "ad", "ageSeconds", "freeOctets", "lagSeconds", "mapOctets", "miniorange", "newestHistory",
                "oldestHistory", "openConflicts", "pairs", "path", "readers", "tables", "transactions", "usedOctets",
                "written",
            ]
        )
    }

    @Test func nobodyOfThatNameIsExitCodeTwo() throws {
        let folder = try InspectorFolder()
        let answer = try folder.run { CacheGetCommand(folder.options, entry: "nobody").run($0) }
        #expect(answer.code == 2)
        #expect(answer.output.isEmpty)
        #expect(answer.errors == "syncline: no entry in the cache is known as nobody\n")
    }

    // MARK: diff, history, stats, verify

    @Test func diffNamesEachPairAndWhy() throws {
        let folder = try InspectorFolder()
        let answer = try folder.run { CacheDiffCommand(folder.options).run($0) }
        #expect(answer.code == 1)
        #expect(answer.errors == "syncline: 4 of 5 pairs differ\n")
        let objects = try folder.run { CacheDiffCommand(folder.jsonOptions).run($0) }.objects()
        #expect(
            objects.map { $0["name"] as? String } == [
                "CN=bert,OU=People,DC=syncline,DC=test", "CN=carla,OU=People,DC=syncline,DC=test",
                "CN=dora,OU=People,DC=syncline,DC=test", "cn=staff,OU=Teams,DC=syncline,DC=test",
            ]
        )
        func reasons(_ index: Int) -> [String] {
            ((objects[index]["attributes"] as? [[String: Any]]) ?? []).compactMap { $0["reason"] as? String }
        }
        #expect(reasons(0) == ["changed-at-ad"])
        #expect(objects[1]["onlyAt"] as? String == "ad")
        #expect(reasons(2) == ["base-differs"])
        #expect((objects[3]["members"] as? [String: Any])?["onlyAD"] as? Int == 1)
        #expect((objects[3]["members"] as? [String: Any])?["onlyMiniorange"] as? Int == 0)
    }

    @Test func historyIsNewestFirst() throws {
        let folder = try InspectorFolder()
        let answer = try folder.run { CacheHistoryCommand(folder.options, entry: "anna").run($0) }
        #expect(answer.code == 0)
        #expect(
            answer.lines == [
                "pair 1: CN=anna,OU=People,DC=syncline,DC=test",
                "2026-01-01T12:00:00Z  miniorange  modified: mail, title (changed at ad)",
                "2026-01-01T12:00:00Z  miniorange  added: sn (changed at ad)",
            ]
        )
        let none = try folder.run { CacheHistoryCommand(folder.jsonOptions, entry: "dora").run($0) }
        #expect(none.output == "[]\n")
    }

    /// What is not known any more is told, and nothing is made up for it.
    @Test func historyThatWasForgottenIsMissed() throws {
        let folder = try InspectorFolder()
        let end = try #require(ConflictTime.parse("2026-01-02T00:00Z", now: .now))
        let cache = try Cache.open(at: folder.cachePath)
        _ = try cache.write { try $0.removeHistory(before: end, limit: 100) }
        try cache.close()
        let answer = try folder.run { CacheHistoryCommand(folder.options, entry: "anna").run($0) }
        #expect(answer.lines.last == "what was written before \(end.text) is not kept any more (`cache: {history: …}`)")
        for (time, isBefore) in [("2025-12-31T12:00Z", true), ("2026-01-03T12:00Z", false)] {
            let past = try folder.run { CacheHistoryCommand(folder.jsonOptions, entry: "anna", at: time).run($0) }
            let told = try JSONSerialization.jsonObject(with: Data(past.output.utf8)) as? [String: Any]
            #expect(told?["isBeforeHistory"] as? Bool == isBefore)
        }
    }

    /// A line that names a hundred members is about one of them only, where it is asked for him.
    @Test(arguments: [
        ("staff", ["    + CN=bert,OU=People,DC=syncline,DC=test", "    - CN=carla,OU=People,DC=syncline,DC=test"]),
        ("bert", ["    + to cn=staff,OU=Teams,DC=syncline,DC=test"]),
        ("carla", ["    - from cn=staff,OU=Teams,DC=syncline,DC=test"]),
    ])
    func membershipsAreTold(_ row: (entry: String, lines: [String])) throws {
        let folder = try InspectorFolder()
        let answer = try folder.run { CacheHistoryCommand(folder.options, entry: row.entry).run($0) }
        let head = "2026-01-01T12:00:00Z  ad          members changed: member (a membership changed)"
        #expect(answer.lines.dropFirst().map(\.self) == [head] + row.lines)
    }

    @Test func statsCountAndMeasure() throws {
        let folder = try InspectorFolder()
        let text = try folder.run { CacheStatsCommand(folder.options).run($0) }
        #expect(text.code == 0)
        #expect(text.lines.contains("entries     7 ad, 6 miniorange"))
        #expect(text.lines.contains("pairs       5"))
        #expect(text.lines.allSatisfy { $0.count <= 80 || $0.hasPrefix("cache ") })
        let object = try folder.run { CacheStatsCommand(folder.jsonOptions, measuresFill: true).run($0) }.object()
        let tables = try #require(object["tables"] as? [[String: Any]])
        #expect(Set(tables.compactMap { $0["name"] as? String }) == Set(CacheTable.allCases.map(\.rawValue)))
        let replicas = try #require(tables.first { $0["name"] as? String == "replicas" })
        #expect(replicas["records"] as? Int == 13)
        #expect((replicas["contentOctets"] as? Int ?? 0) > 500)
    }

    @Test func verifyListsWhatIsWrong() throws {
        let folder = try InspectorFolder()
        let sound = try folder.run { CacheVerifyCommand(folder.options).run($0) }
        #expect(sound.code == 0, "\(sound.output)")
        try folder.change { transaction in
            let replica = try #require(try transaction.replica(.ad, InspectorFolder.annaAtAD))
            try transaction.remove(replica)
        }
        let answer = try folder.run { CacheVerifyCommand(folder.options).run($0) }
        #expect(answer.code == 1)
        #expect(answer.lines.first == "pairs: the pair has a side that is present, without a replica")
        let object = try folder.run { CacheVerifyCommand(folder.jsonOptions).run($0) }.object()
        #expect(object["sound"] as? Bool == false)
        #expect((object["findings"] as? [[String: Any]])?.first?["problem"] as? String == "replica-missing")
    }

    // MARK: export, backup

    @Test func exportIsLDIF() throws {
        let folder = try InspectorFolder()
        let answer = try folder.run { CacheExportCommand(folder.options, format: .ldif(side: "ad")).run($0) }
        #expect(answer.code == 0)
        #expect(answer.output.hasPrefix("version: 1\n\n"))
        #expect(answer.lines.allSatisfy { $0.utf8.count <= 76 && $0.utf8.allSatisfy { $0 < 0x80 } })
        let records = answer.output.components(separatedBy: "\n\n").dropFirst().filter { !$0.isEmpty }
        #expect(records.count == 7)
        let staff = try #require(records.first { $0.contains("dn: cn=staff") })
        let members = staff.split(separator: "\n").filter { $0.hasPrefix("member: ") }
        #expect(
            members == [
                "member: CN=anna,OU=People,DC=syncline,DC=test", "member: CN=bert,OU=People,DC=syncline,DC=test",
                "member: cn=outside,dc=syncline,dc=test",
            ]
        )
        let bert = try #require(records.first { $0.contains("dn: CN=bert") })
        #expect(bert.contains("\nsn:: TcO8bGxlcg=="))
        #expect(bert.contains("\nmanager: CN=anna,OU=People,DC=syncline,DC=test\n"))
        let carla = try #require(records.first { $0.contains("dn: CN=carla") })
        #expect(carla.contains("\ntitle:: ICBIZWFkICAgb2YgU2FsZXMg\n"))
    }

    @Test func pairsAreJSONLines() throws {
        let folder = try InspectorFolder()
        let objects = try folder.run { CacheExportCommand(folder.options, format: .jsonLines).run($0) }.objects()
        #expect(objects.map { $0["pair"] as? Int } == [1, 2, 3, 4, 5])
        for object in objects {
            #expect(object.keys.sorted() == ["ad", "base", "kind", "miniorange", "object", "pair", "presence"])
        }
        #expect(objects[2]["miniorange"] is NSNull)
    }

    @Test func aBackupIsACacheOfItsOwnAndOverwritesNothing() throws {
        let folder = try InspectorFolder()
        let copy = folder.path + "/copy"
        let backup = try folder.run { CacheBackupCommand(folder.options, destination: copy).run($0) }
        #expect(backup.code == 0, "\(backup.errors)")
        #expect(backup.output.contains("5 pairs"))
        var options = folder.options
        options.cachePath = copy
        let get = try folder.run { CacheGetCommand(options, entry: "anna").run($0) }
        #expect(get.code == 0)
        let again = try folder.run { CacheBackupCommand(folder.options, destination: copy).run($0) }
        #expect(again.code == 2)
        #expect(again.errors.contains("holds a database already"))
    }

    // MARK: what goes wrong

    @Test func aMissingCacheIsNamed() throws {
        let folder = try InspectorFolder(filled: false)
        for run in Self.allCommands(folder.options) {
            let answer = try folder.run(run)
            #expect(answer.code == 2)
            #expect(answer.errors.contains("cache \(folder.cachePath): there is none yet"))
        }
    }

    @Test func aDamagedCacheIsExitCodeTwo() throws {
        let folder = try InspectorFolder()
        let file = folder.cachePath + "/data.mdb"
        let handle = try #require(FileHandle(forWritingAtPath: file))
        try handle.truncate(atOffset: 4_096)
        try handle.write(contentsOf: Data(repeating: 0x5A, count: 9_000))
        try handle.close()
        for run in Self.allCommands(folder.options) {
            let answer = try folder.run(run)
            #expect(answer.code == 2)
            #expect(answer.errors.hasPrefix("syncline: cache \(folder.cachePath): "), "\(answer.errors)")
        }
    }

    @Test func aFileInTheCachesPlaceIsNamed() throws {
        let folder = try InspectorFolder(filled: false)
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder.cachePath))
        let answer = try folder.run { CacheStatsCommand(folder.options).run($0) }
        #expect(answer.code == 2)
        #expect(answer.errors.contains("it is a file, not a directory"))
    }

    @Test func aMissingConfigurationIsNamed() throws {
        let folder = try InspectorFolder()
        let options = InspectorOptions(configurationPath: folder.path + "/none.yaml")
        let answer = try folder.run { CacheSearchCommand(options, filter: "(sn=*)").run($0) }
        #expect(answer.code == 2)
        #expect(answer.errors.contains("none.yaml"))
    }

    private static func allCommands(_ options: InspectorOptions) -> [(InspectorOutput) -> Int32] {
        [
            { CacheStatsCommand(options).run($0) }, { CacheGetCommand(options, entry: "anna").run($0) },
            { CacheSearchCommand(options, filter: "(sn=*)").run($0) }, { CacheDiffCommand(options).run($0) },
            { CacheHistoryCommand(options, entry: "anna").run($0) }, { CacheVerifyCommand(options).run($0) },
            { CacheExportCommand(options, format: .jsonLines).run($0) },
            { CacheBackupCommand(options, destination: options.configurationPath + ".copy").run($0) },
        ]
    }
}
