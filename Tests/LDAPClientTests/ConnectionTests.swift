import LDAPClient
import SyncModel
import Testing

extension TestSlapd {
    var admin: BindCredentials { .simple(name: Self.rootDN, password: Octets(Self.rootPassword)) }

    func connect(timeouts: LDAPTimeouts = LDAPTimeouts()) async throws -> LDAPConnection {
        try await LDAPConnection.open(try LDAPEndpoint(uri), bind: admin, timeouts: timeouts)
    }

    static func dn(_ number: Int) -> String { "uid=u\(number),\(people)" }
}

func person(_ uid: String, description: [Octets] = []) -> LDAPOperation {
    var attributes = [
        LDAPAttribute("objectClass", ["inetOrgPerson"]),
        LDAPAttribute("uid", [Octets(uid)]),
        LDAPAttribute("cn", [Octets(uid)]),
        LDAPAttribute("sn", [Octets(uid)]),
    ]
    if !description.isEmpty { attributes.append(LDAPAttribute("description", description)) }
    return .add(dn: "uid=\(uid),\(TestSlapd.people)", attributes: attributes)
}

/// What `body` throws, if it is an ``LDAPError``.
func ldapError(_ body: () async throws -> Void) async throws -> LDAPError {
    do {
        try await body()
    } catch let error as LDAPError {
        return error
    }
    throw TestFailure("nothing was thrown")
}

@Suite(.enabled(if: TestSlapd.isAvailable, TestSlapd.comment))
struct ConnectionTests {
    @Test func aRightPasswordBindsAndAWrongOneIsRefused() async throws {
        let server = try TestSlapd()
        let connection = try await server.connect()
        #expect(!connection.isClosed)
        let error = try await ldapError {
            let wrong = BindCredentials.simple(name: TestSlapd.rootDN, password: "wrong")
            _ = try await LDAPConnection.open(try LDAPEndpoint(server.uri), bind: wrong)
        }
        #expect(error == .refused(.bind, LDAPResult(code: .invalidCredentials)))
        #expect(error.disposition == .stop)
    }

    @Test func anEmptyPasswordIsRefusedHere() async throws {
        let error = try await ldapError {
            let bind = BindCredentials.simple(name: TestSlapd.rootDN, password: Octets())
            _ = try await LDAPConnection.open(try LDAPEndpoint("ldap://127.0.0.1:1"), bind: bind)
        }
        #expect(error.operation == .bind)
        #expect(error.code == .parameterError)
    }

    @Test func aSearchReturnsAllEntriesAndOnePageAtATimeTheSame() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 250))
        let connection = try await server.connect()
        var request = SearchRequest(base: TestSlapd.people, scope: .oneLevel, attributes: ["UID", "mail"])
        let all = try await connection.search(request)
        #expect(all.entries.count == 250)
        #expect(all.entries.first?.text("uid") == "u0")
        #expect(all.entries.first?["MAIL"] == ["u0@syncline.test"])
        request.pageSize = 40
        let paged = try await connection.search(request)
        #expect(paged.entries == all.entries)
        var sizes: [Int] = []
        for try await page in connection.searchPages(request) { sizes.append(page.count) }
        #expect(sizes == [40, 40, 40, 40, 40, 40, 10])
    }
}

