import Configuration
import Testing

@Suite struct BadConfigurationTests {
    private func expectOnly(
        _ mistake: Mistake,
        in text: String = Workspace.sound,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let workspace = try Workspace()
        let errors = try workspace.errors(Workspace.edited(mistake.piece, mistake.replacement, in: text))
        let shown = errors.map(\.description).joined(separator: "\n")
        #expect(errors.count == 1, "\(shown)", sourceLocation: sourceLocation)
        let error = try #require(errors.first, sourceLocation: sourceLocation)
        #expect(error.position?.description == mistake.place, "\(shown)", sourceLocation: sourceLocation)
        #expect(error.message.contains(mistake.message), "\(shown)", sourceLocation: sourceLocation)
        #expect(error.remedy.contains(mistake.remedy), "\(shown)", sourceLocation: sourceLocation)
        #expect(error.file == "\(workspace.path)/syncline.yaml", sourceLocation: sourceLocation)
    }

    @Test("A wrong key or form has its place and a remedy", arguments: Mistake.forms)
    func wrongForm(_ mistake: Mistake) throws {
        try expectOnly(mistake)
    }

    @Test("What can't become of deletions is refused", arguments: Mistake.deletions)
    func wrongDeletions(_ mistake: Mistake) throws {
        try expectOnly(mistake)
    }

    @Test("A side that cannot work is refused", arguments: Mistake.sides)
    func wrongSide(_ mistake: Mistake) throws {
        try expectOnly(mistake)
    }

    @Test("An object that cannot work is refused", arguments: Mistake.objects)
    func wrongObject(_ mistake: Mistake) throws {
        try expectOnly(mistake)
    }

    @Test("A rule that cannot work is refused at its place", arguments: Mistake.rules)
    func wrongRule(_ mistake: Mistake) throws {
        try expectOnly(mistake)
    }

    @Test("Groups and containers that cannot work are refused", arguments: Mistake.groups)
    func wrongGroup(_ mistake: Mistake) throws {
        try expectOnly(mistake, in: Workspace.groups)
    }

    @Test("A group whose users name their groups is refused where it cannot work", arguments: Mistake.userAttributes)
    func wrongUserAttribute(_ mistake: Mistake) throws {
        try expectOnly(mistake, in: Workspace.userAttribute)
    }

    @Test("Conflict settings that cannot work are refused", arguments: Mistake.conflicts)
    func wrongConflicts(_ mistake: Mistake) throws {
        try expectOnly(mistake)
    }

    @Test("A conflict rule of a group that cannot work is refused", arguments: Mistake.groupConflicts)
    func wrongGroupConflicts(_ mistake: Mistake) throws {
        try expectOnly(mistake, in: Workspace.groups)
    }

    @Test func everythingWrongIsReportedInOneRunInTheFilesOrder() throws {
        let text = """
            version: 3
            direction: up
            colour: red
            ad:
              servers: [dc1]
              base: nonsense
              base: DC=syncline,DC=test
              bind: {dn: svc, passwordFile: missing}
              bind: {dn: svc}
            objects:
              - name: people
                kind: grup
            direction: both

            """
        let errors = try Workspace().errors(text)
        #expect(
            errors.compactMap { $0.position?.description } == [
                "1:1", "1:10", "2:12", "3:1", "5:13", "6:17", "7:3", "8:14", "8:33", "9:3", "12:11", "13:1",
            ]
        )
        #expect(errors.first?.message == "`miniorange` is missing")
    }

    @Test(
        "What is no YAML at all has its place",
        arguments: [
            ("version: 1\n\tad: x\n", "2:1", "not valid YAML"),
            ("version: [1\n", "2:1", "not valid YAML"),
            ("ad: *nobody\n", "1:5", "undefined alias"),
            ("", "1:1", "the file is empty"),
            ("# nothing\n", "1:1", "the file is empty"),
            ("- version\n", "1:1", "the file must be a section of keys, not a list"),
            ("a: b\n---\nc: d\n", "2:1", "found another document"),
            ("version: \u{7}\n", "1:10", "not valid YAML"),
        ]
    )
    func noYAML(_ text: String, _ place: String, _ message: String) throws {
        let errors = try Workspace().errors(text)
        let shown = errors.map(\.description).joined(separator: "\n")
        #expect(errors.count == 1, "\(shown)")
        #expect(errors.first?.position?.description == place, "\(shown)")
        #expect(errors.first?.message.contains(message) == true, "\(shown)")
    }

    @Test func aMissingFileIsNamedWithoutAPlace() throws {
        let workspace = try Workspace()
        let path = "\(workspace.path)/none.yaml"
        let error = #expect(throws: ConfigurationErrors.self) {
            _ = try Configuration.load(path: path, credentialsDirectory: nil)
        }
        #expect(error?.description.hasPrefix("\(path): the configuration cannot be read: cannot open it") == true)
    }

    @Test(
        "Overlapping bases of two objects are refused",
        arguments: [
            ("OU=People,DC=syncline,DC=test", "is also the base of the object `people`"),
            ("OU=A,ou=people,DC=syncline,DC=test", "lies below the base of the object `people`"),
            ("DC=syncline,DC=test", "lies above the base of the object `people`"),
        ]
    )
    func overlappingBases(_ base: String, _ relation: String) throws {
        let second = """
              - name: others
                kind: user
                ad: {base: "\(base)"}
                miniorange: {base: "ou=others,dc=syncline,dc=test"}
                attributes: default

            """
        let errors = try Workspace().errors(Workspace.sound + second)
        #expect(errors.map { $0.position?.description } == ["25:16"])
        #expect(errors.first?.message.contains(relation) == true)
    }

    @Test func aNameIsTakenOnce() throws {
        let second = """
              - name: People
                kind: user
                ad: {base: "OU=B,DC=syncline,DC=test"}
                miniorange: {base: "ou=b,dc=syncline,dc=test"}
                attributes: default

            """
        let errors = try Workspace().errors(Workspace.sound + second)
        #expect(errors.map { $0.position?.description } == ["23:11"])
        #expect(errors.first?.message.contains("is taken by the object on line 17") == true)
    }

    @Test func severalRulesThatTheMappingRefusesAreAllReported() throws {
        let rules = "attributes:\n      - {ad: sAMAccountName, miniorange: uid}\n      - {ad: cn, miniorange: cn}"
        let wrong = "\n      - {ad: objectSid, miniorange: x}\n      - {ad: info, miniorange: entryCSN}"
        let text = try Workspace.edited("attributes: default", rules + wrong)
        let errors = try Workspace().errors(text)
        #expect(errors.map { $0.position?.description } == ["25:9", "26:9"])
    }

    @Test func aNameThatItsCommasCutIsToBeQuoted() throws {
        let text = try Workspace.edited("\"cn=sync,dc=syncline,dc=test\"", "cn=sync,dc=syncline")
        let errors = try Workspace().errors(text)
        #expect(errors.map { $0.position?.description } == ["10:22"])
        #expect(errors.first?.remedy.contains("must be quoted as a whole") == true)
    }

    @Test func aKeyGivenThreeTimesIsReportedTwice() throws {
        let text = try Workspace.edited("direction: both", "direction: both\ndirection: to-ad\n\"direction\": both")
        let errors = try Workspace().errors(text)
        #expect(errors.map { $0.position?.description } == ["13:1", "14:1"])
        #expect(errors.allSatisfy { $0.message == "`direction` is given twice; the first stands on line 12" })
    }
}
