import Cache
import Foundation
import SyncModel
import Testing

@testable import SyncService

/// What `syncline conflicts` prints, on a cache that was filled by hand.
struct ConflictCommandTests {
    private func select(_ change: (inout ConflictSelection) -> Void) -> ConflictSelection {
        var selection = ConflictSelection()
        change(&selection)
        return selection
    }

    private func ids(_ answer: InspectorFolder.Answer) throws -> [Int] {
        try #require(try answer.object()["conflicts"] as? [[String: Any]]).compactMap { $0["id"] as? Int }
    }

    private struct Row: CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout ConflictSelection) -> Void
        var ids: [Int]
    }

    private static let rows: [Row] = [
        Row(testDescription: "everything", change: { _ in }, ids: [12, 11, 10, 6, 5, 4, 3, 2, 1]),
        Row(testDescription: "joins", change: { $0.joins = .included }, ids: [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        Row(testDescription: "since", change: { $0.since = "2026-01-02T14:00Z" }, ids: [12, 11, 10, 6, 5]),
        Row(testDescription: "until", change: { $0.until = "2026-01-01T14:00:00+00:00" }, ids: [2, 1]),
        Row(testDescription: "side", change: { $0.side = .miniorange }, ids: [5]),
        Row(testDescription: "kind", change: { $0.kind = .group }, ids: [5]),
        Row(testDescription: "object", change: { $0.object = "teams" }, ids: [5]),
        Row(testDescription: "name at ad", change: { $0.attribute = "thumbnailPhoto" }, ids: [6]),
        Row(testDescription: "name at miniorange", change: { $0.attribute = "jpegPhoto" }, ids: [6]),
        Row(testDescription: "place", change: { $0.attribute = "place" }, ids: [10]),
        Row(testDescription: "existence", change: { $0.attribute = "existence" }, ids: [4]),
        Row(testDescription: "entry", change: { $0.entry = "bert" }, ids: [12, 2, 1]),
        Row(testDescription: "rule", change: { $0.rule = .hold }, ids: [2]),
        Row(testDescription: "held", change: { $0.state = .held }, ids: [2]),
        Row(testDescription: "person", change: { $0.state = .person }, ids: [6]),
        Row(testDescription: "agreed", change: { $0.state = .agreed }, ids: [11]),
        Row(
            testDescription: "several",
            change: {
                $0.attribute = "sn"
                $0.state = .automatic
            },
            ids: [3]
        ),
    ]

    @Test(arguments: rows) private func filtersSelect(_ row: Row) async throws {
        let folder = try ConflictFolder.filled()
        let answer = try await folder.finish {
            await ConflictListCommand(folder.jsonOptions, select(row.change)).run($0)
        }
        #expect(try ids(answer) == row.ids, "\(answer.errors)")
    }

    @Test(arguments: [
        (ConflictSelection.Order.time, true, [1, 2, 3, 4, 5, 6, 10, 11, 12]),
        (.attribute, false, [4, 2, 12, 5, 10, 11, 3, 6, 1]), (.entry, false, [11, 10, 6, 3, 12, 2, 1, 4, 5]),
    ])
    func orderAndPagesAgree(_ row: (order: ConflictSelection.Order, isReversed: Bool, ids: [Int])) async throws {
        let folder = try ConflictFolder.filled()
        var found: [Int] = []
        var after: UInt64?
        repeat {
            let command = ConflictListCommand(
                folder.jsonOptions,
                ConflictSelection(),
                order: row.order,
                isReversed: row.isReversed,
                limit: 2,
                after: after
            )
            let answer = try await folder.finish { await command.run($0) }
            found += try ids(answer)
            after = (try answer.object()["next"] as? Int).map(UInt64.init)
        } while after != nil
        #expect(found == row.ids)
    }

    @Test func aListFitsEightyColumnsAndSumsUpJoins() async throws {
        let folder = try ConflictFolder.filled()
        let answer = try await folder.finish { await ConflictListCommand(folder.options, ConflictSelection()).run($0) }
        #expect(answer.code == 1, "one waits for a person")
        #expect(answer.lines.allSatisfy { $0.count <= 80 }, "\(answer.output)")
        #expect(answer.lines.first?.hasPrefix("ID  TIME (UTC)") == true)
        #expect(answer.lines.last == "3 differences when entries were joined; --joins lists them")
        #expect(answer.output.contains("2026-01-01 13:00  bert"))
        #expect(!answer.output.contains("\u{1B}"), "no colours where no terminal is")
        let none = try await folder.finish {
            await ConflictListCommand(folder.options, select { $0.since = "2100-01-01" }).run($0)
        }
        #expect(none.code == 0)
        #expect(none.output == "no conflicts\n")
    }

    @Test func widerTerminalsShowValuesAndColoursAreOnlyThere() throws {
        let folder = try ConflictFolder.filled()
        let lines = try InspectedCache(folder.options).read { view in
            let conflicts = try view.transaction.conflicts(limit: 3).map { try ShownConflict($0, view) }
            return ConflictTable(width: 140, style: TerminalStyle(isOn: true)).lines(conflicts)
        }
        #expect(lines[0].contains("MINIORANGE"))
        #expect(lines[2].contains("bert@syncline.test"))
        #expect(lines[2].hasPrefix("\u{1B}[33m"), "held stands out")
    }

    @Test(arguments: [("yesterday", "--since"), ("3 d", "--since"), ("2026-13-01", "--since")])
    func aTimeThatIsNoneIsNamed(_ row: (text: String, option: String)) async throws {
        let folder = try ConflictFolder.filled()
        let answer = try await folder.finish {
            await ConflictListCommand(folder.options, select { $0.since = row.text }).run($0)
        }
        #expect(answer.code == 2)
        #expect(answer.errors.hasPrefix("syncline: --since: \(row.text) is no time"))
    }

    @Test(
        arguments: [
            ("90s", 1_767_268_710_000), ("2h", 1_767_261_600_000), ("3d", 1_767_009_600_000),
            ("2026-01-01", 1_767_225_600_000), ("2026-01-01T12:00Z", 1_767_268_800_000),
            ("2026-01-01 12:00:00", 1_767_268_800_000), ("2026-01-01T12:00:00+01:00", 1_767_265_200_000),
            ("2026-01-01T12:00:00.250Z", 1_767_268_800_250),
        ] as [(String, Int64)]
    )
    func timesAreUnderstood(_ row: (text: String, milliseconds: Int64)) {
        let time = ConflictTime.parse(row.text, now: ConflictFolder.noon)
        #expect(time == Timestamp(milliseconds: row.milliseconds))
    }

    // MARK: show

    @Test func showTellsWhoSetWhatWhereAndWhen() async throws {
        let folder = try ConflictFolder.filled()
        let answer = try await folder.finish { await ConflictShowCommand(folder.options, id: 3).run($0) }
        #expect(answer.code == 0)
        for words in [
            "conflict 3, found 2026-01-01T14:00:00Z",
            "set 2026-01-01T11:59:55Z by CN=Admin,DC=syncline,DC=test at dc1",
            "told of this very attribute, to 1 s, version 3",
            "set 2026-01-01T11:58:54.750Z by cn=hr,dc=syncline,dc=test",
            "found in the server's log of writes, to 1 ms", "agreed Berg", "rule newest",
            "ad was set later, beyond the uncertainty of both clocks", "by the servers' clocks 60 s",
            "to reverse syncline conflicts resolve 3 --take miniorange",
        ] {
            #expect(answer.flat.contains(words), "\(words) in \(answer.output)")
        }
        #expect(answer.lines.allSatisfy { $0.count <= 80 || !$0.contains(" ") }, "\(answer.output)")
        let none = try await folder.finish { await ConflictShowCommand(folder.options, id: 99).run($0) }
        #expect(none.code == 2)
    }

    @Test(
        arguments: [
            (2, ["waits for a person", "to settle syncline conflicts resolve 2 --take ad", "written nothing"]),
            (4, ["miniorange deleted", "ad changed (stands)", "the entry, again, to miniorange"]),
            (5, ["CN=bert,OU=People,DC=syncline,DC=test", "miniorange no member (stands)", "at either side"]),
            (6, ["/wA= (base64, 2 octets) (stands)", "a person took the value of ad", "resolve 6 --take miniorange"]),
            (7, ["a difference when both entries were joined", "miniorange no value"]),
            (10, ["about place", "the object's base", "CN=dora,OU=People,DC=syncline,DC=test"]),
            (11, ["both sides came to agree by themselves"]), (12, ["CN=anna,OU=People,DC=syncline,DC=test (stands)"]),
        ] as [(UInt64, [String])]
    )
    func showNamesWhatStandsAndWhy(_ row: (id: UInt64, words: [String])) async throws {
        let folder = try ConflictFolder.filled()
        let answer = try await folder.finish { await ConflictShowCommand(folder.options, id: row.id).run($0) }
        for words in row.words { #expect(answer.flat.contains(words), "\(words) in \(answer.output)") }
    }

    @Test func theKeysAreStable() async throws {
        let folder = try ConflictFolder.filled()
        let list = try await folder.finish {
            await ConflictListCommand(folder.jsonOptions, ConflictSelection()).run($0)
        }.object()
        #expect(list.keys.sorted() == ["conflicts", "joinDifferences", "next"])
        let conflict = try await folder.finish { await ConflictShowCommand(folder.jsonOptions, id: 3).run($0) }.object()
        #expect(
            conflict.keys.sorted() == [
                "ad", "attribute", "base", "commands", "decision", "entry", "id", "isJoin", "kind", "member",
                "miniorange", "object", "pair", "reason", "resolution", "rule", "secret", "stands", "state", "time",
                "winner", "written",
            ]
        )
        let ad = try #require(conflict["ad"] as? [String: Any])
        #expect(ad.keys.sorted() == ["stamp", "values"])
        #expect(
            (ad["stamp"] as? [String: Any])?.keys.sorted() == [
                "author", "granularityMilliseconds", "isOurs", "server", "source", "time", "version",
            ]
        )
        let person = try await folder.finish { await ConflictShowCommand(folder.jsonOptions, id: 6).run($0) }.object()
        #expect((person["resolution"] as? [String: Any])?.keys.sorted() == ["choice", "time", "values"])
        #expect((person["ad"] as? [String: Any])?["values"] as? [[String: String]] == [["base64": "/wA="]])
    }

    @Test func valuesThatNobodyMaySeeAreNotShown() async throws {
        let folder = try ConflictFolder.filled()
        try folder.change { transaction in
            try transaction.append(
                ConflictRecord(
                    pair: PairID(1),
                    object: "people",
                    subject: .attribute("sambantpassword"),
                    base: ["S3CRET-0"],
                    values: PerSide(ad: ["S3CRET-1"], miniorange: ["S3CRET-2"]),
                    winner: .ad,
                    decision: .preferredSide,
                    isJoin: false,
                    time: ConflictFolder.noon
                )
            )
        }
        let commands: [(InspectorOutput) async -> Int32] =
            [
                { await ConflictShowCommand(folder.options, id: 13).run($0) },
                { await ConflictShowCommand(folder.jsonOptions, id: 13).run($0) },
                { await ConflictListCommand(folder.options, ConflictSelection()).run($0) },
            ]
            + ConflictExportCommand.Format.allCases.map { format in
                { ConflictExportCommand(folder.options, ConflictSelection(), format: format).run($0) }
            }
        for command in commands {
            let answer = try await folder.finish(command)
            #expect(answer.output.contains("sambantpassword"))
            #expect(!answer.output.contains("S3CRET"), "\(answer.output)")
        }
    }

    // MARK: export

    @Test func exportsAreWholeAndEscaped() throws {
        let folder = try ConflictFolder.filled()
        func export(_ format: ConflictExportCommand.Format) throws -> String {
            let answer = try folder.run {
                ConflictExportCommand(folder.options, ConflictSelection(), format: format).run($0)
            }
            #expect(answer.code == 0, "\(answer.errors)")
            return answer.output
        }
        let json = try JSONSerialization.jsonObject(with: Data(try export(.json).utf8)) as? [[String: Any]]
        #expect(json?.compactMap { $0["id"] as? Int } == [12, 11, 10, 6, 5, 4, 3, 2, 1])
        let csv = try export(.csv)
        #expect(csv.components(separatedBy: "\r\n").count == 11)
        #expect(csv.contains(",\"'=HYPERLINK(\"\"http://127.0.0.1/\"\")<script>"))
        #expect(csv.contains("\"Müller-Lüdenscheidt, 李\""))
        let html = try export(.html)
        #expect(html.components(separatedBy: "<script>").count == 2, "ours alone")
        #expect(html.contains("=HYPERLINK(&quot;http://127.0.0.1/&quot;)&lt;script&gt;"))
        #expect(html.contains("Müller-Lüdenscheidt, 李"))
        #expect(html.components(separatedBy: "<tr>").count == 11)
        for word in ["src=", "href=", "url(", "@import", "<link", "<img", "<iframe"] {
            #expect(!html.contains(word), "nothing is loaded: \(word)")
        }
        #expect(html.components(separatedBy: "<svg").count == 5, "four charts")
    }

    @Test func anEmptyReportIsExported() throws {
        let folder = try InspectorFolder()
        let nothing = select { $0.until = "2000-01-01" }
        let answers = try ConflictExportCommand.Format.allCases.map { format in
            try folder.run { ConflictExportCommand(folder.options, nothing, format: format).run($0) }
        }
        #expect(answers.map(\.code) == [0, 0, 0])
        #expect(answers[0].output == "[]\n")
        #expect(answers[1].lines.count == 1)
        #expect(answers[2].output.contains("0 conflicts; selected by until 2000-01-01"))
    }

    @Test(arguments: [
        ("=1+1", "\"'=1+1\""), ("+1", "\"'+1\""), ("-1", "\"'-1\""), ("@SUM(1)", "\"'@SUM(1)\""),
        (" =1", "\"' =1\""), ("\t=1", "\"'\t=1\""), ("a=1", "\"a=1\""), ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ("", "\"\""), ("Müller", "\"Müller\""),
    ])
    func noCellIsAFormula(_ row: (text: String, cell: String)) {
        #expect(ConflictCSV.cell(row.text) == row.cell)
    }

    @Test(arguments: [
        ("<b>", "&lt;b&gt;"), ("\"'&", "&quot;&#39;&amp;"), ("a\u{0}b\u{1B}c\u{9B}", "a\u{FFFD}b\u{FFFD}c\u{FFFD}"),
        ("李", "李"),
    ])
    func noTextIsMarkup(_ row: (text: String, escaped: String)) {
        #expect(HTMLText.escaped(row.text) == row.escaped)
    }

    // MARK: resolve

    @Test func manyAreShownAndNotDoneWithoutYes() async throws {
        let folder = try ConflictFolder.filled()
        let command = ConflictResolveCommand(
            folder.options,
            .all(select { $0.attribute = "sn" }),
            .take("miniorange"),
            isConfirmed: false
        )
        let answer = try await AdminStandIn.answer(folder) { await command.run($0) }
        #expect(answer.code == 1)
        #expect(answer.output.contains("3  sn of CN=anna,"))
        #expect(answer.output.contains("to stand    Müller-Lüdenscheidt, 李"))
        #expect(answer.errors == "syncline: nothing was done; --yes settles these 2 conflicts so\n")
    }

    @Test func whatCannotBeSettledIsLeftOutOfMany() async throws {
        let folder = try ConflictFolder.filled()
        let command = ConflictResolveCommand(
            folder.options,
            .all(select { $0.attribute = "existence" }),
            .take("ad"),
            isConfirmed: true
        )
        let answer = try await AdminStandIn.answer(folder) { await command.run($0) }
        #expect(answer.output == "no conflicts\n")
        #expect(answer.errors.hasPrefix("syncline: 1 conflict is about an entry's existence or a membership"))
    }

    @Test func withoutADaemonNothingIsDone() async throws {
        let folder = try ConflictFolder.filled()
        let command = ConflictResolveCommand(
            folder.options,
            .ids([12]),
            .values(["bert"], isBase64: false),
            isConfirmed: false
        )
        let answer = try await folder.finish { await command.run($0) }
        #expect(answer.code == 2 && answer.output.isEmpty)
        #expect(answer.errors.hasPrefix("syncline: no daemon answers at \(folder.socketPath)"), "\(answer.errors)")
    }

    @Test func aReferenceToNobodyIsNamed() async throws {
        let folder = try ConflictFolder.filled()
        let command = ConflictResolveCommand(
            folder.options,
            .ids([12]),
            .values(["nobody"], isBase64: false),
            isConfirmed: false
        )
        let answer = try await AdminStandIn.answer(folder) { await command.run($0) }
        #expect(answer.code == 2)
        #expect(answer.errors == "syncline: no entry in the cache is known as nobody\n")
    }

    @Test(
        arguments: [
            (#"{"take":"ad"}"#, .side(.ad)), (#"{"take":"miniorange"}"#, .side(.miniorange)),
            (#"{"take":"base"}"#, .base),
            (#"{"values":["Yg==","YQ=="]}"#, .values(["a", "b"])), (#"{"values":[]}"#, .values([])),
            (#"{"take":"both"}"#, nil), (#"{"values":["?"]}"#, nil), ("{}", nil),
            (#"{"take":"ad","values":[]}"#, nil),
        ] as [(String, ConflictChoice?)]
    )
    func requestsAreUnderstood(_ row: (text: String, choice: ConflictChoice?)) throws {
        let request = try JSONDecoder().decode(ResolutionRequest.self, from: Data(row.text.utf8))
        #expect(request.choice == row.choice)
        guard let choice = row.choice else { return }
        let again = try JSONDecoder().decode(
            ResolutionRequest.self,
            from: JSONEncoder().encode(ResolutionRequest(choice))
        )
        #expect(again.choice == choice)
    }
}