@Suite(.enabled(if: TestSlapd.isAvailable, TestSlapd.comment))
struct OperationTests {
    @Test func aModifyWithAStaleAssertionIsRefusedWith122AndChangesNothing() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 1))
        let connection = try await server.connect()
        func modify(_ csn: Octets, _ value: Octets) async throws -> LDAPResponse {
            let controls = [
                AssertionControl.equals("entryCSN", csn),
                ReadEntryControl.postRead.request(["entryCSN", "description"]),
            ]
            let change = Modification(.replace, "description", [value])
            return try await connection.perform(
                .modify(dn: TestSlapd.dn(0), modifications: [change], controls: controls)
            )
        }
        let read = SearchRequest(base: TestSlapd.dn(0), scope: .base, attributes: ["entryCSN", "description"])
        let before = try #require(try await connection.search(read).entries.first?.first("entryCSN"))
        let response = try await modify(before, "first")
        let after = try #require(try ReadEntryControl.postRead.entry(in: response.controls))
        #expect(after.dn == TestSlapd.dn(0))
        #expect(after["description"] == ["first"])
        #expect(after.first("entryCSN") != before)
        let error = try await ldapError { _ = try await modify(before, "second") }
        #expect(error.code == .assertionFailed)
        #expect(!error.mayHaveTakenEffect)
        #expect(try await connection.search(read).entries == [after])
    }

    @Test func addCompareRenameAndDeleteDoWhatTheySay() async throws {
        let server = try TestSlapd()
        let connection = try await server.connect()
        let binary = Octets([0, 1, 2, 0xFF, 0] as [UInt8])
        var add = person("bob", description: ["one", "two"])
        if case .add(let dn, var attributes, _) = add {
            attributes.append(LDAPAttribute("userPassword", [binary]))
            add = .add(dn: dn, attributes: attributes)
        }
        _ = try await connection.perform(add)
        let again = try await ldapError { _ = try await connection.perform(add) }
        #expect(again.code == .entryAlreadyExists)
        let dn = "uid=bob,\(TestSlapd.people)"
        let same = try await connection.perform(.compare(dn: dn, attribute: "description", value: "two"))
        #expect(same.code == .compareTrue)
        let other = try await connection.perform(.compare(dn: dn, attribute: "description", value: "three"))
        #expect(other.code == .compareFalse)
        let moved = LDAPOperation.rename(dn: dn, newRDN: "uid=rob", newSuperior: TestSlapd.suffix)
        _ = try await connection.perform(moved)
        let newDN = "uid=rob,\(TestSlapd.suffix)"
        let found = try await connection.search(SearchRequest(base: newDN, scope: .base))
        #expect(found.entries.first?["uid"] == ["rob"])
        #expect(found.entries.first?["userPassword"] == [binary])
        let preRead = ReadEntryControl.preRead.request(["uid"])
        let deleted = try await connection.perform(.delete(dn: newDN, controls: [preRead]))
        #expect(try ReadEntryControl.preRead.entry(in: deleted.controls)?.text("uid") == "rob")
        let gone = try await ldapError { _ = try await connection.search(SearchRequest(base: newDN, scope: .base)) }
        #expect(gone.code == .noSuchObject)
        #expect(gone.serverResult?.matchedDN == TestSlapd.suffix)
    }

    @Test func anExtendedOperationReturnsItsValue() async throws {
        let server = try TestSlapd()
        let connection = try await server.connect()
        // RFC 4532: who am I.
        let response = try await connection.perform(.extended(oid: "1.3.6.1.4.1.4203.1.11.3"))
        #expect(response.value == Octets("dn:\(TestSlapd.rootDN)"))
        let error = try await ldapError { _ = try await connection.perform(.extended(oid: "1.2.3.4")) }
        #expect(error.code == .protocolError)
    }

    @Test func aPipelineReturnsEachAnswerInItsPlace() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 20))
        let connection = try await server.connect()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let dn = TestSlapd.dn(number)
                    let value = Octets("value \(number)")
                    let change = Modification(.replace, "description", [value])
                    let answers = await connection.pipeline([
                        .operation(.modify(dn: dn, modifications: [change])),
                        .operation(.modify(dn: "uid=none,\(TestSlapd.people)", modifications: [change])),
                        .search(SearchRequest(base: dn, scope: .base, attributes: ["uid"])),
                    ])
                    #expect(answers.count == 3)
                    #expect(throws: Never.self) { try answers[0].get() }
                    #expect(throws: LDAPError.self) { try answers[1].get() }
                    guard case .success(.search(let found)) = answers[2] else {
                        Issue.record("no search result")
                        return
                    }
                    #expect(found.entries.first?.text("uid") == "u\(number)")
                }
            }
        }
    }

    @Test func completionsComeInTheOrderOfTheRequests() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 1))
        let connection = try await server.connect()
        let answers: [Result<PipelinedAnswer, LDAPError>] = await withCheckedContinuation { continuation in
            let requests = (0..<500).map { number in
                let change = Modification(.replace, "description", [Octets("\(number)")])
                return PipelinedRequest.operation(.modify(dn: TestSlapd.dn(0), modifications: [change]))
            }
            connection.submit(requests) { continuation.resume(returning: $0) }
        }
        #expect(answers.count == 500)
        #expect(answers.allSatisfy { (try? $0.get()) != nil })
        let empty: Int = await withCheckedContinuation { continuation in
            connection.submit([PipelinedRequest]()) { continuation.resume(returning: $0.count) }
        }
        #expect(empty == 0)
    }

    @Test func moreIsSentThanTheSocketTakesAtOnce() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 1))
        let connection = try await server.connect()
        let large = (0..<60).map { number in Octets([UInt8](repeating: UInt8(number), count: 300_000)) }
        let requests = large.map { value in
            let change = Modification(.replace, "userPassword", [value])
            let read = ReadEntryControl.postRead.request(["userPassword"])
            return PipelinedRequest.operation(
                .modify(dn: TestSlapd.dn(0), modifications: [change], controls: [read])
            )
        }
        let answers = await connection.pipeline(requests)
        for (answer, value) in zip(answers, large) {
            guard case .response(let response) = try answer.get() else { continue }
            let entry = try #require(try ReadEntryControl.postRead.entry(in: response.controls))
            #expect(entry.first("userPassword") == value)
        }
    }

    @Test(arguments: ["(", "(cn=a", "", "(cn=\u{0})"])
    func aBadFilterIsRefusedHereWithoutItsText(filter: String) async throws {
        let server = try TestSlapd()
        let connection = try await server.connect()
        let error = try await ldapError {
            let request = SearchRequest(base: TestSlapd.suffix, scope: .subtree, filter: filter)
            _ = try await connection.search(request)
        }
        guard case .invalidRequest(.search, _, let message) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(filter.count < 2 || !message.contains(filter))
        #expect(try await connection.search(SearchRequest(base: TestSlapd.suffix, scope: .base)).entries.count == 1)
    }

    @Test func aNULInAValueIsSentAndInANameRefused() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 1))
        let connection = try await server.connect()
        let error = try await ldapError { _ = try await connection.perform(.delete(dn: "uid=u0\u{0},dc=test")) }
        #expect(error.code == .parameterError)
    }

    @Test func anUnprivilegedProcessBindsByItsIdentityOverALocalSocket() async throws {
        let server = try TestSlapd()
        let connection = try await LDAPConnection.open(try LDAPEndpoint(server.socketURI), bind: .external)
        let response = try await connection.perform(.extended(oid: "1.3.6.1.4.1.4203.1.11.3"))
        #expect(response.value?.text?.contains("cn=peercred,cn=external,cn=auth") == true)
    }
}
